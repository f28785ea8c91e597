"""
Pokemon: water or normal?
=========================

The lecture's first data: does a Pokemon belong to type Water or Normal, by its Defense and Sp.
Def, or by more of its numbers? Separate covariances, a shared one [C23], and logistic regression
[L16-L17]; and a trap, the column "Total", which is the sum of others and makes the covariance
singular.

``python plot_pokemon.py --data DIR`` reads ``DIR/pokemon.csv`` (columns as in the well-known
file). Without it, as on this page, the rows are **drawn from the two Gaussians of the slides**
[C18]: their 79 and 61 rows to learn from, and as many to test.
"""

import argparse
import csv
from itertools import permutations
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from sklearn.inspection import DecisionBoundaryDisplay

from sklearn_lhy import GaussianGenerativeClassifier, GDLogisticRegression

BLUE, ORANGE, GREEN, BLACK = "#0072B2", "#E69F00", "#009E73", "#000000"
STATS = ["Defense", "Sp. Def", "HP", "Attack", "Sp. Atk", "Speed"]


def read(directory):
    """Water (1) and Normal (0): the six numbers and their Total; below number 400 to learn from."""
    with open(Path(directory) / "pokemon.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["Type 1"] in ("Water", "Normal")]
    X = np.array([[float(row[name]) for name in [*STATS, "Total"]] for row in rows])
    y = np.array([int(row["Type 1"] == "Water") for row in rows])
    early = np.array([int(row["#"]) < 400 for row in rows])
    return X[early], y[early], X[~early], y[~early]


def draw():
    """Rows from the Gaussians of the slides: Defense, Sp. Def and their sum."""
    rng = np.random.default_rng(0)
    water = [75.04, 71.33], [[873.86, 327.20], [327.20, 928.68]]
    normal = [55.56, 59.84], [[468.28, 197.76], [197.76, 552.69]]
    halves = []
    for _ in range(2):
        X = np.vstack([rng.multivariate_normal(*water, 79), rng.multivariate_normal(*normal, 61)])
        halves += [np.column_stack([X, X.sum(axis=1)]), np.repeat([1, 0], [79, 61])]
    return halves


parser = argparse.ArgumentParser()
parser.add_argument("--data", metavar="DIR")
directory = parser.parse_args().data
X, y, X_test, y_test = draw() if directory is None else read(directory)
print("means of Water and Normal:", X[y == 1, :2].mean(axis=0), X[y == 0, :2].mean(axis=0))

# %%
# Four models on two features, on all, and on all with their sum.
models = {
    "separate covariances": (GaussianGenerativeClassifier("full"), BLUE, "o"),
    "shared covariance": (GaussianGenerativeClassifier("tied"), ORANGE, "^"),
    "shared, equal priors": (GaussianGenerativeClassifier("tied", priors=[0.5, 0.5]), GREEN, "v"),
    "logistic regression": (GDLogisticRegression(), BLACK, "s"),
}
sizes = sorted({2, X.shape[1] - 1, X.shape[1]})
accuracy = {
    name: [model.fit(X[:, :d], y).score(X_test[:, :d], y_test) for d in sizes]
    for name, (model, _, _) in models.items()
}
for name, scores in accuracy.items():
    print(f"{name:21}", *(f"{d} features: {a:.3f}  " for d, a in zip(sizes, scores, strict=True)))

# %%
# What [C33] gives when the singular covariance is inverted all the same: by the order of the
# columns rounding makes something else of it each time, or the inversion is refused.


def inverted(order):
    """Test accuracy of w' = (mu1 - mu2)' S^-1 with S^-1 by np.linalg.inv, if it gives any."""
    A, B = X[:, order], X_test[:, order]
    mu = np.array([A[y == k].mean(axis=0) for k in (0, 1)])
    residual = A - mu[y]
    try:
        inverse = np.linalg.inv(residual.T @ residual / len(y))
    except np.linalg.LinAlgError:  # for some orders rounding leaves an exact zero
        return None
    w, prior = inverse @ (mu[1] - mu[0]), np.log(y.mean() / (1 - y.mean()))
    b = (mu[0] @ inverse @ mu[0] - mu[1] @ inverse @ mu[1]) / 2 + prior
    return ((B @ w + b > 0) == y_test).mean()


orders = list(permutations(range(X.shape[1])))
found = [inverted(list(order)) for order in orders[:: max(1, len(orders) // 200)]]
by_inv = [share for share in found if share is not None]
low, high = min(by_inv, default=np.nan), max(by_inv, default=np.nan)
print(f"np.linalg.inv refuses {len(found) - len(by_inv)} of {len(found)} orders; the others give")
print(f"accuracies from {low:.3f} to {high:.3f}")

# %%
# Left the two features with both borders, right the accuracies on the test rows.
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
for k, (name, marker) in enumerate([("Normal", "o"), ("Water", "^")]):
    points = {"marker": marker, "s": 24, "ec": "black", "lw": 0.4}
    left.scatter(*X[y == k, :2].T, c=[ORANGE, BLUE][k], label=name, **points)
for name, style in (("separate covariances", "--"), ("shared covariance", "-")):
    model = models[name][0].fit(X[:, :2], y)
    look = {"response_method": "decision_function", "plot_method": "contour", "levels": [0]}
    look |= {"linestyles": style, "cmap": ListedColormap(["black"]), "eps": 5}
    DecisionBoundaryDisplay.from_estimator(model, X[:, :2], ax=left, **look)
    left.plot([], [], style, color="black", label=name)
left.set(xlabel="Defense", ylabel="Sp. Def", title="to learn from")
left.legend()
for place, (name, (_, colour, marker)) in enumerate(models.items()):
    x = np.arange(len(sizes)) + 0.12 * (place - 1.5)
    right.plot(x, accuracy[name], marker, color=colour, markersize=8, label=name)
spread = {"color": "0.6", "lw": 6, "label": "shared, by np.linalg.inv,\nany order of columns"}
right.plot([len(sizes) - 0.6] * 2, [low, high], **spread)
labels = [f"{d} features" for d in sizes[:-1]] + ["and their sum"]
right.set_xticks(range(len(sizes)), labels)
right.set(xlim=(-0.5, len(sizes) - 0.4), ylabel="accuracy", title="test rows")
right.legend(fontsize="small")
