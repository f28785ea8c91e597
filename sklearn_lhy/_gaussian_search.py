"""A search over the parameters of the generative model that gathers its statistics once."""

import warnings
from itertools import accumulate

import numpy as np
from scipy.stats import rankdata
from sklearn.base import clone
from sklearn.metrics import check_scoring
from sklearn.model_selection import ParameterGrid, check_cv
from sklearn.utils import Bunch
from sklearn.utils.validation import validate_data

from sklearn_lhy import _moments
from sklearn_lhy._checks import encode_labels, need_two_classes
from sklearn_lhy._first_guess import first_guess
from sklearn_lhy.gaussian import GaussianGenerativeClassifier


def gaussian_grid_search(
    estimator, X, y, param_grid, *, cv=None, scoring=None, groups=None, sample_weight=None
):
    """Cross-validate a grid of parameters without gathering the statistics for each candidate.

    The statistics of the rows outside a fold are the sum of those of the other folds. So the rows
    are read once, however many values of `shrinkage`, `pooling`, `reg_covar` and `priors` are
    tried, and the scores are those of ``GridSearchCV``.

    Parameters
    ----------
    estimator : GaussianGenerativeClassifier
        Classifier whose parameters serve where the grid names none; it is not changed.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Training rows.
    y : array-like of shape (n_samples,)
        Labels.
    param_grid : dict or list of dict
        Values to try for each parameter, as in ``GridSearchCV``.
    cv : int, cross-validation generator or iterable, default=None
        Folds, as in ``GridSearchCV``; where the test rows overlap or leave rows out (repeated or
        shuffled splits), each split gathers its statistics once.
    scoring : str or callable, default=None
        Score to maximise; accuracy by default.
    groups : array-like of shape (n_samples,), default=None
        Groups for the folds.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows, in fitting and in scoring.

    Returns
    -------
    result : sklearn.utils.Bunch
        `best_estimator_` fitted to all rows, `best_params_`, `best_score_`, `best_index_`, and
        `cv_results_` with "params", "mean_test_score", "std_test_score", "rank_test_score" and
        "split0_test_score", ... as in ``GridSearchCV``.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn_lhy import GaussianGenerativeClassifier, gaussian_grid_search
    >>> X, y = load_wine(return_X_y=True)
    >>> grid = {"shrinkage": [None, "auto", 0.5], "pooling": [0, 0.5, 1]}
    >>> result = gaussian_grid_search(GaussianGenerativeClassifier("full"), X, y, grid)
    >>> result.best_params_
    {'pooling': 0.5, 'shrinkage': None}
    """
    _check_search(estimator, scoring)
    whole = clone(estimator)
    table = X if hasattr(X, "iloc") else None  # scorers may ask for its names
    X, y, weight = whole._check_training(X, y, sample_weight)
    table = X if table is None else table
    classes, codes = encode_labels(y)
    need_two_classes(classes, codes, weight)
    place = np.arange(len(y))  # for indices that are boolean or count from the end
    splits = check_cv(cv, y, classifier=True).split(X, y, groups)
    folds = [(place[train], place[test]) for train, test in splits]
    grid = list(ParameterGrid(param_grid))
    _check_splits(grid, folds, classes, codes)
    candidates = [clone(estimator).set_params(**values) for values in grid]
    moments, scores = {}, np.empty((len(candidates), len(folds)))
    score, rows = check_scoring(estimator, scoring), getattr(table, "iloc", table)
    for c, candidate in enumerate(candidates):
        candidate._validate_params()
        key = candidate._statistics()
        if key not in moments:
            moments[key] = _fold_moments(candidate, X, codes, len(classes), weight, folds)
        for f, (train, test) in enumerate(folds):
            present = np.unique(codes[train])
            validate_data(candidate, table, skip_check_array=True)  # sets the names
            left = _moments.of_classes(moments[key][f], present)
            candidate._set_model(classes[present], left, X.dtype)
            weighted = {} if weight is None else {"sample_weight": weight[test]}
            scores[c, f] = score(candidate, rows[test], y[test], **weighted)
    results = _search_results(grid, scores)
    best = int(results["rank_test_score"].argmin())
    whole.set_params(**candidates[best].get_params())
    return Bunch(
        best_estimator_=whole._set_model(classes, moments[whole._statistics()][-1], X.dtype),
        best_params_=grid[best],
        best_score_=results["mean_test_score"][best],
        best_index_=best,
        cv_results_=results,
    )


def _check_search(estimator, scoring):
    """Refuse what only GridSearchCV can search."""
    if not isinstance(estimator, GaussianGenerativeClassifier):
        raise TypeError(
            "gaussian_grid_search needs a GaussianGenerativeClassifier as estimator, got"
            f" {estimator!r}: search others with GridSearchCV."
        )
    if not (scoring is None or isinstance(scoring, str) or callable(scoring)):
        raise TypeError(f"scoring must be one score, a str or a callable, got {scoring!r}.")


def _check_splits(grid, folds, classes, codes):
    """Refuse a search without candidates or splits, or that trains on a single class."""
    if not grid or not folds:
        raise ValueError(
            f"param_grid gives {len(grid)} candidates and cv {len(folds)} splits: there must be at"
            " least one of each."
        )
    for f, (train, _) in enumerate(folds):
        present = classes[np.unique(codes[train])]
        need_two_classes(present, None, name=f"The training part of split {f}")


def _search_results(grid, scores):
    """Give the table of scores (candidates, folds); NaN ranks last."""
    mean = scores.mean(axis=1)
    if np.isnan(mean).any():
        warnings.warn(f"The mean scores {mean} hold NaN, which ranks last.", stacklevel=3)
    rank = rankdata(-np.where(np.isnan(mean), -np.inf, mean), method="min")
    return {
        "params": grid,
        "mean_test_score": mean,
        "std_test_score": scores.std(axis=1),
        "rank_test_score": rank.astype(np.int32),
        **{f"split{f}_test_score": scores[:, f] for f in range(scores.shape[1])},
    }


def _fold_moments(estimator, X, codes, K, weight, folds):
    """Moments of the training rows of each fold, and last those of all rows."""
    count = np.bincount(codes, weight, K)
    kind, _ = estimator._statistics()
    guess = first_guess(X, codes, count, kind, weight, estimator.allow_nan)  # of all parts alike

    def gathered(rows):
        part = None if weight is None else weight[rows]
        return estimator._gather(X[rows], codes[rows], K, part, guess)

    n = X.shape[0]
    tested = np.bincount(np.concatenate([test for _, test in folds]), minlength=n)
    whole = (np.array_equal(np.sort(np.concatenate(fold)), np.arange(n)) for fold in folds)
    if np.any(tested != 1) or not all(whole):
        return [gathered(train) for train, _ in folds] + [gathered(slice(None))]
    parts = [gathered(test) for _, test in folds]
    before = list(accumulate(parts, _moments.add))  # before[f]: folds 0 to f
    after = list(accumulate(parts[::-1], _moments.add))[::-1]  # after[f]: folds f to the last
    middle = [_moments.add(a, b) for a, b in zip(before[:-2], after[2:], strict=True)]
    return [after[1], *middle, before[-2], before[-1]]
