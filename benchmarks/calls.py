"""What a call costs where there is little to compute: a fit to the irises, and one row predicted.

    OPENBLAS_NUM_THREADS=1 python benchmarks/calls.py

Medians of processor time in microseconds, all taking turns in one process: ours, ours with
scikit-learn's checks of every array (plain arrays of floats are spared them), and the
scikit-learn counterpart.
"""

import warnings

from gaussian import medians  # first, since it fixes the number of BLAS threads
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier

from sklearn_lhy import (
    GaussianGenerativeClassifier,
    GDLogisticRegression,
    SoftmaxGD,
    StackedLogisticMLP,
    _posterior,
)

PAIRS = [  # ours, scikit-learn's, classes of irises
    (GaussianGenerativeClassifier(), LinearDiscriminantAnalysis(), 3),
    (GaussianGenerativeClassifier("full"), QuadraticDiscriminantAnalysis(), 3),
    (GaussianGenerativeClassifier("diag"), GaussianNB(), 3),
    (GDLogisticRegression(), LogisticRegression(), 2),
    (SoftmaxGD(), LogisticRegression(), 3),
    (StackedLogisticMLP((8,), random_state=0), MLPClassifier((8,), random_state=0), 3),
]


def with_checks(call):
    """The call, with all arrays sent through scikit-learn's checks."""

    def checked():
        shortcut = _posterior.pass_as_they_are
        _posterior.pass_as_they_are = lambda *arrays: False
        try:
            call()
        finally:
            _posterior.pass_as_they_are = shortcut

    return checked


def compare(pairs, budget=1.0):
    print(f"{'':42} {'':12} {'ours':>8} {'checked':>8} {'theirs':>8}")
    for ours, theirs, K in pairs:
        X, y = load_iris(return_X_y=True)
        X, y = X[y < K], y[y < K]
        for what, call in [
            ("fit", lambda m, X=X, y=y: m.fit(X, y)),
            ("predict one", lambda m, X=X: m.predict_proba(X[:1])),
        ]:
            own, other = (lambda m=m, call=call: call(m) for m in (ours, theirs))
            times = medians({"ours": own, "checked": with_checks(own), "theirs": other}, budget)
            cells = " ".join(f"{1e6 * time:8.0f}" for time in times.values())
            print(f"{str(ours)[:42]:42} {what:12} {cells}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # of counterparts that stop early
    compare(PAIRS)
