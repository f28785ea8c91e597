"""The generative model: a Gaussian for each class, and Bayes' rule [C9-C33]."""

from copy import copy
from functools import cache
from inspect import signature
from numbers import Integral, Real

import numpy as np
from scipy.sparse import issparse
from scipy.special import logsumexp
from sklearn import get_config
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
from sklearn.utils import assert_all_finite, check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklearn_lhy import _moments
from sklearn_lhy._checks import (
    announced_labels,
    check_squares,
    checked_block,
    encode_labels,
    known_codes,
    need_two_classes,
    squares_fit,
)
from sklearn_lhy._compat import Interval, StrOptions, check_parameters
from sklearn_lhy._first_guess import first_guess
from sklearn_lhy._gather import better_guess, gather
from sklearn_lhy._gaussian_model import densities
from sklearn_lhy._gaussian_scores import (
    at_centre,
    discriminant_directions,
    draw,
    linear_scores,
    log_densities,
    squared_distances,
)
from sklearn_lhy._gaussians import Densities
from sklearn_lhy._posterior import PosteriorClassifier, unchanged_on_error, without_nan
from sklearn_lhy._rows import dense, is_lazy, product, row_blocks, rowwise
from sklearn_lhy._units import Layer, layer_scores

SHARED = ("tied", "tied_diag")  # one covariance for all classes: the scores are linear in x
LINEAR = ("coef_", "intercept_", "_centred", "_cancelling")


class GaussianGenerativeClassifier(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, PosteriorClassifier
):
    """Classifier that models each class by a Gaussian and applies Bayes' rule.

    P(x given k) is a Gaussian with mean mu_k and covariance Sigma_k, fitted by maximum likelihood
    [C18], and P(k given x) follows from Bayes' rule. With one covariance for all classes the
    posterior is softmax(W x + b) with W and b in closed form [C33].

    Training gathers the weight, mean and covariance of every class in one pass over the rows. These
    join exactly in any order and any split, so `partial_fit` and `merge` give the model that one
    `fit` on all rows gives. With "tied" and "full", and no fixed `shrinkage`, nothing depends on
    the units of the features, and redundant features (constant, or combinations of others) do no
    harm. Where features are independent within a class, a duplicate counts twice; with more
    features than rows, the rows span what the model knows.

    Parameters
    ----------
    covariance_type : {"tied", "full", "diag", "tied_diag", "spherical"}, default="tied"
        What the covariances may be:

        - "tied": one for all classes [C23] (as in linear discriminant analysis);
        - "full": each class its own [C29-C31] (quadratic discriminant analysis);
        - "diag": each class its own, features independent within a class [C26] (naive Bayes);
        - "tied_diag": one for all classes, features independent within a class, which misleads
          where features go together [L18-L20];
        - "spherical": each class a single variance for all features.
    priors : array-like of shape (n_classes,), default=None
        Probabilities of the classes, in the order of `classes_`; they must add up to 1. By default
        the share of each class in the training weights. They may come from elsewhere [L21].
    shrinkage : {"auto"} or float in [0, 1], default=None
        How far each covariance is drawn towards one without correlations. A float s gives
        (1 - s) Sigma + s mu I with mu the mean variance of the features, in the units of the data.
        "auto" standardises the features of each class and takes the amount of Ledoit and Wolf
        [1]_; it leaves the diagonal types as they are, since they hold no correlations.
    reg_covar : float in [0, 1], default=1e-6
        Least variance of a class in any direction, as a fraction of the total variance of the data
        in that direction. A floor, not an addition: covariances above it are not touched.
    pooling : float in [0, 1], default=0.0
        How far the covariance of each class is drawn towards the one of all classes, as in
        regularised discriminant analysis [2]_: 0 keeps "full", "diag" and "spherical" as they are,
        1 makes their covariances equal. The tied types are pooled already and ignore it.
    allow_nan : bool, default=False
        Whether NaN marks a missing value. In prediction a missing value is integrated out exactly.
        In training the diagonal types use the values that are there; "tied" and "full" raise.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted.
    class_count_ : ndarray of shape (n_classes,)
        Weight of the training rows of each class.
    class_prior_ : ndarray of shape (n_classes,)
        Probability of each class.
    means_ : ndarray of shape (n_classes, n_features)
        Mean of each class; NaN for a class without rows, as in `covariance_`.
    covariance_ : ndarray
        Covariance as the model uses it, of shape (n_features, n_features) for "tied",
        (n_classes, n_features, n_features) for "full", (n_classes, n_features) for "diag",
        (n_features,) for "tied_diag" and (n_classes,) for "spherical".
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Weights w of the scores, of shape (1, n_features) for two classes. Tied types only.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Biases b of the scores. Tied types only.
    n_features_in_ : int
        Number of features seen in training.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    sklearn.discriminant_analysis.LinearDiscriminantAnalysis : The model of "tied".
    sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis : The model of "full".
    sklearn.naive_bayes.GaussianNB : The model of "diag".

    References
    ----------
    .. [1] O. Ledoit and M. Wolf (2004). A well-conditioned estimator for large-dimensional
       covariance matrices. Journal of Multivariate Analysis 88(2), 365-411.
    .. [2] J. H. Friedman (1989). Regularized discriminant analysis. Journal of the American
       Statistical Association 84(405), 165-175.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn_lhy.gaussian import GaussianGenerativeClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = GaussianGenerativeClassifier().fit(X[::2], y[::2])
    >>> round(model.score(X[1::2], y[1::2]), 3)
    0.944
    """

    # NaN and infinity are left to `_check_finite`: they show in the moments and in the scores
    _row_checks: dict = {**PosteriorClassifier._row_checks, "ensure_all_finite": False}
    _parameter_constraints: dict = {
        "covariance_type": [StrOptions({"tied", "full", "diag", "tied_diag", "spherical"})],
        "priors": ["array-like", None],
        "shrinkage": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="both"), None],
        "reg_covar": [Interval(Real, 0, 1, closed="both")],
        "pooling": [Interval(Real, 0, 1, closed="both")],
        "allow_nan": ["boolean"],
    }

    def __init__(
        self,
        covariance_type="tied",
        *,
        priors=None,
        shrinkage=None,
        reg_covar=1e-6,
        pooling=0.0,
        allow_nan=False,
    ):
        self.covariance_type = covariance_type
        self.priors = priors
        self.shrinkage = shrinkage
        self.reg_covar = reg_covar
        self.pooling = pooling
        self.allow_nan = allow_nan

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = bool(self.allow_nan)
        if self.covariance_type not in SHARED:
            tags.transformer_tags = None
        return tags

    @property
    def _moments(self):
        """The moments of all rows so far, which are kept as a dict."""
        return _moments.Moments(**self._gathered)

    @property
    def _densities(self):
        """The Gaussians, which are kept as a dict."""
        return Densities(**self._model)

    def _flaw(self):
        moments, model, d = self._moments, self._densities, self.n_features_in_
        shapes = [a.shape for a in (self.class_count_, self.class_prior_, moments.N)]
        if shapes != 3 * [self.classes_.shape] or self.means_.shape != (len(moments.N), d):
            return f"{shapes} numbers and means {self.means_.shape} for {d} features"
        if moments.mean.shape != self.means_.shape or model.mean.shape != (len(self._seen), d):
            return (
                f"moments of shape {moments.mean.shape} beside means of shape {self.means_.shape}"
            )
        arrays = (moments.mean, moments.second, *model.whitener)
        finite = all(np.isfinite(array).all() for array in arrays)
        return "" if finite else "moments that are not finite"

    def _axes(self):
        """Whether features are independent within a class, so that each can be missing alone."""
        return self.covariance_type not in ("tied", "full")

    @classmethod
    @cache
    def _defaults(cls):
        """Give the defaults of the parameters."""
        return {name: known.default for name, known in signature(cls).parameters.items()}

    def _check_parameters(self):
        """Validate what is not the default, as scikit-learn's context of `fit` does for all.

        That context, which also spares estimators inside of this one, is a fourth of a small fit.
        """
        if not get_config()["skip_parameter_validation"]:
            default, given = self._defaults(), self.get_params(deep=False)
            changed = {name: value for name, value in given.items() if value is not default[name]}
            check_parameters(self._parameter_constraints, changed, type(self).__name__)

    def _check_finite(self, X):
        """Raise where validated rows hold infinity, or NaN that was not announced."""
        assert_all_finite(
            X.data if issparse(X) else X,
            allow_nan=self.allow_nan,
            estimator_name=type(self).__name__,
            input_name="X",
        )
        return X

    def fit(self, X, y, sample_weight=None):
        """Fit a Gaussian to the rows of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows. A Dask array or dataframe, with y and weights of Dask, is fitted where it
            is, and predictions for one are lazy arrays.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights: a row of weight 2 counts as the row twice.

        Returns
        -------
        self : GaussianGenerativeClassifier
            The fitted classifier.
        """
        self._check_parameters()
        with unchanged_on_error(self):
            if is_lazy(X):
                classes, moments, dtype = self._gather_blocks(X, y, sample_weight)
                need_two_classes(classes, np.arange(len(classes)), moments.N)
                return self._set_model(classes, moments, dtype)
            X, y, weight = self._check_training(X, y, sample_weight)
            classes, codes = encode_labels(y)
            need_two_classes(classes, codes, weight)
            return self._set_model(classes, self._gather(X, codes, len(classes), weight), X.dtype)

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Add rows to the model: in any order and any split this equals one `fit` on all rows.

        Rows whose directions differ in scale by more than a million want a first part of at least
        3/2 n_features + n_classes rows, which finds the coordinates that all are summed in.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to add.
        y : array-like of shape (n_samples,)
            Their labels.
        classes : array-like of shape (n_classes,), default=None
            Labels that may come. Labels that were not announced may appear at any time; a class
            has probability 0 until its first row.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        self : GaussianGenerativeClassifier
            The fitted classifier.
        """
        self._check_parameters()
        with unchanged_on_error(self):
            first = not hasattr(self, "_gathered")
            if is_lazy(X):
                labels, moments, dtype = self._gather_blocks(X, y, sample_weight, reset=first)
            else:
                X, y, weight = self._check_training(X, y, sample_weight, reset=first)
                labels, codes = encode_labels(y)
                guess = None if first else self._known_coordinates(X, codes, len(labels), weight)
                moments, dtype = self._gather(X, codes, len(labels), weight, guess), X.dtype
            if classes is not None:
                known = announced_labels(classes)
                if not first:
                    known, _ = _union(known, self.classes_)
                if not np.isin(labels, known).all():
                    raise ValueError(
                        f"y holds {labels[~np.isin(labels, known)]!r}, which is not in"
                        f" classes={classes!r}: announce it, or leave `classes` out."
                    )
                labels, place = _union(labels, known)
                moments = _moments.embedded(moments, place, len(labels))
            return self._set_model(labels, moments, dtype) if first else self._add(labels, moments)

    def merge(self, other):
        """Add the rows that another fitted model has seen, without the rows themselves.

        Parameters
        ----------
        other : GaussianGenerativeClassifier
            A model fitted elsewhere, with the same features and statistics of the same kind: pooled
            ("tied"), of each class ("full") or of single features (the other types).

        Returns
        -------
        self : GaussianGenerativeClassifier
            The classifier as if it had been fitted to the rows of both.
        """
        check_is_fitted(self)
        if not isinstance(other, GaussianGenerativeClassifier):
            raise TypeError(f"merge needs a GaussianGenerativeClassifier, got {other!r}.")
        check_is_fitted(other)
        if other.n_features_in_ != self.n_features_in_:
            raise ValueError(
                f"other was fitted to {other.n_features_in_} features, this model to"
                f" {self.n_features_in_}: only models of the same features can be merged."
            )
        names, others = (getattr(m, "feature_names_in_", None) for m in (self, other))
        if names is not None and others is not None and not np.array_equal(names, others):
            raise ValueError(
                f"other was fitted to features named {list(others)}, this model to {list(names)}:"
                " bring the columns into the same order and fit it again."
            )
        with unchanged_on_error(self):
            return self._add(other.classes_, other._moments)

    def with_priors(self, priors):
        """Give this fitted model under other priors, without fitting its Gaussians again.

        Parameters
        ----------
        priors : array-like of shape (n_classes,) or None
            Probabilities of the classes, or None for their shares in the training rows.

        Returns
        -------
        model : GaussianGenerativeClassifier
            A fitted classifier of its own; this one keeps its priors.
        """
        check_is_fitted(self)
        model = copy(self)
        model.priors = priors
        return model._set_priors()

    def _statistics(self):
        """Kind of moments that the parameters ask for, and whether of fourth order too."""
        fourth = self.shrinkage == "auto" and not self._axes()
        kind = {"tied": "pooled", "full": "each"}.get(self.covariance_type, "axes")
        return ("each" if fourth else kind), fourth

    def _gather(self, X, codes, K, weight, guess=None):
        """Moments of validated rows, of the kind that the parameters ask for."""
        kind, fourth = self._statistics()
        if self.allow_nan or weight is not None:  # a weight of 0 may hide a row from the moments
            self._check_finite(X)
        if self.allow_nan and not self._axes() and np.isnan(X.data if issparse(X) else X).any():
            raise ValueError(
                f"X contains NaN: covariance_type={self.covariance_type!r} cannot be fitted to rows"
                " with missing values (it predicts them). Impute them, or take a diagonal type."
            )
        with np.errstate(over="ignore", invalid="ignore"):
            moments = gather(
                X,
                codes,
                K,
                kind,
                weight=weight,
                guess=guess,
                fourth=fourth,
                missing=self.allow_nan and self._axes(),
            )
        second = _moments.variances(moments)
        if not squares_fit(second, second.dtype):
            if not np.isfinite(second).all():
                self._check_finite(X)
            check_squares(X, second.sum(axis=0), second.dtype)
        if fourth:
            powers = np.diagonal(moments.fourth, axis1=1, axis2=2).sum(axis=0)
            check_squares(X, powers, powers.dtype, power=4)
        return moments

    def _gather_blocks(self, X, y, sample_weight, reset=True):
        """Labels, moments and precision of lazy rows, in one round over their blocks.

        Where the rows are badly conditioned and a block was too small to find it out, a second
        round gathers all in the coordinates that the first one found.
        """
        blocks = self._check_blocks(X, y, sample_weight, reset=reset)
        labels, moments, dtype = blocks.reduce(_block_moments, _both, clone(self))
        if not moments.N.any():
            raise ValueError("All of sample_weight is 0.")
        guess = better_guess(moments)
        if guess is not None:
            _, moments, _ = blocks.reduce(_block_moments, _both, clone(self), labels, guess)
        return labels, moments, dtype

    def _known_coordinates(self, X, codes, K, weight):
        """Give the coordinates that whitened the rows so far, if any, to gather these rows in."""
        if self._moments.basis is None:
            return None
        count, kind = np.bincount(codes, weight, K), self._moments.kind
        return first_guess(X, codes, count, kind, weight, self.allow_nan, self._moments)

    def _add(self, labels, moments):
        """Add the moments of more rows to the model."""
        mine = self._moments
        if (moments.kind, moments.fourth is None) != (mine.kind, mine.fourth is None):
            raise ValueError(
                "The statistics differ in kind: covariance_type, or shrinkage='auto', was changed"
                " since the first rows, or differs in the other model. Fit anew."
            )
        classes, mine, moments = _side_by_side(self.classes_, mine, labels, moments)
        return self._set_model(classes, _moments.add(mine, moments), self.means_.dtype)

    def _set_model(self, classes, moments, dtype):
        """Set every attribute from the moments."""
        K = len(classes)
        left, seen = _moments.occupied(moments)
        self._shared = self.covariance_type in SHARED  # it may be changed after the fit
        model = densities(
            left,
            dtype,
            shared=self._shared,
            spherical=self.covariance_type == "spherical",
            pooling=self.pooling,
            shrinkage=self.shrinkage or None,
            floor=self.reg_covar,
        )
        self.classes_, self.class_count_ = classes, moments.N
        self._gathered, self._model, self._seen = moments._asdict(), model._asdict(), seen
        self.means_ = _among_all(model.mean.astype(dtype), seen, K)
        covariance = _held(model.covariance, dtype)
        if self.covariance_type == "spherical":
            covariance = covariance.max(axis=1)
        self.covariance_ = covariance[0] if self._shared else _among_all(covariance, seen, K)
        return self._set_priors()

    def _set_priors(self):
        """Set the attributes that depend on the priors."""
        K = len(self.classes_)
        prior = self.class_count_ / self.class_count_.sum()
        if self.priors is not None:
            prior = _checked_priors(self.priors, K)
            if not prior[self._seen].any():
                raise ValueError(
                    f"priors={self.priors!r} name only classes without rows: give one of"
                    f" {self.classes_[self._seen]} a probability."
                )
        self.class_prior_ = prior
        if not self._shared:
            for name in LINEAR:  # of a fit with another covariance_type
                vars(self).pop(name, None)
            return self
        seen, model, dtype = self._seen, self._densities, self.means_.dtype
        centre, (W, b) = model.centre, linear_scores(model, self._log_prior())
        W, b = _among_all(W.T, seen, K, 0).T, _among_all(b, seen, K, -np.inf)
        if K == 2:
            W, b = W[:, 1:] - W[:, :1], b[1:] - b[:1]
        self._centred = [W, b]
        self._cancelling = float((np.abs(centre) @ np.abs(W)).max())
        self.coef_, self.intercept_ = _held(W.T, dtype), (b - centre @ W).astype(dtype)
        if self.coef_.dtype != dtype:
            self._cancelling = np.inf  # scores then come from the centred rows, in double
        return self

    def _log_prior(self):
        """Log prior ln P(k) of the classes that have rows."""
        with np.errstate(divide="ignore"):
            return np.log(self.class_prior_[self._seen])

    def _log_joint(self, X):
        """Log joint ln P(x, k) (n, K) of validated rows; -inf for classes without rows."""
        L = log_densities(X, self._densities, self.allow_nan)
        L += self._log_prior()
        return _among_all(L.T, self._seen, len(self.classes_), -np.inf).T

    def _scores(self, X):
        if len(self.classes_) < 2:
            raise ValueError(
                f"The model has seen one class only ({self.classes_[0]!r}): announce all with"
                " partial_fit(..., classes=...), or add rows of another class."
            )
        Z = self._linear_scores(X) if self._shared else self._log_joint(X)
        return Z.astype(X.dtype, copy=False)

    def _linear_scores(self, X):
        """Scores of a shared covariance: (n, 1) for two classes, (n, K) otherwise."""
        if self._cancelling > np.finfo(X.dtype).eps ** -0.25 and not issparse(X):
            Z = self._centred_scores(X, Layer(*self._centred))
        else:
            W = self.coef_.T.astype(X.dtype, order="C")
            Z = product(X, W)
            Z += self.intercept_.astype(X.dtype)
        if self.allow_nan:
            missing = np.isnan(Z).any(axis=1)  # a missing value without weight changes nothing
            rows = X[missing]
            joint = self._log_joint(rows) - log_densities(rows, at_centre(self._densities), True)
            Z[missing] = joint[:, 1:] - joint[:, :1] if Z.shape[1] == 1 else joint
        return Z

    def _centred_scores(self, X, layer):
        """Scores of dense rows far from the origin, where X @ W + b would cancel digits."""
        centre = self._densities.centre
        Z = np.empty((X.shape[0], len(layer.b)), X.dtype)
        for part in row_blocks(X):
            Z[part] = layer_scores(X[part] - centre, layer)
        return Z

    @rowwise
    def score_samples(self, X):
        """Log-density ln P(x) = ln sum_k P(x given k) P(k) of each row.

        Where features are redundant, the density is that within the directions that the training
        rows span, as in ``scipy.stats.multivariate_normal(..., allow_singular=True)``.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            Natural logarithm of the density.
        """
        X = self._check_finite(self._check_rows(X))
        with np.errstate(over="ignore", invalid="ignore"):
            L = logsumexp(self._log_joint(X), axis=1).astype(X.dtype, copy=False)
        return without_nan(L)

    @rowwise
    def mahalanobis(self, X):
        """Squared Mahalanobis distance of each row to the mean of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        distances : ndarray of shape (n_samples, n_classes)
            (x - mu_k)' Sigma_k^-1 (x - mu_k) in the directions that the training rows span; NaN for
            classes without rows and for rows with missing values.
        """
        X = self._check_finite(self._check_rows(X))
        D, model = np.full((X.shape[0], len(self.classes_)), np.nan, X.dtype), self._densities
        with np.errstate(over="ignore", invalid="ignore"):
            for part in row_blocks(X):
                D[part, self._seen] = squared_distances(dense(X[part]) - model.centre, model)
        if not self.allow_nan:
            without_nan(D[:, self._seen])
        return D

    def sample(self, n_samples=1, *, random_state=None):
        """Draw rows and labels from the model.

        Parameters
        ----------
        n_samples : int, default=1
            Number of rows.
        random_state : int, RandomState instance or None, default=None
            Seed of the draw.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            Rows, ordered by class.
        y : ndarray of shape (n_samples,)
            Their labels.
        """
        check_is_fitted(self)
        rng = check_random_state(random_state)
        if not isinstance(n_samples, Integral) or n_samples < 1:
            raise ValueError(f"n_samples must be an integer of at least 1, got {n_samples!r}.")
        prior = np.where(self.class_count_ > 0, self.class_prior_, 0)
        counts = rng.multinomial(n_samples, prior / prior.sum())
        X = draw(self._densities, counts[self._seen], rng)
        return X.astype(self.means_.dtype), np.repeat(self.classes_, counts)

    @rowwise
    def transform(self, X):
        """Project rows on the directions that separate the classes best (tied types only).

        There the classes have unit covariance, so Euclidean distances to the projected means
        decide as Mahalanobis distances in the space of the features do.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        T : ndarray of shape (n_samples, n_components)
            Coordinates about the mean of all classes; n_components is n_classes - 1, or fewer
            where the means span fewer directions. NaN for rows with missing values.
        """
        X = self._check_finite(self._check_rows(X))
        directions, model = self._directions(), self._densities
        mean = self._seen_prior() @ model.mean
        with np.errstate(over="ignore", invalid="ignore"):
            if issparse(X):
                T = X @ directions.astype(X.dtype) - (mean @ directions).astype(X.dtype)
            else:
                T = self._centred_scores(X, Layer(directions, (model.centre - mean) @ directions))
        return T if self.allow_nan else without_nan(T)

    def _seen_prior(self):
        """Probabilities of the classes that have rows, given that it is one of these."""
        prior = self.class_prior_[self._seen]
        return prior / prior.sum()

    def _directions(self):
        if not self._shared:
            raise ValueError("covariance_type was changed since fit: fit anew.")
        return discriminant_directions(self._densities, self._seen_prior())

    @property
    def _n_features_out(self):
        if not self._shared:  # tools that look at every attribute skip it
            raise AttributeError("There are no directions: covariance_type was changed since fit.")
        return self._directions().shape[1]

    def to_logistic(self):
        """Give the same decision rule as a fitted logistic regression (tied types only) [L16-17].

        Returns
        -------
        model : GDLogisticRegression or SoftmaxGD
            For two or more classes, with the `coef_` and `intercept_` of this model: a starting
            point for descent on the cross-entropy, or a smaller model to deploy.
        """
        check_is_fitted(self, "coef_")
        if len(self.classes_) == 2:
            from sklearn_lhy.logistic import GDLogisticRegression as Logistic
        else:
            from sklearn_lhy.softmax import SoftmaxGD as Logistic
        model = Logistic()
        for name in ("classes_", "coef_", "intercept_", "feature_names_in_"):
            if hasattr(self, name):
                setattr(model, name, np.copy(getattr(self, name)))
        model.n_features_in_, model.n_iter_, model.loss_curve_ = self.n_features_in_, 0, []
        model.validation_loss_curve_ = None
        model.converged_, model.stop_reason_ = True, "closed form"
        return model


def _held(values, dtype):
    """Give values in a dtype, or as they are where it cannot hold them."""
    if values.dtype == dtype:
        return values
    with np.errstate(over="ignore"):
        cast = values.astype(dtype)
    return cast if np.isfinite(cast).all() else values


def _among_all(values, seen, K, absent=np.nan):
    """Give values of the classes that have rows as those of all K classes."""
    if len(seen) == K:
        return values
    wide = np.full((K, *values.shape[1:]), absent, values.dtype)
    wide[seen] = values
    return wide


def _union(classes, labels):
    """Sorted labels of both, and the place of each of `classes` among them."""
    try:
        if {"U", "S"} & {classes.dtype.kind, labels.dtype.kind} and set("biuf") & {
            classes.dtype.kind,
            labels.dtype.kind,
        }:
            raise TypeError("numpy would turn the numbers into text")
        union = np.union1d(classes, labels)
    except TypeError as error:
        raise TypeError(
            f"The labels {labels!r} cannot be ordered with {classes!r}: give all one type."
        ) from error
    return union, np.searchsorted(union, classes)


def _side_by_side(classes, mine, labels, moments):
    """Give the labels of both, and the moments of each among all of them."""
    union, place = _union(classes, labels)
    mine = _moments.embedded(mine, place, len(union))
    return union, mine, _moments.embedded(moments, np.searchsorted(union, labels), len(union))


def _block_moments(number, X, y, weight, estimator, labels=None, guess=None):
    """Labels, moments and precision of a block of rows."""
    name = type(estimator).__name__
    X, y, weight = checked_block(X, y, weight, estimator._row_checks, name)
    labels, codes = encode_labels(y) if labels is None else (labels, known_codes(y, labels))
    return labels, estimator._gather(X, codes, len(labels), weight, guess), X.dtype


def _both(a, b):
    """Give what `_block_moments` would give for the rows of both blocks."""
    labels, mine, moments = _side_by_side(*a[:2], *b[:2])
    return labels, _moments.add(mine, moments), np.promote_types(a[2], b[2])


def _checked_priors(priors, K):
    """Priors as an array (K,) of probabilities."""
    try:
        priors = np.array(priors, dtype=np.float64)  # of our own
    except (TypeError, ValueError) as error:
        raise ValueError(f"priors must be {K} numbers, got {priors!r}.") from error
    if priors.shape != (K,):
        raise ValueError(
            f"priors has shape {priors.shape}, but y holds {K} classes: give {K} numbers."
        )
    if not (np.isfinite(priors).all() and (priors >= 0).all()):
        raise ValueError(f"priors must be non-negative numbers, got {priors}.")
    if not np.isclose(priors.sum(), 1):
        raise ValueError(f"priors add up to {priors.sum():.6g}, not 1: divide them by their sum.")
    return priors


def _shares_covariance(model):
    """Whether the scores are linear, and so directions and a logistic twin exist."""
    if model.covariance_type in SHARED:
        return True
    raise AttributeError(
        f"covariance_type={model.covariance_type!r} has no linear scores: use 'tied' or"
        " 'tied_diag'."
    )


# After the class body: the set_output wrapper of TransformerMixin would undo it inside.
for _name in ("transform", "fit_transform", "get_feature_names_out", "to_logistic"):
    _method = getattr(GaussianGenerativeClassifier, _name)
    setattr(GaussianGenerativeClassifier, _name, available_if(_shares_covariance)(_method))
