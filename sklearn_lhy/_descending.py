"""What the descending classifiers promise alike: one fit, one partial_fit, one record.

A leaf says which targets and loss it has, where a descent starts and how its layers are shown; the
rest stands here.
"""

import sys
import warnings
from abc import abstractmethod
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state, compute_class_weight
from sklearn.utils.validation import column_or_1d

from sklearn_lhy._checks import (
    announced_labels,
    check_squares,
    encode_labels,
    known_codes,
    need_two_classes,
)
from sklearn_lhy._compat import (
    CallbackSupportMixin,
    Interval,
    StrOptions,
    with_callbacks,
)
from sklearn_lhy._parts import Parts
from sklearn_lhy._posterior import PosteriorClassifier, unchanged_on_error
from sklearn_lhy._resume import memory_of, recalled
from sklearn_lhy._rows import blocks_of, column_distance, column_spread, is_lazy, squares
from sklearn_lhy._training import (
    SOLVERS,
    LinearSolver,
    StreamSolver,
    SummedSolver,
    rule_solver,
    run,
    validation_loss,
)
from sklearn_lhy._units import stack_scores

FAR_FOR_SINGLE = 2e4  # standard deviations from 0: single precision costs probabilities .001


class Fitted(NamedTuple):
    """What a warm start or the next partial_fit goes on from."""

    classes: np.ndarray
    n_features: int
    layers: tuple
    resume: dict


class DescendingClassifier(CallbackSupportMixin, PosteriorClassifier):
    """Abstract classifier whose layers are found by a descent on cross-entropy."""

    _parameter_constraints: dict = {
        "solver": [StrOptions(set(SOLVERS))],
        "learning_rate": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    _descends_by: tuple = ("solver",)  # parameters without which what a descent kept is of no use
    _tol_unit = 1.0  # slope of a whitened descent at which tol = 1 stops

    @abstractmethod
    def _targets(self, codes):
        """Targets Y (n, m) of class codes."""

    @abstractmethod
    def _problem(self, X, Y, weight):
        """What to descend on: loss and penalty put beside the data."""

    @abstractmethod
    def _start_layers(self, problem, init, old, random_state):
        """The layers to start from; None leaves them to the solver."""

    @abstractmethod
    def _attributes(self, layers):
        """The public attributes that show the layers."""

    @abstractmethod
    def _layers(self):
        """The layers that the public attributes show."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _scores(self, X):
        return stack_scores(X, self._layers())

    def _flaw(self):
        d, K = self.n_features_in_, len(self.classes_)
        for W, b in self._layers():
            if W.shape != (d, *b.shape) or W.ndim != 2:
                return f"weights {W.T.shape} and intercepts {b.shape} of units with {d} inputs"
            if not np.isfinite(W).all() or np.isnan(b).any():
                return "weights that are not finite"
            d = len(b)
        return "" if d == K > 1 or (d, K) == (1, 2) else f"{d} outputs for {K} classes"

    # ---- fit ------------------------------------------------------------------------------------

    def _fit(self, X, y, sample_weight, init, validation):
        """Fit from given layers, watched on given validation data; either may be Nones."""
        with unchanged_on_error(self):
            return self._fit_watched(X, y, sample_weight, init, validation)

    @with_callbacks
    def _fit_watched(self, X, y, sample_weight, init, validation):
        old = self._fitted() if self.warm_start else None
        parts, data = None, (X, y, sample_weight)
        if is_lazy(X):
            parts = self._lazy_parts(X, y, sample_weight, validation[0])
            data = parts.data
        rows, labels, weight = self._check_training(*data)
        if parts is None and self._too_many(rows, labels):
            parts = self._parts(blocks_of(rows, labels, weight))
            rows, labels, weight = parts.data
        if old is not None:
            self._check_kind(labels, "y")
        Y = self._encode(labels, weight, parts and parts.classes)
        if old is not None:
            self._check_continues(old)
        weight = self._class_weighted(Y, labels, weight)
        if self.class_weight is not None:
            need_two_classes(self.classes_, codes_of(Y), weight)
        random_state = check_random_state(self.random_state)
        held_out = self._validation_rows(*validation)
        if self.early_stopping and held_out is None:
            rows, Y, weight, held_out = self._split(rows, Y, weight, random_state)
        if parts:
            targets = self._targets(np.arange(len(parts.classes)))
            parts.encode(targets, self._class_weighted(targets, parts.classes, parts.N))
        problem = self._problem(rows, Y, weight)._replace(parts=parts)
        layers = self._start_layers(problem, init, old, random_state)
        with self._watching(X, y, sample_weight) as watch:
            found = self._descend(
                problem, layers, old, random_state, self.max_iter, held_out, watch
            )
        self._warn(problem, found)
        return self

    def _descend(
        self, problem, layers, old, random_state, max_iter, held_out=None, watch=None, stream=False
    ):
        """Run the solver and set every fitted attribute."""
        resume = old.resume if old is not None else {}
        seed = resume.get("seed", random_state.randint(np.iinfo(np.int32).max))
        with np.errstate(over="ignore", invalid="ignore"):  # what comes of them is refused
            solver = self._solver(problem, random_state, seed, stream, old)
            memory = {} if stream else resume.get("memory")
            state, record = recalled(solver, memory, layers)
            found = run(
                solver,
                solver.start(layers, **resume.get("belief", {})) if state is None else state,
                max_iter=max_iter,
                tol=self.tol,
                patience=self.n_iter_no_change,
                validate=held_out and validation_loss(*held_out, problem.loss),
                early_stopping=self.early_stopping and held_out is not None,
                watch=watch,
                record=record,
            )
            if self.solver != "whitened" or found.stop != "tol":  # perhaps for a reason
                check_squares(problem.X, squares(problem.X), problem.X.dtype)
        if not all(np.isfinite(array).all() for layer in found.layers for array in layer):
            raise ValueError(f"The weights for X overflow {problem.X.dtype}: scale its columns up.")
        vars(self).update(self._attributes(found.layers))
        self.loss_curve_ = found.loss_curve
        self.validation_loss_curve_ = found.validation_curve if held_out else None
        self.n_iter_ = len(found.loss_curve)
        self.stop_reason_ = found.stop
        self.converged_ = found.stop not in ("max_iter", "callback")
        self._resume = {
            **{name: getattr(self, name) for name in self._descends_by},
            "seed": seed,
            "belief": solver.resume(found.state),
            "memory": memory_of(solver, found) if self.warm_start and not stream else {},
        }
        return found

    def _solver(self, problem, random_state, seed, stream, old):
        if self.solver == "whitened":
            solver = StreamSolver if stream else SummedSolver if problem.parts else LinearSolver
            return solver(problem, self.tol * self._tol_unit)
        return rule_solver(
            problem,
            self.solver,
            tol=self.tol,
            rate=None if self.learning_rate == "auto" else self.learning_rate,
            batch_size=self._batch_rows(problem.X.shape[0]),
            seed=seed,
        )

    def _partial_fit(self, X, y, classes, sample_weight):
        """Learn from these rows, going on from what was learnt before."""
        with unchanged_on_error(self):
            old = self._fitted()
            rows, labels, weight = self._check_training(X, y, sample_weight, reset=old is None)
            if old is None and classes is None and (labels.ndim == 1 or labels.shape[1] == 1):
                raise ValueError("classes must be passed on the first call to partial_fit.")
            if old is not None:
                self._check_kind(labels, "y")
            announced = None if classes is None else announced_labels(classes)
            Y = self._encode(labels, weight, announced if old is None else old.classes)
            if not (old is None or announced is None or np.array_equal(announced, old.classes)):
                raise ValueError(
                    f"classes={classes!r} differs from those of the first partial_fit:"
                    f" {old.classes!r}."
                )
            problem = self._problem(rows, Y, self._class_weighted(Y, labels, weight))
            random_state = check_random_state(self.random_state)
            layers = self._start_layers(problem, (None, None), old, random_state)
            self._descend(
                problem, layers, old, random_state, self._stream_iterations(), stream=True
            )
        return self

    # ---- what goes in ---------------------------------------------------------------------------

    def _fitted(self):
        """What was learnt before, or None."""
        if not hasattr(self, "classes_"):
            return None
        resume = getattr(self, "_resume", {})
        if any(resume.get(name) != getattr(self, name) for name in self._descends_by):
            resume = {}
        return Fitted(self.classes_, self.n_features_in_, self._layers(), resume)

    def _encode(self, labels, weight, classes=None):
        """Set `classes_`, found or given, and give the targets of the labels."""
        labels = labels if labels.ndim == 1 else column_or_1d(labels, warn=True)
        if classes is None:
            classes, codes = encode_labels(labels)
            need_two_classes(classes, codes, weight)
        else:
            need_two_classes(classes, None, name="classes")
            codes = known_codes(labels, classes)
        self.classes_ = classes
        return self._targets(codes)

    def _check_kind(self, labels, name):
        """Refuse labels of another kind than those known; here there is one kind."""

    def _too_many(self, X, labels):
        """Whether what is computed from rows in memory should not be kept for all of them."""
        return False

    def _parts(self, blocks):
        return Parts(blocks, self._row_checks, type(self).__name__)

    def _lazy_parts(self, X, y, sample_weight, X_val):
        """Lazy rows in parts, once they have been surveyed."""
        if self.early_stopping and X_val is None:
            raise TypeError(
                "On Dask input early_stopping=True cannot set rows aside: give X_val and y_val, in"
                " memory."
            )
        blocks = self._check_blocks(X, y, sample_weight)
        size, rows = self.batch_size, blocks.largest
        demanded = self.solver != "whitened" and isinstance(size, Integral)
        if demanded and not np.isnan(rows) and size != rows:
            raise ValueError(
                f"On Dask input a mini-batch is a whole block, and X has blocks of {rows} rows:"
                f" rechunk X, or set batch_size={rows}; got batch_size={size}."
            )
        return self._parts(blocks)

    def _class_weighted(self, Y, labels, weight):
        """Sample weights times class weights, (n,) or None."""
        if self.class_weight is None:
            return weight
        codes = codes_of(Y)
        if self.class_weight == "balanced":  # by codes: any labels will do
            absent = np.setdiff1d(np.arange(len(self.classes_)), codes)
            if len(absent):
                raise ValueError(
                    f"class_weight='balanced' needs rows of every class, but these rows lack"
                    f" {self.classes_[absent]}: give class_weight as a dict."
                )
            factors = compute_class_weight(
                "balanced", classes=np.arange(len(self.classes_)), y=codes, sample_weight=weight
            )
        else:
            factors = compute_class_weight(self.class_weight, classes=self.classes_, y=labels)
        if not (np.isfinite(factors).all() and (factors >= 0).all()):
            raise ValueError(
                f"class_weight must give the classes {self.classes_} finite numbers of at least 0;"
                f" got {self.class_weight!r}."
            )
        return factors[codes] if weight is None else factors[codes] * weight

    def _validation_rows(self, X, y, sample_weight):
        """Checked validation data (X, Y, weight), or None."""
        if X is None and y is None:
            if sample_weight is not None:
                raise ValueError("sample_weight_val belongs to X_val and y_val: give these too.")
            return None
        if X is None or y is None:
            raise ValueError("X_val and y_val belong together: only one of them was given.")
        classes = self.classes_
        try:
            X, y, weight = self._check_training(X, y, sample_weight, reset=False)
            self._check_kind(y, "y_val")
            return X, self._encode(y, weight, classes), weight
        except (TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"X_val, y_val or sample_weight_val: {error}") from error

    def _split(self, X, Y, weight, random_state):
        """Set aside `validation_fraction` of the rows of each class."""
        held = held_out_rows(codes_of(Y), self.validation_fraction, random_state)
        parts = [(X[r], Y[r], None if weight is None else weight[r]) for r in (~held, held)]
        for (_, _, part), name in zip(parts, ("training", "validation"), strict=True):
            if part is not None and not part.any():
                raise ValueError(f"early_stopping left only zero sample_weight for {name}.")
        return *parts[0], parts[1]

    def _batch_rows(self, n):
        """Rows of a batch, None for all."""
        return self.batch_size

    def _stream_iterations(self):
        """Iterations of partial_fit: one, or as many as whitened descent needs."""
        return self.max_iter if self.solver == "whitened" else 1

    def _check_continues(self, old):
        """Refuse to go on from a fit on other classes or features."""
        if not np.array_equal(old.classes, self.classes_) or old.n_features != self.n_features_in_:
            raise ValueError(
                f"warm_start=True goes on from a fit on {old.n_features} features and the classes"
                f" {old.classes}, but X has {self.n_features_in_} features and y the classes"
                f" {self.classes_}: set warm_start=False to start anew."
            )

    # ---- what comes out -------------------------------------------------------------------------

    def _watching(self, X, y, sample_weight):
        return Watch(self, X, y, sample_weight)

    def _warn(self, problem, found):
        """Say when the descent was cut off, had to give up, or had too few digits to work with."""
        if problem.X.dtype == np.float32:
            far = column_distance(problem.X)
            if far > FAR_FOR_SINGLE:
                warnings.warn(
                    f"Columns of X lie up to {far:.0e} standard deviations away from 0, where"
                    " single precision has few digits left: subtract their means before converting"
                    " to float32, or give float64.",
                    UserWarning,
                    stacklevel=6,
                )
        if self.solver != "whitened" and found.stop in ("tol", "no_change"):
            spread = column_spread(problem.X)
            if spread > 1e4:
                warnings.warn(
                    f"The columns of X differ in size by a factor of {spread:.0e}, so"
                    f" solver={self.solver!r} may have stopped far from the optimum: scale the"
                    " features (StandardScaler), or use solver='whitened'.",
                    ConvergenceWarning,
                    stacklevel=6,
                )
        if found.stop == "max_iter":
            warnings.warn(
                f"Stopped after max_iter = {self.max_iter} iterations with a slope of"
                f" {found.state.slope:.1e} > tol = {self.tol:.1e}: raise max_iter or tol"
                + (", or use solver='whitened'." if self.solver != "whitened" else "."),
                ConvergenceWarning,
                stacklevel=6,
            )


class Watch:
    """Tells each iteration to scikit-learn's callbacks (1.9+) and, if verbose, to the terminal."""

    def __init__(self, estimator, X, y, sample_weight):
        self.estimator = estimator
        metadata = {} if sample_weight is None else {"sample_weight": sample_weight}
        self.task = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self.context = None

    def __enter__(self):
        if hasattr(self.estimator, "_skl_callbacks"):
            self.context = self.estimator._init_callback_context(
                max_subtasks=self.estimator.max_iter
            )
            self.context.call_on_fit_task_begin(**self.task)
            self._begin()
        return self if self.context is not None or self.estimator.verbose else None

    def __exit__(self, kind, error, trace):
        if self.context is not None and kind is None:
            self.context.call_on_fit_task_end(**self.task, reconstruction_attributes={})

    def __call__(self, iteration, state, validation_loss, layers):
        """Report one iteration; True asks to stop."""
        if self.estimator.verbose:
            sys.stdout.write(f"Iteration {iteration}, loss = {state.value:.8f}\n")
            if validation_loss is not None:
                sys.stdout.write(f"Validation loss: {validation_loss:.8f}\n")
        if self.context is None:
            return False
        stop = self.iteration.call_on_fit_task_end(
            **self.task,
            reconstruction_attributes=lambda: self.estimator._attributes(layers(state)),
        )
        if not (stop or state.stop or iteration == self.estimator.max_iter):
            self._begin()
        return stop

    def _begin(self):
        self.iteration = self.context.subcontext(task_name="iteration")
        self.iteration.call_on_fit_task_begin(**self.task)


def codes_of(Y):
    """Class codes (n,); of multilabel targets the first label of each row."""
    return Y[:, 0].astype(int) if Y.shape[1] == 1 else Y.argmax(axis=1)


def held_out_rows(codes, fraction, random_state):
    """Mask of rows set aside: the same share of each class, always leaving one row behind."""
    count = np.bincount(codes)
    wanted, most = fraction * count, np.maximum(count - 1, 0)
    take = np.minimum(wanted.astype(int), most)
    order = random_state.permutation(len(count))
    order = order[np.argsort((take - wanted)[order], kind="stable")]  # who lacks most comes first
    lacking = max(1, round(fraction * len(codes))) - take.sum()
    take[order[take[order] < most[order]][: max(lacking, 0)]] += 1
    if not take.any():
        raise ValueError(
            "early_stopping=True sets rows aside, but no class has two: give X_val and y_val."
        )
    held = np.zeros(len(codes), dtype=bool)
    for code, number in enumerate(take):
        held[random_state.permutation(np.flatnonzero(codes == code))[:number]] = True
    return held
