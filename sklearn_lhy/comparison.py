"""The classifiers beside their scikit-learn counterparts, on the same folds."""

import platform
from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy
import sklearn
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import column_or_1d, indexable
from sklearn.utils.multiclass import check_classification_targets

from sklearn_lhy._folds import Progress, fold_tasks, gather_rows, run_tasks
from sklearn_lhy._report import Comparison
from sklearn_lhy.gaussian import GaussianGenerativeClassifier
from sklearn_lhy.logistic import GDLogisticRegression
from sklearn_lhy.softmax import SoftmaxGD
from sklearn_lhy.stacked import StackedLogisticMLP

BUNDLED = {"breast cancer": load_breast_cancer, "wine": load_wine, "digits": load_digits}


def counterparts(n_classes: int, random_state: int | None = 0) -> dict[str, tuple[Any, Any]]:
    """Pairs to compare: a name, the classifier of this package and scikit-learn's, at defaults.

    Parameters
    ----------
    n_classes : int
        With two classes logistic regression is compared, with more the softmax.
    random_state : int or None, default=0
        Seed of the classifiers that draw random numbers.

    Returns
    -------
    pairs : dict of str to (classifier, classifier)
        Unfitted classifiers; a dict of this form is what `compare` takes as `estimators`.
    """
    linear: type = GDLogisticRegression if n_classes == 2 else SoftmaxGD
    gaussian: dict[str, Any] = {
        "tied": LinearDiscriminantAnalysis(),
        "full": QuadraticDiscriminantAnalysis(),
        "diag": GaussianNB(),
    }
    pairs = {
        f"GaussianGenerativeClassifier {kind}": (GaussianGenerativeClassifier(kind), theirs)
        for kind, theirs in gaussian.items()
    }
    pairs[linear.__name__] = (linear(random_state=random_state), LogisticRegression())
    pairs["StackedLogisticMLP"] = (
        StackedLogisticMLP(random_state=random_state),
        MLPClassifier(random_state=random_state),
    )
    return pairs


def compare(
    X: Any = None,
    y: Any = None,
    *,
    estimators: Mapping[str, tuple[Any, Any]] | None = None,
    preprocessor: Any = "scale",
    cv: int = 5,
    random_state: int | None = 0,
    n_jobs: int | None = None,
    verbose: int = 0,
    name: str = "data",
    notes: tuple[str, ...] | list[str] = (),
) -> Comparison:
    """Cross-validate the classifiers of this package beside their scikit-learn counterparts.

    Every pair sees the same folds (stratified and shuffled) and the same preparation, fitted on the
    training rows of the fold. The two classifiers of a pair are fitted one right after the other,
    and take turns in going first, so that whatever else the machine does falls on both. BLAS is
    held to one thread meanwhile.

    Parameters
    ----------
    X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features), default=None
        Samples. Without X and y the three classification sets that come with scikit-learn are
        used: breast cancer, wine and digits.
    y : array-like of shape (n_samples,), default=None
        Labels of any type.
    estimators : mapping of str to (classifier, counterpart), default=None
        What to compare; None stands for `counterparts`. The classifiers are cloned.
    preprocessor : "scale", "passthrough" or transformer, default="scale"
        What a Pipeline puts before each classifier; "scale" is a StandardScaler.
    cv : int, default=5
        Number of folds; every class needs as many rows.
    random_state : int or None, default=0
        Seed of the folds and of the default classifiers.
    n_jobs : int or None, default=None
        Folds that run at the same time, as in scikit-learn. Times are exact with one only.
    verbose : int, default=0
        With 1 or more progress is reported on stderr.
    name : str, default="data"
        What the table calls the data.
    notes : sequence of str, default=()
        Remarks on the data to be printed with the table.

    Returns
    -------
    comparison : Comparison
        `print` shows the table; see its methods `to_json` and `plot`.

    Raises
    ------
    ValueError
        If y has one class or continuous values, or a class has fewer than `cv` rows. What a
        classifier raises or warns of is recorded in its row and does not end the run.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_lhy import compare
    >>> pairs = {"naive Bayes": (GaussianNB(), DummyClassifier())}
    >>> result = compare(*load_iris(return_X_y=True), estimators=pairs)
    >>> [row.classifier for row in result]
    ['naive Bayes', 'DummyClassifier']
    >>> round(sum(result.rows[1].accuracy) / 5, 3)
    0.333
    """
    if (X is None) != (y is None):
        raise ValueError("give both X and y, or neither for the data sets of scikit-learn.")
    if isinstance(cv, bool) or not isinstance(cv, int | np.integer) or cv < 2:
        raise ValueError(f"cv = {cv!r}: give the number of folds, an integer of at least 2.")
    _check_pairs(estimators)
    loaded: dict[str, tuple[Any, Any]] = {name: (X, y)}
    if X is None:
        loaded = {key: load(return_X_y=True) for key, load in BUNDLED.items()}
    data, tasks = [], []
    for key, (rows, labels) in loaded.items():
        X, y = _check_data(key, rows, labels, cv)
        data.append(_facts(key, X, y, notes))
        pairs = estimators
        if pairs is None:
            pairs = counterparts(len(np.unique(y)), random_state)
        folds = StratifiedKFold(int(cv), shuffle=True, random_state=random_state).split(X, y)
        tasks += fold_tasks(key, X, y, pairs, _preprocessor(preprocessor, X), list(folds))
    results = run_tasks(tasks, n_jobs, Progress(len(tasks)) if verbose else None)
    return Comparison(
        data=data,
        rows=gather_rows(tasks, results),
        settings=_settings(cv, random_state, n_jobs),
    )


def _check_pairs(estimators):
    """Refuse what is no mapping of names to two classifiers each."""
    if estimators is None:
        return
    pairs = estimators.values() if isinstance(estimators, Mapping) else []
    if not pairs or not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in pairs):
        raise TypeError(
            "estimators must map names to pairs (classifier, counterpart), such as"
            f" counterparts(2); got {estimators!r}."
        )


def _check_data(name, X, y, cv):
    """Rows that can be indexed, and at least two classes with enough rows for the folds."""
    X, y = indexable(X, y)
    X = X if hasattr(X, "shape") else np.asarray(X)
    if len(X.shape) != 2:
        raise ValueError(f"{name}: X has shape {X.shape}: give a table, rows by columns.")
    y = column_or_1d(y)
    check_classification_targets(y)
    classes, counts = np.unique(y, return_counts=True)
    if len(classes) < 2:
        raise ValueError(f"{name}: all {len(y)} rows are of one class ({classes[0]}): need two.")
    if counts.min() < cv:
        raise ValueError(
            f"{name}: class {classes[counts.argmin()]} has {counts.min()} rows, fewer than the "
            f"{cv} folds: lower the number of folds (cv), or leave out or merge rare classes."
        )
    return X, y


def _preprocessor(preprocessor, X):
    """Turn a word into the transformer that it stands for."""
    if not isinstance(preprocessor, str):
        return preprocessor
    words = {  # with_mean would fill the zeros of sparse rows
        "scale": StandardScaler(with_mean=not sparse.issparse(X)),
        "passthrough": FunctionTransformer(),
    }
    if preprocessor not in words:
        raise ValueError(
            f"preprocessor = {preprocessor!r}: give 'scale', 'passthrough' or a transformer."
        )
    return words[preprocessor]


def _facts(name, X, y, notes):
    counts = np.unique(y, return_counts=True)[1]
    return {
        "name": name,
        "n_samples": int(X.shape[0]),
        "n_features": int(X.shape[1]),
        "n_classes": len(counts),
        "smallest_class": int(counts.min()),
        "largest_class": int(counts.max()),
        "notes": list(notes),
    }


def _settings(cv, random_state, n_jobs):
    from sklearn_lhy import __version__  # at call time: the package imports this module

    return {
        "n_folds": int(cv),
        "random_state": random_state,
        "n_jobs": n_jobs,
        "sklearn_lhy": __version__,
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "python": platform.python_version(),
    }
