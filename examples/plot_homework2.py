"""
Homework 2: who earns more than 50K?
====================================

The course's second homework gives census data, 106 columns of very different scale, and asks for
a generative model and logistic regression by gradient descent, compared in five ways: the
accuracy of each, what normalisation does, what regularisation does, and which attribute matters
most.

``python plot_homework2.py --data DIR`` reads ``DIR/adult106.npz`` (arrays ``X_train``,
``y_train``, ``X_test``, ``y_test``, ``feature_names``). Without it, as on this page, the data are
**drawn at random** to be alike: amounts, counts, and groups of 0/1 columns that add up to one, so
that the covariance is singular.
"""

import argparse
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lhy import GaussianGenerativeClassifier, GDLogisticRegression
from sklearn_lhy.inspection import LossCurveDisplay

BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"
warnings.simplefilter("ignore", ConvergenceWarning)  # plain gradient descent is cut short below


def read(directory):
    """The arrays of adult106.npz."""
    with np.load(Path(directory) / "adult106.npz") as data:
        names = ["X_train", "y_train", "X_test", "y_test", "feature_names"]
        return [data[name] for name in names]


def draw(n=9000):
    """Rows like those of the census; the first two thirds are to learn from."""
    rng = np.random.default_rng(0)
    school, wed = rng.integers(6, size=n), rng.integers(4, size=n)
    age, hours = rng.normal(39, 13, n), rng.normal(40, 12, n)
    gain = np.where(rng.random(n) < 0.08, rng.lognormal(8.5, 1, n), 0)
    z = 0.05 * (age - 39) + 0.03 * (hours - 40) + 0.0005 * gain + 0.5 * school + 1.5 * (wed == 1)
    y = (rng.random(n) < 1 / (1 + np.exp(4 - z))).astype(int)
    amounts = [age, rng.lognormal(12, 0.5, n), gain, hours]  # the second is of no use
    groups = [np.eye(6)[school], np.eye(4)[wed]]
    X = np.column_stack([*amounts, *groups])
    names = ["age", "fnlwgt", "capital gain", "hours per week"]
    names += [f"school {k}" for k in range(6)] + [f"marital status {k}" for k in range(4)]
    return X[: 2 * n // 3], y[: 2 * n // 3], X[2 * n // 3 :], y[2 * n // 3 :], np.array(names)


parser = argparse.ArgumentParser()
parser.add_argument("--data", metavar="DIR")
directory = parser.parse_args().data
X, y, X_test, y_test, names = draw() if directory is None else read(directory)
X, X_test = X.astype(float), X_test.astype(float)
scaler = StandardScaler().fit(X)
print(
    f"{X.shape[0]} rows, {X.shape[1]} columns of rank {np.linalg.matrix_rank(scaler.transform(X))}"
)

# %%
# One and two: the generative model [C33], whose covariance is singular here, and logistic
# regression [L11]. Each on the raw columns and on scaled ones.
accuracy = {"the larger class": [max(y_test.mean(), 1 - y_test.mean())] * 2}
for model in (GaussianGenerativeClassifier(), GDLogisticRegression()):
    both = (model, make_pipeline(StandardScaler(), model))
    accuracy[type(model).__name__] = [m.fit(X, y).score(X_test, y_test) for m in both]
for name, (raw, scaled) in accuracy.items():
    print(f"{name:30} raw {raw:.4f}, scaled {scaled:.4f}")

# %%
# Three, normalisation: plain gradient descent at the largest safe rate crawls on raw columns and
# walks on scaled ones. The default solver does not need it.
gd = GDLogisticRegression(solver="gd", max_iter=200, tol=0)
descents = {
    "gd, raw": gd.fit(X, y).loss_curve_,
    "gd, scaled": gd.fit(scaler.transform(X), y).loss_curve_,
    "whitened, raw": GDLogisticRegression().fit(X, y).loss_curve_,
}

# %%
# Four, regularisation: the loss on the training rows and on others, by the strength 1 / C.
strengths = np.geomspace(1e-2, 1e5, 15)
Z, Z_test = scaler.transform(X), scaler.transform(X_test)
penalised = [GDLogisticRegression(C=1 / strength).fit(Z, y) for strength in strengths]
losses = {
    "training rows": [log_loss(y, model.predict_proba(Z)) for model in penalised],
    "other rows": [log_loss(y_test, model.predict_proba(Z_test)) for model in penalised],
}

# %%
# Five: the attributes whose weights, on scaled columns, are largest.
w = GDLogisticRegression().fit(Z, y).coef_[0]
top = np.argsort(np.abs(w))[-8:]

# %%
# All of it in one picture.
figure, axes = plt.subplots(2, 2, figsize=(11, 7.5), layout="constrained")
scores, rows = np.array(list(accuracy.values())), np.arange(3)
axes[0, 0].plot(scores[:, 0], rows + 0.1, "o", color=BLUE, markersize=9, label="raw columns")
axes[0, 0].plot(scores[:, 1], rows - 0.1, "s", color=GREEN, markersize=9, label="scaled columns")
axes[0, 0].set_yticks(rows, ["the larger class", "Gaussian\ngenerative", "logistic\nregression"])
axes[0, 0].set(title="1, 2: accuracy on other rows", xlabel="accuracy", ylim=(-0.5, 2.5))
axes[0, 0].legend(loc="lower right")
curves = LossCurveDisplay(descents).plot(axes[0, 1])
looks = [(VERMILION, "--"), (GREEN, "-."), (BLUE, "-")]
for line, (colour, style) in zip(curves.lines_.values(), looks, strict=True):
    line.set(color=colour, linestyle=style, linewidth=2)
axes[0, 1].legend()
axes[0, 1].set(title="3: normalisation", xscale="log")
for label, style in (("training rows", "--"), ("other rows", "-")):
    axes[1, 0].plot(strengths, losses[label], style, color=BLUE, label=label)
axes[1, 0].set(title="4: regularisation", xscale="log", xlabel="strength 1 / C", ylabel="mean loss")
axes[1, 0].legend()
axes[1, 1].barh(names[top], w[top], color=np.where(w[top] > 0, BLUE, VERMILION))
axes[1, 1].axvline(0, color="black", lw=0.8)
axes[1, 1].set(title="5: most influential attributes", xlabel="weight on the scaled column")
