"""
One unit, two ways to find w and b: which one when?
===================================================

A Gaussian for each class with a shared covariance and logistic regression share one function set,
sigma(w.x + b), but find different w and b [L16-L17]: the generative way computes them from means
and covariance, the discriminative one by descent on the cross-entropy. The lecture says that the
first can win when data are few, because it follows its own assumption [L21]. Does it?
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.model_selection import LearningCurveDisplay, StratifiedShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lhy import GaussianGenerativeClassifier, GDLogisticRegression

BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"

# %%
# The lecture's warning first [L18-L20]. Of 13 rows only (1, 1) belongs to class 1; class 2 has four
# rows each of (1, 0), (0, 1) and (0, 0). For a new (1, 1) naive Bayes, which never saw the two ones
# together in class 2 but takes features as independent [C26], prefers class 2. With correlations in
# the covariance, and for logistic regression, it is class 1.
X = np.array([[1, 1]] + 4 * [[1, 0], [0, 1], [0, 0]])
y = np.array([1] + 12 * [2])
weak = GDLogisticRegression(C=100)
for model in (
    GaussianGenerativeClassifier("tied_diag"),
    GaussianGenerativeClassifier("tied"),
    weak,
):
    print(f"{model!s:60} P(class 1) = {model.fit(X, y).predict_proba([[1, 1]])[0, 0]:.4f}")

# %%
# Now real data: wines of two growers and tumours. Each model learns from a growing part of the
# rows, in 30 random splits, and is tried on the quarter left out.
X, y = load_wine(return_X_y=True)
data = {
    "wine of two growers, 13 measurements": (X[y < 2], y[y < 2]),
    "breast cancer, 30 measurements": load_breast_cancer(return_X_y=True),
}
models = {
    "Gaussians, shared covariance": (GaussianGenerativeClassifier(shrinkage="auto"), BLUE, "o"),
    "Gaussians, independent features": (GaussianGenerativeClassifier("tied_diag"), GREEN, "^"),
    "logistic regression": (make_pipeline(StandardScaler(), GDLogisticRegression()), ORANGE, "s"),
}
splits = StratifiedShuffleSplit(30, test_size=0.25, random_state=0)

# %%
# Where rows are few, a Gaussian model is ahead: on the wines up to forty rows, on the tumours at
# ten only. With more rows logistic regression catches up, and passes on the tumours: its w and b
# are not bound to an assumption.
figure, axes = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
for ax, (title, (X, y)) in zip(axes, data.items(), strict=True):
    for name, (model, colour, marker) in models.items():
        LearningCurveDisplay.from_estimator(
            model,
            X,
            y,
            train_sizes=np.geomspace(10, 0.74 * len(y), 7).astype(int),
            cv=splits,
            shuffle=True,
            random_state=0,
            ax=ax,
            score_type="test",
            std_display_style=None,
            line_kw={"color": colour, "marker": marker},
        )
        ax.lines[-1].set_label(name)
    ax.set(title=title, xscale="log", xlabel="rows to learn from", ylabel="accuracy on other rows")
    ax.set_xticks([10, 20, 40, 80, 160, 320][: 4 if len(y) < 200 else 6])
    ax.xaxis.set_major_formatter("{x:.0f}")
    ax.xaxis.set_minor_formatter("")
    ax.legend(loc="lower right")
