"""
Why not classify by linear regression?
======================================

Take +1 and -1 as numbers to predict and fit a line to them: points far out on the right side,
"too correct", pull the border towards them [C6-C7]. Logistic regression does not mind them. Yet
the two are near relatives: their descents share one update, w <- w + eta sum (y - f) x, and
differ in f alone: w.x + b here, sigma(w.x + b) there [L8, L12].
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import expit
from sklearn.linear_model import LinearRegression

from sklearn_lhy import GDLogisticRegression

BLUE, ORANGE, BLACK = "#0072B2", "#E69F00", "#000000"

# %%
# Two classes in a plane, and then some more points of the first, far out on their own side.
rng = np.random.default_rng(0)
near = np.concatenate([rng.normal([-1, 1], 0.9, (40, 2)), rng.normal([1, -1], 0.9, (40, 2))])
far = rng.normal([6, -7], 0.7, (30, 2))
data = {
    "two classes": (near, np.repeat([0, 1], 40)),
    "thirty points far on the right side": (np.vstack([near, far]), np.repeat([0, 1], [40, 70])),
}

# %%
# One loop for both. The score w.x + b is taken as it is, or its sigmoid; that is the only
# difference.


def descend(X, y, f, eta=0.03, iterations=20000):
    """w <- w + eta mean (y - f) x, from zero; the last weight is the intercept b."""
    X = np.column_stack([X, np.ones(len(X))])
    w = np.zeros(X.shape[1])
    for _ in range(iterations):
        w += eta * X.T @ (y - f(X @ w)) / len(y)
    return w


def identity(z):
    """f of linear regression."""
    return z


# %%
# The loop finds scikit-learn's linear regression and, without a penalty, logistic regression.
X, y = data["two classes"]
regression = LinearRegression().fit(X, 2 * y - 1)
logistic = GDLogisticRegression(C=np.inf).fit(X, y)
for name, w, model in (
    ("linear regression", descend(X, 2 * y - 1, identity), regression),
    ("logistic regression", descend(X, y, expit), logistic),
):
    print(f"{name:20} loop {w}, estimator {model.coef_.ravel()} {model.intercept_}")

# %%
# The borders. On the right the far points drag that of the regression into their own class.
figure, axes = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
for ax, (title, (X, y)) in zip(axes, data.items(), strict=True):
    for k, (colour, marker) in enumerate([(BLUE, "o"), (ORANGE, "^")]):
        ax.scatter(*X[y == k].T, c=colour, marker=marker, s=22, ec="black", lw=0.4)
    x1 = np.array([-3.0, 8.0])
    for name, f, targets, style in (
        ("linear regression, targets -1 and 1", identity, 2 * y - 1, "--"),
        ("logistic regression", expit, y, "-"),
    ):
        w1, w2, b = descend(X, targets, f)
        ax.plot(x1, -(w1 * x1 + b) / w2, style, color=BLACK, label=name)
        wrong = ((X @ [w1, w2] + b > 0) != y).sum()
        print(f"{title}, {name}: {wrong} wrong")
    ax.set(title=title, xlabel="$x_1$", ylabel="$x_2$", xlim=(-3, 8), ylim=(-9, 4))
    ax.legend(loc="lower left", fontsize="small")
