"""
What if the rows come in a stream?
==================================

``partial_fit`` learns from rows that may be dropped afterwards. The Gaussian model keeps counts,
means and scatters [C18], which add up exactly, so any order of the rows gives the model of one
``fit``. Logistic regression has no such sums; it keeps what it has learnt as a Gaussian prior on
its weights, Bayes' rule once more [C27]. How near to ``fit`` on all rows do they end, and what if
the order is bad?
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import scale

from sklearn_lhy import GaussianGenerativeClassifier, GDLogisticRegression

BLUE, ORANGE, GREY = "#0072B2", "#E69F00", "#777777"

# %%
# Tumours, a third of them to test on. The rest comes in parts of twenty: in random order, or the
# benign ones (class 1) first.
X, y = load_breast_cancer(return_X_y=True)
X, X_test, y, y_test = train_test_split(scale(X), y, test_size=1 / 3, random_state=0)
orders = {
    "rows in random order": np.arange(len(y)),
    "first one class, then the other": np.argsort(-y, kind="stable"),
}

# %%
# Each model reads every part once. scikit-learn's SGDClassifier stands for learning that keeps the
# weights alone.
models = {
    "Gaussians": (GaussianGenerativeClassifier, {}, BLUE, "-"),
    "logistic regression": (GDLogisticRegression, {}, ORANGE, "-"),
    "SGDClassifier": (SGDClassifier, {"loss": "log_loss", "random_state": 0}, GREY, "-."),
}


def stream(model, order):
    """Accuracy on the test rows after each part of the stream."""
    for rows in np.split(order, range(20, len(order), 20)):
        model.partial_fit(X[rows], y[rows], classes=[0, 1])
        one_class = getattr(model, "class_count_", np.ones(2)).min() == 0
        yield y_test.mean() if one_class else model.score(X_test, y_test)


# %%
# Dotted: ``fit`` on all rows at once. In random order both streams end there. In the bad order the
# Gaussians still do, to the last digit. The logistic regression does not: from rows of one class
# alone it learns little but an intercept, and takes that with it as a prior.
figure, axes = plt.subplots(1, 2, figsize=(10, 4.4), sharey=True, layout="constrained")
for ax, (title, order) in zip(axes, orders.items(), strict=True):
    for name, (model, params, colour, style) in models.items():
        accuracy = list(stream(model(**params), order))
        seen = np.minimum(20 * np.arange(1, len(accuracy) + 1), len(y))
        ax.plot(seen, accuracy, style, color=colour, lw=2, label=name)
        if name != "SGDClassifier":
            whole = model(**params).fit(X, y).score(X_test, y_test)
            ax.axhline(whole, color=colour, linestyle=":")
            print(f"{title}, {name}: stream {accuracy[-1]:.3f}, fit on all rows {whole:.3f}")
    ax.set(title=title, xlabel="rows seen", ylabel="accuracy on other rows")
    ax.legend(loc="lower right")
