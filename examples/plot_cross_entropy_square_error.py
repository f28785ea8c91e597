"""
Why cross-entropy and not square error?
=======================================

For a unit f = sigma(w.x + b) the gradient of the cross-entropy is (f - y) x, the larger the more
wrong f is [L9-L11]. That of the square error holds another factor f (1 - f) [L13]: where the unit
is wrong and sure of it, the gradient vanishes and the descent hardly moves [L14]. What does that
look like over two weights [L15]?
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

from sklearn_lhy import GDLogisticRegression
from sklearn_lhy.inspection import LossSurfaceDisplay

BLUE, VERMILION = "#0072B2", "#D55E00"

# %%
# The slope itself, for a target y = 1: at a score z = -10 the unit is wrong, f is nearly 0. The
# cross-entropy still pulls with all its force, the square error with 4.5e-5 of it.
z = np.linspace(-10, 10, 400)
f = 1 / (1 + np.exp(-z))
figure, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
ax.plot(z, f - 1, color=BLUE, label="cross-entropy: f - y")
label = "half square error:\n(f - y) f (1 - f)"
ax.plot(z, (f - 1) * f * (1 - f), "--", color=VERMILION, label=label)
ax.set(title="slope of the loss, target y = 1", xlabel="score z", ylabel="dL/dz")
ax.legend(loc="center right")

# %%
# Both losses over the two weights of a unit on two measurements of tumours, and a hundred
# iterations of gradient descent at the same rate, from a start that is far off and wrong. The
# descents are cut short, of which they would warn.

# sphinx_gallery_thumbnail_number = 2
X, y = load_breast_cancer(return_X_y=True)
X = scale(X[:, :2])
box = [(-7, 9), (-7, 9)]
figure, axes = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
for ax, loss in zip(axes, ("cross_entropy", "squared_error"), strict=True):
    unit = GDLogisticRegression(loss=loss, solver="gd", learning_rate=1.0, max_iter=100, tol=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        display = LossSurfaceDisplay.from_estimator(unit, X, y, coef_init=[6, 7], limits=box, ax=ax)
    figure.colorbar(display.surface_, ax=ax, label="loss")
    moved = np.linalg.norm(display.path[-1] - display.path[0])
    ax.set_title(f"{loss.replace('_', ' ')}, moved by {moved:.1f}")
    ax.set(xlabel="$w_1$ (radius)", ylabel="$w_2$ (texture)", aspect="equal")
