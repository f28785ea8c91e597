"""
Two Gaussians: when is the border a line, when a curve?
=======================================================

Give each class a Gaussian with the mean and covariance of its rows [C18] and ask Bayes' rule
which class is more probable: P(C1 given x) = sigma(z) with z the logarithm of the odds [C27]. In
general z is quadratic in x [C29-C31] and the border z = 0 a curve. With one covariance for both
classes [C23] the quadratic terms cancel, z = w.x + b is left [C33], and the border is a line.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from sklearn.datasets import load_wine
from sklearn.inspection import DecisionBoundaryDisplay

from sklearn_lhy import GaussianGenerativeClassifier

BLUE, ORANGE = "#0072B2", "#E69F00"

# %%
# Two measurements of the wines of two growers.
wine = load_wine(as_frame=True)
columns = ["alcohol", "color_intensity"]
rows = wine.target < 2
X, y = wine.data.loc[rows, columns], wine.target[rows]

# %%
# The models: the covariances are the only difference.
models = {
    "one covariance for both: a line": GaussianGenerativeClassifier("tied").fit(X, y),
    "each its own covariance: a curve": GaussianGenerativeClassifier("full").fit(X, y),
}


def ellipse(mean, covariance, radius=2):
    """Points at a Mahalanobis distance of `radius` from the mean."""
    angle = np.linspace(0, 2 * np.pi, 200)
    circle = radius * np.stack([np.cos(angle), np.sin(angle)])
    return mean[:, None] + np.linalg.cholesky(covariance) @ circle


# %%
# The picture: a filled region for the preferred class, the border z = 0, and for each class the
# ellipse at two standard deviations.
figure, axes = plt.subplots(1, 2, figsize=(10, 4.6), sharex=True, sharey=True, layout="constrained")
for ax, (title, model) in zip(axes, models.items(), strict=True):
    regions = ListedColormap([BLUE, ORANGE])
    look = {"response_method": "predict", "cmap": regions, "alpha": 0.15, "grid_resolution": 300}
    DecisionBoundaryDisplay.from_estimator(model, X, ax=ax, **look)
    look = {"response_method": "decision_function", "plot_method": "contour", "levels": [0]}
    DecisionBoundaryDisplay.from_estimator(model, X, ax=ax, colors="black", **look)
    covariances = np.broadcast_to(model.covariance_, (2, 2, 2))
    for k, (colour, marker) in enumerate([(BLUE, "o"), (ORANGE, "^")]):
        label = f"grower {k + 1} ({int(model.class_count_[k])} wines)"
        ax.scatter(*X[y == k].to_numpy().T, c=colour, marker=marker, s=22, ec="black", lw=0.4)
        ax.plot(*ellipse(model.means_[k], covariances[k]), color=colour, lw=2, label=label)
    ax.set_title(f"{title}\naccuracy on these rows {model.score(X, y):.3f}")
    ax.legend()

# %%
# For the shared covariance [C33] gives w and b in closed form. The model holds just these; its
# second class is the lecture's C1.
tied = models["one covariance for both: a line"]
mu2, mu1 = tied.means_
w1, w2 = np.linalg.solve(tied.covariance_, np.stack([mu1, mu2], axis=1)).T
N2, N1 = tied.class_count_
print("by hand:  ", w1 - w2, -mu1 @ w1 / 2 + mu2 @ w2 / 2 + np.log(N1 / N2))
print("the model:", tied.coef_[0], tied.intercept_[0])
