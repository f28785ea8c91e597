"""
XOR: who finds the features?
============================

Class 1 is (0, 1) and (1, 0), class 2 the other two corners: no line separates them, and one unit
can do no better than 1/2 everywhere [L24-L25]. It takes other features. They may be made by hand,
such as the distances to (0, 0) and (1, 1) [L26], or by units that feed units [L27-L30]. What do
the cascade's own features look like?
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from sklearn.inspection import DecisionBoundaryDisplay
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_lhy import GDLogisticRegression, StackedLogisticMLP

BLUE, ORANGE = "#0072B2", "#E69F00"

# %%
# The four corners, and clouds around them so that there is something to see.
rng = np.random.default_rng(0)
corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
X = np.repeat(corners, 30, axis=0) + rng.normal(0, 0.07, (120, 2))
y = np.repeat([0, 1, 1, 0], 30)

# %%
# One unit; a unit on distances; and two hidden units that find their features. On the corners alone
# the single unit ends at w = 0 and b = 0.
distances = FunctionTransformer(euclidean_distances, kw_args={"Y": [[0, 0], [1, 1]]})
unit = GDLogisticRegression().fit(X, y)
by_hand = make_pipeline(distances, GDLogisticRegression(C=1000)).fit(X, y)
network = StackedLogisticMLP((2,), alpha=0.01, random_state=0).fit(X, y)
print("one unit on the corners:", GDLogisticRegression().fit(corners, [0, 1, 1, 0]).coef_)
print("distances of the corners:", distances.fit_transform(corners).round(3).tolist())

# %%
# The lecture's own cascade [L27-L29], with its weights: two of the four corners coincide in x'.
slide = StackedLogisticMLP.from_layers([[[-2, 2], [2, -2]], [[10], [10]]], [[-1, -1], [-6.6]])
print("x' of the corners:", slide.transform(corners).round(4).tolist())
print("predicted:", slide.predict(corners))

# %%
# Above the plane of the inputs, below planes of features, in which one line is enough.
FADE = LinearSegmentedColormap.from_list("posterior", [BLUE, "white", ORANGE])


def draw(ax, model, Z, title, names):
    """Regions of a fitted model in the plane of Z, and the rows."""
    look = {"response_method": "predict_proba", "cmap": FADE, "levels": np.linspace(0, 1, 11)}
    room = 0.2 * np.ptp(Z, axis=0).max()
    regions = DecisionBoundaryDisplay.from_estimator(model, Z, ax=ax, eps=room, alpha=0.6, **look)
    for k, (colour, marker) in enumerate([(BLUE, "o"), (ORANGE, "^")]):
        ax.scatter(*Z[y == k].T, c=colour, marker=marker, s=22, ec="black", lw=0.5)
    ax.set(title=title, xlabel=names[0], ylabel=names[1])
    return regions.surface_


figure, axes = plt.subplots(2, 3, figsize=(11, 6.8), layout="constrained")
x, hidden = ("$x_1$", "$x_2$"), ("$x_1'$", "$x_2'$")
corner = ("distance to (0, 0)", "distance to (1, 1)")
draw(axes[0, 0], unit, X, f"one unit: {unit.score(X, y):.2f} right", x)
draw(axes[0, 1], by_hand, X, f"on distances: {by_hand.score(X, y):.2f} right", x)
draw(axes[0, 2], network, X, f"two hidden units: {network.score(X, y):.2f} right", x)
draw(axes[1, 0], slide.unit(-1, 0), slide.transform(X), "features of the lecture's cascade", hidden)
draw(axes[1, 1], by_hand[-1], distances.transform(X), "features made by hand", corner)
features = network.transform(X)
shade = draw(axes[1, 2], network.unit(-1, 0), features, "features that the network found", hidden)
figure.colorbar(shade, ax=axes, label="P(class 1 given x)", ticks=[0, 0.5, 1], shrink=0.6)
