"""What a call costs where there is little to compute: a fit to the irises, and one row predicted.

    OPENBLAS_NUM_THREADS=1 python benchmarks/calls.py

Medians of processor time in microseconds, all taking turns in one process: ours, ours with
scikit-learn's checks of every array (plain arrays of floats are spared them), and the
scikit-learn counterpart.
"""

import os
import time
import warnings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported

import numpy as np
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


def medians(calls, repeat):
    """Median processor time of each call in microseconds."""
    times = np.empty((repeat, len(calls)))
    for row in times:
        for i, call in enumerate(calls):
            begin = time.process_time()
            call()
            row[i] = time.process_time() - begin
    return 1e6 * np.median(times, axis=0)


def compare(pairs, repeat=101):
    print(f"{'':42} {'':12} {'ours':>8} {'checked':>8} {'theirs':>8}")
    for ours, theirs, K in pairs:
        X, y = load_iris(return_X_y=True)
        X, y = X[y < K], y[y < K]
        for what, call, number in [
            ("fit", lambda m, X=X, y=y: m.fit(X, y), max(5, repeat // 10)),
            ("predict one", lambda m, X=X: m.predict_proba(X[:1]), repeat),
        ]:
            own, other = (lambda m=m, call=call: call(m) for m in (ours, theirs))
            found = medians([own, with_checks(own), other], number)
            cells = " ".join(f"{time:8.0f}" for time in found)
            print(f"{str(ours)[:42]:42} {what:12} {cells}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # of counterparts that stop early
    compare(PAIRS)
