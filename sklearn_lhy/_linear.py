"""What the two descending linear classifiers share: one layer and a penalised objective."""

import warnings
from abc import abstractmethod
from numbers import Integral, Real

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from sklearn_lhy._compat import Interval
from sklearn_lhy._descending import DescendingClassifier
from sklearn_lhy._rows import column_distance, column_scales
from sklearn_lhy._training import Problem
from sklearn_lhy._units import Layer, stack_scores


class LinearDescendingClassifier(DescendingClassifier):
    """Abstract: scores w.x + b with `coef_` (m, d) and `intercept_` (m,), found by a descent."""

    _parameter_constraints: dict = {
        **DescendingClassifier._parameter_constraints,
        "C": [Interval(Real, 0, None, closed="right")],
        "fit_intercept": ["boolean"],
        "batch_size": [Interval(Integral, 1, None, closed="left"), None],
    }

    _descends_by = ("solver", "fit_intercept")

    @abstractmethod
    def _loss(self):
        """The loss of the scores."""

    def _layers(self):
        check_is_fitted(self)
        return (Layer(self.coef_.T, self.intercept_),)

    def _attributes(self, layers):
        (layer,) = layers
        return {"coef_": np.ascontiguousarray(layer.W.T), "intercept_": layer.b}

    def _problem(self, X, Y, weight):
        total = X.shape[0] if weight is None else float(weight.sum(dtype=float))
        penalty = 1 / max(self.C * total, 1e-300)
        return Problem(X, Y, weight, self._loss(), penalty, self.fit_intercept)

    def _start_layers(self, problem, init, old, random_state):
        d, m = problem.X.shape[1], problem.Y.shape[1]
        coef, intercept = init
        if intercept is not None and not self.fit_intercept:
            raise ValueError("intercept_init needs fit_intercept=True: leave it out.")
        if coef is None and intercept is None:
            if old is not None:
                (layer,) = old.layers
                return (layer if self.fit_intercept else layer._replace(b=np.zeros_like(layer.b)),)
            if self.solver == "whitened" and not self.early_stopping:
                return None
        dtype = problem.X.dtype
        coef = _initial("coef_init", coef, (m, d), dtype)
        return (Layer(coef.T, _initial("intercept_init", intercept, (m,), dtype)),)

    def _partial_fit(self, X, y, classes, sample_weight):
        before = getattr(self, "_resume", {}).get("fit_intercept", self.fit_intercept)
        if before != self.fit_intercept:
            raise ValueError(
                f"partial_fit goes on from a model with fit_intercept={before}, and what it learnt"
                f" does not serve one with fit_intercept={self.fit_intercept}: set it back, or"
                " start anew."
            )
        return super()._partial_fit(X, y, classes, sample_weight)

    def _warn(self, problem, found):
        super()._warn(problem, found)
        if found.stop == "precision" and not problem.fit_intercept:
            self._warn_if_far(problem.X)
        if problem.penalty == 0:
            self._warn_if_separable(problem, found)
            return
        scale = column_scales(problem.X).max(initial=0)
        if scale > 0 and problem.penalty > 1e3 * scale**2:
            warnings.warn(
                f"The largest column scale of X is {scale:.1e}: at C = {self.C:g} the penalty keeps"
                " the weights so small that the prediction is nearly constant. Scale the features"
                " (StandardScaler) or raise C.",
                UserWarning,
                stacklevel=7,
            )

    def _warn_if_far(self, X):
        far = column_distance(X)
        if far > 1e6:
            warnings.warn(
                f"Columns of X lie up to {far:.0e} standard deviations away from 0: without an"
                " intercept rounding hides what is left to gain, and the weights may be far from"
                " the optimum. Centre the features (StandardScaler), or set fit_intercept=True.",
                ConvergenceWarning,
                stacklevel=8,
            )

    def _warn_if_separable(self, problem, found):
        wrong = _wrong_rows(problem.X, problem.Y, problem.weight, found.layers)[0]
        if not wrong and problem.parts:  # that was a sample
            wrong = problem.parts.total(_wrong_rows, found.layers)[0]
        if not wrong:
            warnings.warn(
                "The classes are separable: without a penalty the weights grow for ever. The"
                f" descent stopped at a loss of {found.loss_curve[-1]:.1e}; a finite C gives them"
                " a limit.",
                ConvergenceWarning,
                stacklevel=8,
            )


def _wrong_rows(X, Y, weight, layers):
    """How many rows of positive weight lie on the wrong side: a tuple of one, as for parts."""
    Z = stack_scores(X, layers)
    wrong = (Z > 0) != Y if Z.shape[1] == 1 else Z.argmax(1) != Y.argmax(1)
    return (np.count_nonzero(wrong.ravel() & (True if weight is None else weight > 0)),)


def _initial(name, values, shape, dtype):
    """Given starting values in their shape, or zeros."""
    if values is None:
        return np.zeros(shape, dtype)
    wanted = f"{name} must hold {' x '.join(map(str, shape))} finite numbers; got"
    try:
        values = np.array(values, dtype=dtype)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{wanted} {values!r}.") from error
    if values.shape not in (shape, shape[-1:] if shape[0] == 1 else shape):
        raise ValueError(f"{wanted} shape {values.shape}.")
    if not np.isfinite(values).all():
        raise ValueError(f"{wanted} {values}.")
    return values.reshape(shape)
