"""
What does a hidden neuron look for?
===================================

A neuron is z = w.x + b and sigma(z) [L3]: a logistic regression on the inputs of its layer, whose
target nobody gave [L30]. ``unit`` hands out any logistic neuron of a trained network as such a
model. In a network that reads digits, its weights are an image: what it wants to see, and what
not.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sklearn_lhy import StackedLogisticMLP

# %%
# Eight hidden units for ten digits.
digits = load_digits()
X, y = digits.data / 16, digits.target
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
network = StackedLogisticMLP((8,), random_state=0).fit(X_train, y_train)
print(f"accuracy on other images: {network.score(X_test, y_test):.3f}")

# %%
# Each unit is a fitted GDLogisticRegression; its probability is the output of the neuron.
units = [network.unit(0, j) for j in range(8)]
H = network.transform(X_test)  # (n, 8)
for j, unit in enumerate(units):
    assert np.allclose(unit.predict_proba(X_test)[:, 1], H[:, j])
print(units[0])

# %%
# Above the weights of each neuron, each times the standard deviation of its pixel, since a weight
# on a pixel that is nearly always empty does little: brown pixels raise the output, green ones
# lower it. Below the mean output of the neuron for each digit.
figure, axes = plt.subplots(
    2, 8, figsize=(13, 4.2), layout="constrained", height_ratios=[1, 1.3], sharey="row"
)
W = np.vstack([unit.coef_ for unit in units]) * X_train.std(axis=0)  # (8, 64)
limit = np.abs(W).max()
for j, (above, below) in enumerate(axes.T):
    above.set(title=f"neuron {j}", xticks=[], yticks=[])
    image = above.imshow(W[j].reshape(8, 8), cmap="BrBG_r", vmin=-limit, vmax=limit)
    below.barh(range(10), [H[y_test == k, j].mean() for k in range(10)], color="#0072B2")
    below.set(xlim=(0, 1), xticks=[0, 1], xlabel="mean output", yticks=range(10))
axes[1, 0].set_ylabel("digit")
axes[1, 0].invert_yaxis()
figure.colorbar(image, ax=axes[0], label="weight x deviation")
