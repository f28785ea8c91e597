"""
What does softmax make of three scores?
=======================================

One unit for each class, and softmax turns their scores into probabilities that add up to one
[L22]; the weights minimise the cross-entropy with one-hot targets [L23]. Every border between two
classes is a straight line, since there two scores are equal. Where all three are equal the
borders meet.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from sklearn.datasets import load_wine
from sklearn.inspection import DecisionBoundaryDisplay

from sklearn_lhy import SoftmaxGD

COLOURS = ["#0072B2", "#E69F00", "#CC79A7"]

# %%
# The slide's numbers first: the scores 3, 1 and -3 become .88, .12 and less than .01. Classes that
# occur in the proportion of e^z, without any feature to tell them apart, give a model with just
# these scores, up to a constant that softmax does not see.
z = np.array([3, 1, -3])
slide = SoftmaxGD().fit(np.zeros((3, 1)), [1, 2, 3], sample_weight=np.exp(z))
print("scores:", (slide.intercept_ - slide.intercept_[0] + 3).round(4))
print("e^z:", np.exp(z).round(2), "softmax:", slide.predict_proba([[0.0]]).round(4))

# %%
# Three growers of wine by two measurements.
wine = load_wine(as_frame=True)
X, y = wine.data[["flavanoids", "color_intensity"]], wine.target
model = SoftmaxGD().fit(X, y)

# %%
# The regions, and the probability of each class on its own. A dashed line is where two scores are
# equal: its w and b are the difference of two rows of weights.
figure, axes = plt.subplots(1, 4, figsize=(13, 3.8), sharex=True, sharey=True, layout="constrained")
look = {"response_method": "predict", "multiclass_colors": COLOURS, "alpha": 0.3}
DecisionBoundaryDisplay.from_estimator(model, X, ax=axes[0], grid_resolution=300, **look)
axes[0].set(xlim=axes[0].get_xlim(), ylim=axes[0].get_ylim(), title="the likeliest grower")
x1 = np.array(axes[0].get_xlim())
look = {"response_method": "predict_proba", "levels": np.linspace(0, 1, 11)}
for k, (colour, marker) in enumerate(zip(COLOURS, "o^s", strict=True)):
    points = {"c": colour, "marker": marker, "s": 18, "ec": "black", "lw": 0.4}
    axes[0].scatter(*X[y == k].to_numpy().T, **points, label=f"grower {k + 1}")
    w, b = model.coef_[k] - model.coef_[k - 1], model.intercept_[k] - model.intercept_[k - 1]
    axes[0].plot(x1, -(w[0] * x1 + b) / w[1], "--", color="0.3", lw=1)
    fade = LinearSegmentedColormap.from_list(f"grower {k + 1}", ["white", colour])
    shade = DecisionBoundaryDisplay.from_estimator(
        model, X, ax=axes[k + 1], class_of_interest=k, cmap=fade, **look
    )
    figure.colorbar(shade.surface_, ax=axes[k + 1], ticks=[0, 0.5, 1])
    axes[k + 1].set_title(f"P(grower {k + 1} given x)")
axes[0].legend(fontsize="small")
for ax in axes:
    ax.set(xlabel="flavanoids", ylabel="")
axes[0].set_ylabel("colour intensity")
