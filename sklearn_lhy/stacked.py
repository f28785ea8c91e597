"""Logistic units that feed logistic units: a neural network [L27-L30]."""

from numbers import Integral, Real

import numpy as np
from scipy import sparse
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

from sklearn_lhy._checks import need_two_classes
from sklearn_lhy._compat import Interval, StrOptions, fit_context
from sklearn_lhy._descending import DescendingClassifier
from sklearn_lhy._loss import BINARY_CROSS_ENTROPY, CATEGORICAL_CROSS_ENTROPY
from sklearn_lhy._posterior import without_nan
from sklearn_lhy._rows import rowwise
from sklearn_lhy._training import Problem, StackSolver, SummedStackSolver, bytes_of_a_step
from sklearn_lhy._units import Layer, hidden_outputs

LARGE = 1 << 32  # bytes that a step may need
SMALL = 1000  # rows that need no mini-batches


class StackedLogisticMLP(ClassNamePrefixFeaturesOutMixin, TransformerMixin, DescendingClassifier):
    """Neural network of logistic units, trained on cross-entropy.

    The outputs sigma(w.x + b) of one layer of units are the inputs of the next [L27]: a cascade
    that finds its own features where a single unit fails [L24, L25] and nobody has made features
    by hand [L26]. The last layer is a logistic unit for two classes, one for each label of
    multilabel targets, and softmax for more classes. Without hidden layers and with the default
    solver it is GDLogisticRegression or SoftmaxGD with C = 1 / alpha. With hidden layers this
    solver standardises the columns inside; those of a sparse X are scaled, not centred.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int or int, default=(32,)
        Units of each hidden layer; () for none, a number for a single layer.
    alpha : "auto" or float >= 0, default="auto"
        Strength of the L2 penalty, alpha / (2 sum of weights) * sum of all squared weights beside
        the mean loss, as in MLPClassifier. "auto" chooses it by the loss on rows left out and
        applies it to the weights of standardised features, and the sum of weights counts as at
        least the number of rows of positive weight; for the lecture's rules and without hidden
        layers it is 1.
    solver : {"whitened", "gd", "momentum", "adagrad", "rmsprop", "adam"}, default="whitened"
        How a step is proposed. "whitened" multiplies each layer's gradient by the inverse second
        moment of the layer's inputs and solves for the rate and momentum of every layer; it ignores
        `learning_rate`. The others are the rules of the lecture.
    learning_rate : "auto" or float > 0, default="auto"
        Rate of the lecture's rules, applied to the gradient of the mean loss.
    batch_size : int or "auto", default="auto"
        Rows of a mini-batch; "auto" takes all rows of small data. On Dask input a mini-batch is a
        block.
    max_iter : int, default=1000
        Most iterations, each one pass over the rows.
    tol : float, default=1e-4
        "whitened" stops when an iteration lowers the objective by less than this share of it. The
        lecture's rules stop when the objective has not fallen by `tol` within `n_iter_no_change`
        iterations, or when no entry of the gradient exceeds it.
    class_weight : dict or "balanced", default=None
        Factors for the weights of each class; not for multilabel targets.
    n_init : int, default=1
        Random starts of "whitened", each as costly as the first; the one with the lowest objective
        after a rough descent is kept. `early_stopping` leaves that descent out, and the starts are
        compared untrained.
    early_stopping : bool, default=False
        Whether to stop when the loss on validation data has not fallen by `tol` within
        `n_iter_no_change` iterations, and keep the weights where it was lowest.
    validation_fraction : float, default=0.1
        Share of each class set aside for early stopping when no validation data are given to `fit`.
    n_iter_no_change : int, default=10
        Iterations without improvement before stopping.
    warm_start : bool, default=False
        Whether `fit` goes on from the last solution. On the same data, with an int as
        `random_state`, ten iterations and ten more are twenty, bit for bit, also after pickling.
        A strength that alpha="auto" has chosen is kept.
    random_state : int, RandomState instance or None, default=None
        Source of the starting weights, the mini-batches and the split for early stopping.
    verbose : int, default=0
        Whether to print a line for each iteration.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels; for multilabel targets the numbers of the labels.
    coefs_ : list of ndarray of shape (n_inputs, n_units)
        Weights of each layer.
    intercepts_ : list of ndarray of shape (n_units,)
        Intercepts of each layer.
    n_layers_ : int
        Layers, counting the input.
    n_outputs_ : int
        Units of the last layer.
    out_activation_ : {"logistic", "softmax"}
        What the last layer does to its scores.
    alpha_ : float
        Strength of the penalty, given or chosen.
    loss_curve_ : list of float
        Mean loss plus penalty after each iteration.
    validation_loss_curve_ : list of float or None
        Mean loss on the validation data after each iteration.
    n_iter_ : int
        Iterations.
    converged_ : bool
        Whether the descent ended by itself.
    stop_reason_ : str
        "tol", "no_change", "early_stopping", "precision", "max_iter" or "callback".
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, when X has names that are strings.

    See Also
    --------
    GDLogisticRegression : A single unit.
    SoftmaxGD : A single layer for many classes.

    References
    ----------
    .. [1] Hung-yi Lee, "Logistic Regression", lecture slides L24 to L30.

    Examples
    --------
    >>> from sklearn_lhy import StackedLogisticMLP
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> clf = StackedLogisticMLP((4,), alpha=1e-3, random_state=0).fit(X, y)
    >>> clf.predict(X)
    array([0, 1, 1, 0])
    """

    _parameter_constraints: dict = {
        **DescendingClassifier._parameter_constraints,
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "alpha": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "n_init": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        hidden_layer_sizes=(32,),
        *,
        alpha="auto",
        solver="whitened",
        learning_rate="auto",
        batch_size="auto",
        max_iter=1000,
        tol=1e-4,
        class_weight=None,
        n_init=1,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        warm_start=False,
        random_state=None,
        verbose=0,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.alpha = alpha
        self.solver = solver
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.class_weight = class_weight
        self.n_init = n_init
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        coefs_init=None,
        intercepts_init=None,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
    ):
        """Train the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training samples. Not changed; the default solver standardises a copy. A Dask array or
            dataframe, with y and weights of Dask, is fitted where it is, and predictions for one
            are lazy arrays.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Class labels, or an indicator matrix of labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights; a weight of 2 counts like two equal samples, where `alpha` is a number.
        coefs_init, intercepts_init : lists of array-likes, default=None
            Weights and intercepts to start from, in the shapes of `coefs_` and `intercepts_`; give
            both or neither.
        X_val, y_val, sample_weight_val : array-likes, default=None
            Validation data, watched after each iteration and used by `early_stopping`.

        Returns
        -------
        self : object
            The fitted network.

        Raises
        ------
        ValueError
            If the data are unfit, or a given learning rate lets the descent diverge.
        """
        return self._fit(
            X, y, sample_weight, (coefs_init, intercepts_init), (X_val, y_val, sample_weight_val)
        )

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Take one iteration on the given rows.

        With the default solver a part that follows others moves the network by its share of the
        last 300 rows, so that few rows do no harm; a part of some hundred rows learns fastest. The
        penalty is that of all rows so far.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Class labels, or an indicator matrix of labels.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever occur; needed in the first call only, and not for an
            indicator matrix.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights.

        Returns
        -------
        self : object
            The network.
        """
        return self._partial_fit(X, y, classes, sample_weight)

    @classmethod
    def from_layers(cls, coefs, intercepts, *, classes=(0, 1), **params):
        """Make a fitted network of given weights, such as the lecture's cascade [L27].

        Parameters
        ----------
        coefs : list of array-like of shape (n_inputs, n_units)
            Weights of each layer.
        intercepts : list of array-like of shape (n_units,)
            Intercepts of each layer.
        classes : array-like, default=(0, 1)
            Labels; two for a single output.
        **params : dict
            Parameters of the network.

        Returns
        -------
        network : StackedLogisticMLP
            Ready to predict and transform; `fit` with `warm_start=True` goes on from here.
        """
        need_two_classes(np.asarray(classes), None, name="classes")
        coefs = _arrays("coefs", coefs)
        if not coefs or any(W.ndim != 2 for W in coefs):
            raise ValueError("coefs must hold weights of two axes for at least one layer.")
        clf = cls(tuple(W.shape[1] for W in coefs[:-1]), **params)
        layers = _given_layers(coefs, intercepts, [coefs[0].shape[0], *clf._sizes(coefs[-1])])
        outputs = len(classes) if len(classes) > 2 else 1
        if not np.array_equal(classes, np.unique(classes)):
            raise ValueError(f"classes={classes!r} must be sorted and distinct.")
        if layers[-1].W.shape[1] != outputs:
            raise ValueError(
                f"classes={classes!r} need {outputs} units in the last layer of coefs, which has"
                f" {layers[-1].W.shape[1]}."
            )
        clf.classes_ = np.asarray(classes)
        clf.n_features_in_ = coefs[0].shape[0]
        clf._multilabel_ = False
        vars(clf).update(clf._attributes(layers))
        return clf

    @rowwise
    def transform(self, X):
        """Give the outputs of the last hidden layer, features that the network found [L27].

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        H : ndarray of shape (n_samples, hidden_layer_sizes[-1])
            sigma(z) of each unit.
        """
        return self.layer_output(X)

    def unit(self, layer, j):
        """One neuron as a logistic regression on its layer's inputs.

        Parameters
        ----------
        layer : int
            Layer of units, 0 for the first hidden one; negative numbers count from the end.
        j : int
            Unit within the layer.

        Returns
        -------
        unit : GDLogisticRegression
            Fitted; the second column of its `predict_proba` is the neuron's output.

        Raises
        ------
        ValueError
            For a unit of a softmax layer, which is not logistic, or one that does not exist.
        TypeError
            For places that are no ints.
        """
        from sklearn_lhy.logistic import GDLogisticRegression

        check_is_fitted(self)
        layer = _position("layer", layer, len(self.coefs_), "layers of units")
        j = _position("j", j, self.coefs_[layer].shape[1], f"units in layer {layer}")
        last = layer == len(self.coefs_) - 1
        if last and self.out_activation_ == "softmax":
            raise ValueError("The units of the last layer are a softmax, not logistic units.")
        unit = GDLogisticRegression()
        unit.classes_ = self.classes_.copy() if last and not self._multilabel else np.array([0, 1])
        unit.coef_ = self.coefs_[layer][:, [j]].T
        unit.intercept_ = self.intercepts_[layer][[j]]
        unit.n_features_in_ = self.coefs_[layer].shape[0]
        if layer == 0 and hasattr(self, "feature_names_in_"):
            unit.feature_names_in_ = self.feature_names_in_
        return unit

    @rowwise
    def layer_output(self, X, layer=-1):
        """Give the outputs of the units of a hidden layer.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        layer : int, default=-1
            Hidden layer, 0 for the first one; negative numbers count from the last.

        Returns
        -------
        H : ndarray of shape (n_samples, n_units)
            sigma(z) of each unit.
        """
        X = self._check_rows(X)
        with np.errstate(over="ignore", invalid="ignore"):
            hidden = hidden_outputs(X, self._layers())[1:]
        return without_nan(hidden[_position("layer", layer, len(hidden), "hidden layers")])

    _target_checks = {"multi_output": True}
    _tol_unit = 1e-3  # without hidden layers the default tol is that of the linear classifiers

    # ---- hooks of the base class ----------------------------------------------------------------

    def _all_sizes(self, problem):
        """Sizes of the input and of every layer."""
        return [problem.X.shape[1], *self._sizes(problem.Y)]

    def _sizes(self, last):
        """Units of each layer, the last one having as many as `last` has columns."""
        given = self.hidden_layer_sizes
        ragged = np.iterable(given) and any(map(np.iterable, given))
        sizes = np.array([0] if ragged else given, ndmin=1)
        if sizes.size and (sizes.dtype.kind not in "iu" or sizes.min() < 1):
            raise ValueError(
                f"hidden_layer_sizes={self.hidden_layer_sizes!r} must be positive integers, such as"
                " (32,) or (), one for each hidden layer."
            )
        return [*map(int, sizes), last.shape[1]]

    @property
    def _multilabel(self):
        return getattr(self, "_multilabel_", False)

    @property
    def _n_features_out(self):
        return self.coefs_[-1].shape[0]

    def _check_kind(self, labels, name):
        """Refuse an indicator matrix after class labels, class labels after it, other columns."""
        found = labels.shape[1] if _is_indicator(labels) else 0
        known = len(self.classes_) if self._multilabel else 0
        if found != known:
            kinds = [f"indicators of {m} labels" if m else "class labels" for m in (found, known)]
            raise ValueError(
                f"{name} holds {kinds[0]}, but training began with {kinds[1]}: give labels of one"
                " kind, or start anew."
            )

    def _encode(self, labels, weight, classes=None):
        if _is_indicator(labels):
            if self.class_weight is not None:
                raise ValueError(
                    "class_weight does not go with multilabel targets: set it to None."
                )
            Y = labels.toarray() if sparse.issparse(labels) else labels
            if not ((Y == 0) | (Y == 1)).all():
                raise ValueError(
                    f"y holds indicators {np.unique(Y)}: give 1 where a label applies, else 0."
                )
            if classes is not None and not np.array_equal(classes, np.arange(Y.shape[1])):
                raise ValueError(
                    f"classes={classes!r}, but the labels of an indicator matrix are the numbers"
                    f" of its {Y.shape[1]} columns: leave `classes` out."
                )
            self.classes_, self._multilabel_ = np.arange(Y.shape[1]), True
            return Y.astype(bool)
        self._multilabel_ = False
        return super()._encode(labels, weight, classes)

    def _targets(self, codes):
        if len(self.classes_) == 2:
            return (codes == 1)[:, None]
        return codes[:, None] == np.arange(len(self.classes_))

    def _loss(self, Y):
        coupled = Y.shape[1] > 1 and not self._multilabel
        return CATEGORICAL_CROSS_ENTROPY if coupled else BINARY_CROSS_ENTROPY

    def _problem(self, X, Y, weight):
        total = X.shape[0] if weight is None else float(weight.sum(dtype=float))
        alpha = 1.0 if self.alpha == "auto" else self.alpha
        return Problem(X, Y, weight, self._loss(Y), min(alpha / total, 1e300), True)

    def _start_layers(self, problem, init, old, random_state):
        sizes = self._all_sizes(problem)
        if (init[0] is None) != (init[1] is None):
            raise ValueError("coefs_init and intercepts_init belong together: give both.")
        if init[0] is not None:
            layers = _given_layers(*init, sizes, "_init")
            dtype = problem.X.dtype
            return tuple(Layer(W.astype(dtype), b.astype(dtype)) for W, b in layers)
        if old is not None:
            return self._continued(old.layers, sizes)
        if self.solver == "whitened":
            return None
        return _random_layers(sizes, random_state, problem.X.dtype)

    def _continued(self, layers, sizes):
        """Layers to go on from, which must be of these sizes."""
        found = [layers[0].W.shape[0], *(layer.W.shape[1] for layer in layers)]
        if found != sizes:
            raise ValueError(
                f"hidden_layer_sizes={self.hidden_layer_sizes!r} and these data make layers of"
                f" sizes {sizes}, but those to go on from have {found}: set warm_start=False to"
                " start anew."
            )
        return layers

    def _solver(self, problem, random_state, seed, stream, old):
        sizes = self._all_sizes(problem)
        alpha, chosen = self.alpha, self.alpha == "auto"
        if self.solver != "whitened" or len(sizes) == 2:
            self.alpha_ = 1.0 if chosen else alpha
            return super()._solver(problem, random_state, seed, stream, old)
        belief = {} if old is None else old.resume.get("belief", {})
        if chosen:  # anew, unless the descent goes on
            alpha = belief.get("alpha")
        solver = (SummedStackSolver if problem.parts else StackSolver)(
            problem,
            sizes,
            alpha=alpha,
            chosen=chosen,
            n_init=self.n_init,
            random_state=random_state,
            tol=self.tol,
            rough=not self.early_stopping,
            before=belief if stream else None,
        )
        self.alpha_ = solver.alpha
        return solver

    def _too_many(self, X, labels):
        """Whether a descent that keeps copies of rows and first scores would be too large."""
        if self.solver != "whitened" or self.early_stopping or labels.ndim == 2:
            return False
        first, *more = self._sizes(labels[:, None])
        return bool(more) and bytes_of_a_step(X, first) > LARGE

    def _stream_iterations(self):
        return 1

    def _batch_rows(self, n):
        if self.batch_size == "auto":
            return None if n <= SMALL else 256
        return self.batch_size

    def _layers(self):
        check_is_fitted(self)
        return tuple(map(Layer, self.coefs_, self.intercepts_))

    def _attributes(self, layers):
        coupled = layers[-1].W.shape[1] > 1 and not self._multilabel
        return {
            "coefs_": [np.ascontiguousarray(layer.W) for layer in layers],
            "intercepts_": [layer.b for layer in layers],
            "n_layers_": len(layers) + 1,
            "n_outputs_": layers[-1].W.shape[1],
            "out_activation_": "softmax" if coupled else "logistic",
        }


def _is_indicator(labels):
    """Whether labels are an indicator matrix, each column a label."""
    return np.ndim(labels) == 2 and type_of_target(labels) == "multilabel-indicator"


def _position(name, value, count, what):
    """Turn an index that may count from the end into one from 0 on."""
    if not isinstance(value, Integral):
        raise TypeError(f"{name}={value!r} must be an int: there are {count} {what}.")
    if not -count <= value < count:
        raise ValueError(f"{name}={value}, but there are {count} {what}.")
    return range(count)[value]


def _arrays(name, given):
    """Numbers for each layer, as arrays."""
    try:
        return [np.array(array, dtype=float) for array in given]
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"{name}={given!r} must be a list of arrays of numbers, one for each layer."
        ) from error


def _given_layers(coefs, intercepts, sizes, ending=""):
    """Check weights and intercepts of layers of these sizes (inputs first)."""
    coefs = _arrays(f"coefs{ending}", coefs)
    intercepts = _arrays(f"intercepts{ending}", intercepts)
    if not all(np.isfinite(array).all() for array in coefs + intercepts):
        raise ValueError("The given weights and intercepts must be finite numbers.")
    shapes = list(zip(sizes[:-1], sizes[1:], strict=True))
    if [W.shape for W in coefs] != shapes or [b.shape for b in intercepts] != [
        s[1:] for s in shapes
    ]:
        raise ValueError(
            f"Layers of sizes {sizes} need weights of shapes {shapes} and an intercept for each"
            f" unit; got weights {[W.shape for W in coefs]} and intercepts"
            f" {[b.shape for b in intercepts]}."
        )
    return tuple(map(Layer, coefs, intercepts))


def _random_layers(sizes, random_state, dtype):
    """Layers of these sizes (inputs first), uniform within Glorot and Bengio's (2010) bound."""
    layers = []
    for d, m in zip(sizes[:-1], sizes[1:], strict=True):
        bound = 4 * np.sqrt(6 / (d + m))  # their factor 4 for the sigmoid
        W = random_state.uniform(-bound, bound, (d, m))
        layers.append(Layer(W.astype(dtype), np.zeros(m, dtype)))
    return tuple(layers)


def _has_hidden_layer(clf):
    """Whether there is a layer for transform to show."""
    sizes = clf.hidden_layer_sizes
    return not hasattr(sizes, "__len__") or len(sizes) > 0


# after the class body, where set_output has wrapped them
for _name in ("transform", "fit_transform", "get_feature_names_out"):
    _method = getattr(StackedLogisticMLP, _name)
    setattr(StackedLogisticMLP, _name, available_if(_has_hidden_layer)(_method))
