"""
The four classifiers on two measurements of wines
=================================================

Each panel shows one classifier at its default settings, the Gaussian with a covariance for each
class, on scaled measurements: the regions in which it prefers each of the
three growers, and, by the shade, how sure it is. The straight borders of softmax and of Gaussians
that share a covariance belong to the same family of functions; separate covariances bend them, and
so do hidden units. With two classes logistic regression takes the place of softmax: it is shown on
"first grower or not".

Run as a script, it writes the picture: ``python plot_readme.py regions.png``.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from sklearn.datasets import load_wine
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lhy import (
    GaussianGenerativeClassifier,
    GDLogisticRegression,
    SoftmaxGD,
    StackedLogisticMLP,
)

# %%
# The data, and colours that differ for every kind of colour vision; so do the markers.
wine = load_wine()
columns = ["flavanoids", "color_intensity"]
X = wine.data[:, [wine.feature_names.index(name) for name in columns]]
COLOURS = np.array([to_rgb(colour) for colour in ("#0072B2", "#E69F00", "#CC79A7")])
ONE_OR_NOT = np.array([to_rgb(colour) for colour in ("#0072B2", "#777777")])
MARKERS = "o^s"

# %%
# One panel: the colour of the likeliest class, the paler the less likely it is.


def draw_regions(ax, classifier, X, y, note, colours=COLOURS):
    """Fit the classifier on scaled measurements and colour the plane by its posterior."""
    model = make_pipeline(StandardScaler(), classifier).fit(X, y)
    low, high = X.min(axis=0), X.max(axis=0)
    margin = 0.06 * (high - low)
    (left, bottom), (right, top) = low - margin, high + margin
    grid = np.meshgrid(np.linspace(left, right, 300), np.linspace(bottom, top, 300))
    P = model.predict_proba(np.stack(grid, axis=-1).reshape(-1, 2))  # (90000, K)
    K = P.shape[1]
    sure = (P.max(axis=1, keepdims=True) - 1 / K) / (1 - 1 / K)  # 0 where all are equally likely
    shade = 1 - (0.08 + 0.42 * sure) * (1 - colours[P.argmax(axis=1)])
    box = (left, right, bottom, top)
    ax.imshow(shade.reshape(300, 300, 3), extent=box, origin="lower", aspect="auto")
    winner = P.argmax(axis=1).reshape(300, 300)
    for k in range(K):
        ax.contour(*grid, winner == k, levels=[0.5], colors="0.25", linewidths=0.8)
    for k, marker in enumerate(MARKERS[:K]):
        look = {"marker": marker, "color": colours[k], "edgecolors": "black", "linewidths": 0.5}
        ax.scatter(*X[y == k].T, s=18, **look)
    ax.set_title(f"{type(classifier).__name__}\n{note}", fontsize="medium")


# %%
# The four side by side.
figure, axes = plt.subplots(1, 4, figsize=(12, 3.5), sharey=True, layout="constrained")
others = (wine.target != 0).astype(int)
gaussian = GaussianGenerativeClassifier("full")
draw_regions(axes[0], gaussian, X, wine.target, "a Gaussian for each grower")
draw_regions(axes[1], GDLogisticRegression(), X, others, "first grower or not", ONE_OR_NOT)
draw_regions(axes[2], SoftmaxGD(), X, wine.target, "three growers")
network = StackedLogisticMLP(random_state=0)
draw_regions(axes[3], network, X, wine.target, "three growers, hidden units")
for ax in axes:
    ax.set_xlabel("flavanoids")
axes[0].set_ylabel("colour intensity")

if len(sys.argv) > 1:
    figure.savefig(sys.argv[1], dpi=110)
