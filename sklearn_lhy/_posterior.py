"""Bayes' rule [C9], once: every classifier here turns scores into P(class given x) the same way.

A score is a log-odds or an unnormalised log-probability, so the posterior is sigma(z) [C27] or
softmax(z) [L22]. A subclass supplies the scores.
"""

from abc import ABCMeta, abstractmethod
from contextlib import contextmanager

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_lhy._compat import check_sample_weight
from sklearn_lhy._units import log1pexp, log_softmax, sigmoid, softmax


def encode_labels(y):
    """Sorted distinct labels and the code of each entry, without sorting all of y if possible."""
    if y.dtype.kind in "iu" and len(y) and int(y.max()) - int(y.min()) < 1000:
        offset = y.astype(np.intp) - int(y.min())  # small integer types would overflow
        present = np.bincount(offset) > 0
        return (np.flatnonzero(present) + y.min()).astype(y.dtype), (present.cumsum() - 1)[offset]
    try:
        classes = np.unique(y[:: max(1, len(y) // 1000)])
        codes = np.minimum(np.searchsorted(classes, y), len(classes) - 1)
        if not np.array_equal(classes[codes], y):  # a class that the sample missed
            classes, codes = np.unique(y, return_inverse=True)
    except TypeError as error:
        raise TypeError(
            "y mixes labels that cannot be ordered (such as str and int): give all labels one type."
        ) from error
    return classes, codes


def known_codes(y, classes):
    """The code of each entry among classes that are known, which must hold them all."""
    codes = np.minimum(np.searchsorted(classes, y), len(classes) - 1)
    unknown = classes[codes] != y
    if np.any(unknown):
        raise ValueError(
            f"y holds labels that are not in classes: {np.unique(np.asarray(y)[unknown])!r}."
            f" Known classes: {classes!r}."
        )
    return codes


def need_two_classes(classes, codes, weight=None):
    """Refuse a target with one class, or with one class left where the weights are positive."""
    if len(classes) < 2:
        raise ValueError(
            f"y holds one class only ({classes[0]!r}): a classifier needs samples of at least two"
            " classes."
        )
    if weight is not None:
        present = np.bincount(codes, weight, len(classes)) > 0
        if present.sum() < 2:
            raise ValueError(
                f"sample_weight leaves one class only ({classes[present][0]!r}): at least two"
                " classes need a positive weight."
            )


@contextmanager
def unchanged_on_error(estimator):
    """Give the estimator its old attributes back when the block inside fails or is interrupted."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


class PosteriorClassifier(ClassifierMixin, BaseEstimator, metaclass=ABCMeta):
    """Abstract classifier whose posterior is the sigmoid or the softmax of its scores.

    `_scores(X)` gives (n, 1) for one logistic unit or a pair of classes, (n, K) otherwise.
    """

    _multilabel = False  # targets are an indicator matrix, each column a logistic unit
    _target_checks: dict = {}  # what validate_data shall do about y, beyond its default

    @abstractmethod
    def _scores(self, X):
        """Scores of validated rows."""

    def _check_rows(self, X):
        """Validate X for prediction."""
        check_is_fitted(self)
        return validate_data(self, X, reset=False, **self._row_checks())

    def _row_checks(self):
        """What check_array shall demand of X."""
        return {
            "accept_sparse": "csr" if self.__sklearn_tags__().input_tags.sparse else False,
            "dtype": [np.float64, np.float32],
        }

    def _check_training(self, X, y, sample_weight, *, reset=True):
        """Validate training data: X (n, d), labels y (n,), weights (n,) of X's dtype or None."""
        X, y = validate_data(self, X, y, reset=reset, **self._row_checks(), **self._target_checks)
        if y.dtype.kind not in "biuUS":  # these are always labels, and the check sorts all of them
            check_classification_targets(y)
        if sample_weight is not None:
            sample_weight = check_sample_weight(sample_weight, X)
        return X, y, sample_weight

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
        Z = self._scores(X)
        if self._multilabel:
            return Z
        if Z.shape[1] == 2:
            return Z[:, 1] - Z[:, 0]
        return Z[:, 0] if Z.shape[1] == 1 else Z

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
            return np.stack([sigmoid(-Z), sigmoid(Z)], axis=1)
        return sigmoid(Z) if self._multilabel else softmax(Z)

    def predict_log_proba(self, X):
        """Logarithm of the posterior, exact also where the probability rounds to 0 or 1.

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
