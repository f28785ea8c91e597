"""Bayes' rule [C9], once: every classifier here turns scores into P(class given x) the same way.

A score is a log-odds or an unnormalised log-probability, so the posterior is sigma(z) [C27] or
softmax(z) [L22]. A subclass supplies the scores.
"""

import warnings
from abc import ABCMeta, abstractmethod
from functools import cache

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_lhy._checks import (
    FLOATS,
    check_labels,
    need_rows_in_memory,
    pass_as_they_are,
    refuse_what_would_be_lost,
)
from sklearn_lhy._compat import check_sample_weight
from sklearn_lhy._rows import blocks_of, rowwise
from sklearn_lhy._units import log1pexp, log_softmax, sigmoid, softmax
from sklearn_lhy._version import __version__


def without_nan(Z):
    """Scores that are numbers or infinite, or a refusal."""
    if np.isnan(Z).any():
        refuse_overflow()
    return Z


def refuse_overflow():
    """Say that rows lie too far out."""
    raise ValueError("X holds values so large that the scores overflow: check its units.")


class unchanged_on_error:
    """Give the estimator its old attributes back when the block inside fails or is interrupted."""

    def __init__(self, estimator):
        self.attributes = vars(estimator)

    def __enter__(self):
        self.before = dict(self.attributes)

    def __exit__(self, error, *_):
        if error is not None:
            self.attributes.clear()
            self.attributes.update(self.before)


class PosteriorClassifier(ClassifierMixin, BaseEstimator, metaclass=ABCMeta):
    """Abstract classifier whose posterior is the sigmoid or the softmax of its scores.

    `_scores(X)` gives (n, 1) for one logistic unit or a pair of classes, (n, K) otherwise.
    """

    _multilabel = False  # targets are an indicator matrix, each column a logistic unit
    _row_checks: dict = {"accept_sparse": "csr", "dtype": FLOATS}  # of check_array, for X
    _target_checks: dict = {}  # what validate_data shall do about y, beyond its default

    @abstractmethod
    def _scores(self, X):
        """Scores of validated rows."""

    @abstractmethod
    def _flaw(self):
        """What is wrong with fitted attributes that were loaded, or nothing."""

    @classmethod
    @cache
    def _get_param_names(cls):
        """Names of the parameters; scikit-learn would read them off the signature at each call."""
        return super()._get_param_names()

    def __copy__(self):
        """Copy in memory, also in the midst of a fit, when there is nothing to check."""
        twin = type(self).__new__(type(self))
        vars(twin).update(vars(self))
        return twin

    def __getstate__(self):
        return {**super().__getstate__(), "_sklearn_lhy_version": __version__}

    def __setstate__(self, state):
        """Take over a saved state that is whole, with a warning if another version wrote it."""
        state = dict(state)
        version = state.pop("_sklearn_lhy_version", "unknown")
        if version != __version__:
            warnings.warn(
                InconsistentVersionWarning(
                    estimator_name=type(self).__name__,
                    current_sklearn_version=f"{__version__} of sklearn_lhy",
                    original_sklearn_version=f"{version} of sklearn_lhy",
                ),
                stacklevel=2,
            )
        super().__setstate__(state)
        try:
            missing = [name for name in self._get_param_names() if name not in state]
            flaw = f"no {missing}" if missing else self._flaw() if "classes_" in state else ""
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            flaw = f"{type(error).__name__}: {error}"
        if flaw:
            raise ValueError(
                f"The saved state of {type(self).__name__} (version {version}) is damaged or not"
                f" one of version {__version__}; it has {flaw}. Fit and save the model again."
            )

    def _check_rows(self, X):
        """Validate X for prediction."""
        check_is_fitted(self)
        return self._validated(X, reset=False)

    def _validated(self, X, *y, reset):
        """X, or X and y, as scikit-learn's validate_data gives them.

        To find out that plain arrays pass as they are takes it a third of a small fit, and more
        than half of a small prediction (benchmarks/calls.py): they are spared that.
        """
        known = vars(self)
        if (
            not pass_as_they_are(X, *y)
            or "feature_names_in_" in known
            or not (reset or known.get("n_features_in_") == X.shape[1])
        ):
            given = dict(zip("Xy", (X, *y), strict=False))
            refuse_what_would_be_lost(**given)
            need_rows_in_memory(**given)
            checks = self._row_checks | (self._target_checks if y else {})
            return validate_data(self, X, *y, reset=reset, **checks)
        if self._row_checks.get("ensure_all_finite", True):
            assert_all_finite(X, input_name="X", estimator_name=type(self).__name__)
        self.n_features_in_ = X.shape[1]
        return (X, *y) if y else X

    def _check_finite(self, X):
        """Raise where validated rows are not finite, if `_row_checks` have left that open."""

    def _check_training(self, X, y, sample_weight, *, reset=True):
        """Validate training data: X (n, d), labels y (n,), weights (n,) of X's dtype or None."""
        X, y = self._validated(X, y, reset=reset)
        check_labels(y)
        if sample_weight is not None:
            refuse_what_would_be_lost(sample_weight=sample_weight)
            need_rows_in_memory(X, sample_weight=sample_weight)
            sample_weight = check_sample_weight(sample_weight, X)
        return X, y, sample_weight

    def _check_blocks(self, X, y, sample_weight, *, reset=True):
        """Lazy training data as blocks, each to be validated by `checked_block` where it is."""
        blocks = blocks_of(X, y, sample_weight)
        validate_data(self, blocks.head, reset=reset, skip_check_array=True)
        return blocks

    @rowwise
    def decision_function(self, X):
        """Scores z, with P(class given x) = sigma(z) or softmax(z).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes the log-odds ln P(classes_[1] given x) / P(classes_[0] given x) [C27].
        """
        X = self._check_rows(X)
        with np.errstate(over="ignore", invalid="ignore"):
            Z = self._scores(X)
            if Z.shape[1] < 3 and not self._multilabel:
                Z = Z[:, -1] - Z[:, 0] if Z.shape[1] == 2 else Z[:, 0]
            if np.isfinite(Z.sum()):  # then all of them are
                return Z
        self._check_finite(X)
        if not self._multilabel and Z.ndim == 2 and not np.isfinite(Z.max(axis=1)).all():
            refuse_overflow()  # the largest score of a row is no number to compare with
        return without_nan(Z)

    @rowwise
    def predict(self, X):
        """Most probable class of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels, entries of `classes_`; (n_samples, n_outputs) for multilabel targets.
        """
        Z = self.decision_function(X)
        if self._multilabel:
            return (Z > 0).astype(int)
        codes = (Z > 0).astype(int) if Z.ndim == 1 else Z.argmax(axis=1)
        return self.classes_[codes]

    @rowwise
    def predict_proba(self, X):
        """Posterior probabilities P(class given x).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        P : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`; each row sums to one, except for multilabel
            targets, where each column is the probability of one label.
        """
        Z = self.decision_function(X)
        if Z.ndim == 1:
            P = np.empty((len(Z), 2), Z.dtype)
            np.negative(Z, out=P[:, 0])
            P[:, 1] = Z
            return sigmoid(P, out=P)
        return sigmoid(Z) if self._multilabel else softmax(Z)

    @rowwise
    def predict_log_proba(self, X):
        """Logarithm of the posterior, exact also where the probability rounds to 0.

        Where it rounds to 1 too, in double precision; in single precision it is 0 there.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        L : ndarray of shape (n_samples, n_classes)
            Columns as in `predict_proba`.
        """
        Z = self.decision_function(X)
        if Z.ndim == 1:
            L = np.stack([-log1pexp(Z), -log1pexp(-Z)], axis=1)
        else:
            L = -log1pexp(-Z) if self._multilabel else log_softmax(Z)
        if L.dtype == np.float32:  # agree with predict_proba, which rounds to 1 there
            L[-np.finfo(np.float32).eps / 2 < L] = 0
        return L
