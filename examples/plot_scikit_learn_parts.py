"""
Do they fit scikit-learn's own parts?
=====================================

The classifiers are ordinary estimators: they go into pipelines, grids, and ensembles. A feature
map before a logistic regression is the lecture's transformation by hand [L26]; classifiers whose
probabilities feed a logistic regression are its cascade [L27], with other units. What does each
gain?
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.ensemble import StackingClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer

from sklearn_lhy import GaussianGenerativeClassifier, GDLogisticRegression, StackedLogisticMLP

BLUE, ORANGE = "#0072B2", "#E69F00"

# %%
# The first 900 images of digits: is the digit odd? No single pixel tells.
digits = load_digits()
X, y = digits.data[:900], digits.target[:900] % 2

# %%
# A pipeline: splines of every pixel, features made by hand, before a logistic regression.
splines = make_pipeline(SplineTransformer(3, degree=2), GDLogisticRegression(C=0.1))

# %%
# A grid over the hidden layers, () being logistic regression again, in an inner cross-validation.
network = StackedLogisticMLP((16,), alpha=0.3, random_state=0)
layers = {"hidden_layer_sizes": [(), (16,)]}
search = GridSearchCV(network, layers, cv=3, scoring="neg_log_loss").fit(X, y)
print("chosen:", search.best_params_)

# %%
# A stack: the probabilities of three classifiers are the inputs of a last logistic regression.
gaussian = GaussianGenerativeClassifier("full", shrinkage="auto")
stack = StackingClassifier(
    [("gaussian", gaussian), ("splines", splines), ("network", network)],
    final_estimator=GDLogisticRegression(),
    cv=3,
).fit(X, y)
print("weights of the last unit:", stack.final_estimator_.coef_)

# %%
# Five folds for each: small dots are folds, diamonds their mean. Gaussians with covariances of
# their own are right more often than a line, but too sure of themselves; splines of single pixels
# gain nothing here; the network, which finds its own features, gains most; and the stack does not
# better it.
models = {
    "logistic regression": GDLogisticRegression(C=0.01),
    "Gaussians, each\nits own covariance": gaussian,
    "splines, then\nlogistic regression": splines,
    "network chosen\nby grid search": search,
    "stack of Gaussians,\nsplines and network": stack,
}
folds = StratifiedKFold(5, shuffle=True, random_state=0)
figure, axes = plt.subplots(1, 2, figsize=(10, 4.2), sharey=True, layout="constrained")
for place, model in enumerate(models.values()):
    scores = cross_validate(model, X, y, cv=folds, scoring=["neg_log_loss", "accuracy"])
    measures = (-scores["test_neg_log_loss"], scores["test_accuracy"])
    for ax, values in zip(axes, measures, strict=True):
        ax.plot(values, [place] * 5, "o", color=BLUE, markersize=4)
        ax.plot(values.mean(), place, "D", color=ORANGE, markersize=9, mec="black", zorder=3)
axes[0].set_yticks(range(len(models)), list(models))
axes[0].set(xlabel="log-loss on other rows (smaller is better)", ylim=(len(models) - 0.5, -0.5))
axes[1].set(xlabel="accuracy on other rows (greater is better)")
for ax in axes:
    ax.grid(axis="y", color="0.9")
