"""
How large a step?
=================

Gradient descent moves by -eta times the gradient [L11]: too small an eta creeps, too large a one
jumps out of the valley, and on raw data, whose columns differ in scale, no single one is right.
The rules of the lecture adapt it: momentum, Adagrad, Adam. The default solver of this package
looks at the inputs instead: it divides the gradient by their second moment, the matrix that the
Gaussian model estimates, and then the right rate is 1.
"""

import warnings

import matplotlib.pyplot as plt
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

from sklearn_lhy import GDLogisticRegression
from sklearn_lhy.inspection import LossCurveDisplay

COLOURS = ["#0072B2", "#56B4E9", "#E69F00", "#CC79A7", "#000000"]
STYLES = ["-", "--", "-.", ":", "-"]
warnings.simplefilter("ignore", ConvergenceWarning)  # most of these descents are cut short

# %%
# Tumours by thirty raw measurements, whose scales go from 0.003 to 570.
X, y = load_breast_cancer(return_X_y=True)
print("standard deviations:", X.std(axis=0).min(), "to", X.std(axis=0).max())

# %%
# First the plain rule at given rates, on scaled columns where it has a chance.
rates = {f"eta = {eta:g}": eta for eta in (0.01, 0.3, 10, 100)}
by_rate = {
    name: GDLogisticRegression(
        solver="gd", learning_rate=eta, max_iter=100, tol=0, n_iter_no_change=100
    ).fit(scale(X), y)
    for name, eta in rates.items()
}

# %%
# Then five solvers on the raw columns, each at the rate that it finds itself.
solvers = ("gd", "momentum", "adagrad", "adam", "whitened")
by_solver = {
    name: GDLogisticRegression(solver=name, max_iter=2000, tol=1e-6).fit(X, y) for name in solvers
}
for name, model in by_solver.items():
    print(f"{name:9} {model.n_iter_:5} iterations, loss {model.loss_curve_[-1]:.4f}")

# %%
# The loss after each iteration; both axes of the right picture are logarithmic.
figure, axes = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
left = LossCurveDisplay.from_estimators(by_rate, ax=axes[0], log=True)
right = LossCurveDisplay.from_estimators(by_solver, ax=axes[1], log=True)
for display in (left, right):
    for line, colour, style in zip(display.lines_.values(), COLOURS, STYLES, strict=False):
        line.set(color=colour, linestyle=style, linewidth=2)
right.lines_["whitened"].set(marker="o", markersize=4)
axes[0].set(title="gradient descent on scaled columns", ylim=(0.04, 400))
axes[0].legend(ncols=2, loc="upper center")
axes[1].legend()
axes[1].set(title="five solvers on raw columns", xscale="log")
axes[1].set_yticks([0.1, 0.2, 0.4, 0.7], ["0.1", "0.2", "0.4", "0.7"])
axes[1].set_yticks([], minor=True)
