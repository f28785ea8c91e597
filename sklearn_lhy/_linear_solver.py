"""The whitened descent of one layer of units, from a sample of the rows to all of them."""

from typing import NamedTuple

import numpy as np

from sklearn_lhy._descent import descend
from sklearn_lhy._objective import LinearObjective, Prior, ridge
from sklearn_lhy._resume import AnchoredSolver
from sklearn_lhy._rows import CentredRows, centre_of
from sklearn_lhy._units import Layer
from sklearn_lhy._whitened import (
    State,
    curvature_moments,
    metric_of,
    plain_metric,
    start_state,
    whitened_step,
)

SMALLEST_SAMPLE = 2000  # rows, and at least 8 for each input
SAMPLE_GROWTH = 16


class LinearSolver(AnchoredSolver):
    """The whitened descent of one layer of units (see _whitened)."""

    def __init__(self, problem, tol):
        X, weight = problem.X, problem.weight
        inputs = CentredRows(X, centre_of(X, weight) if problem.fit_intercept else None)
        self.total = X.shape[0] if weight is None else float(weight.sum(dtype=float))
        share = None if weight is None else weight / self.total
        prior = ridge(problem.penalty, inputs)
        self.objective = LinearObjective(inputs, problem.Y, share, problem.loss, prior)
        self.tol = tol

    def start(self, layers=None, **resume):
        """The state at these layers, or at the solution for a sample of the rows."""
        if layers is not None:
            return start_state(self.objective, self._centred(layers[-1]))
        state = self._sampled_start()
        zero = start_state(self.objective)
        return state if state is not None and state.value < zero.value else zero

    def _iterate(self, state):
        return whitened_step(self.objective, state, self.tol)

    def _plain(self, state):
        return {
            "V": state.V,
            "metric": plain_metric(state.metric),
            "age": state.age,
            "slope": float(state.slope),
            "rate": float(state.rate),
            "steps": list(state.steps),
        }

    def _rebuilt(self, plain):
        V, scores = plain["V"], self.objective.inputs.scores
        Z, moves = scores(V), tuple(map(scores, plain["steps"]))
        rest = {name: plain[name] for name in ("age", "slope", "rate")}
        metric, steps = metric_of(plain["metric"]), tuple(plain["steps"])
        value = self.objective.value(V, Z)
        return State(V, Z, value, metric, steps=steps, moves=moves, **rest)

    def layers(self, state):
        """The layer of a state, its intercept moved back from the centre of the data."""
        W, b, centre = state.V, np.zeros(state.V.shape[1]), self.objective.inputs.centre
        if centre is not None:
            W, b = W[:-1], W[-1] - centre @ W[:-1]
        dtype = self.objective.inputs.X.dtype
        return (Layer(W.astype(dtype), b.astype(dtype)),)

    def resume(self, state):
        """How much weight the layers rest on."""
        return {"seen": self.total}

    def _centred(self, layer):
        """V of a layer."""
        W, b = (np.asarray(array, dtype=float) for array in layer)
        centre = self.objective.inputs.centre
        return W.copy() if centre is None else np.vstack([W, b + centre @ W])

    def _sampled_start(self):
        """Solve on a sample of the rows, then on samples several times larger."""
        V = metric = None
        for size in sample_sizes(*self.objective.inputs.shape):
            sample = self.objective.sample(self.objective.inputs.draw(size))
            noise = np.sqrt(sample.inputs.D / size)  # how far its optimum is from that of all rows
            state = start_state(sample, V)
            *_, state = descend(_Steps(sample, noise / 5), state, 30)
            V, metric = state.V, state.metric
        return None if V is None else start_state(self.objective, V, metric)


class StreamSolver(LinearSolver):
    """The whitened descent on one part of a stream; what came before is the prior [C27].

    After each part the posterior of the weights is taken as Gaussian (Laplace): its mode is the
    solution, its precision grows by the curvature of the loss on that part.
    """

    def start(self, layers=None, seen=0.0, centre=None, precision=None):
        """The state at these layers, which rest on rows of total weight `seen`."""
        if layers is None:
            return start_state(self.objective)
        if centre is not None:
            self.objective.inputs.centre = centre
        V = self._centred(layers[-1])
        if precision is None:  # an earlier fit keeps none: take these rows for like those
            Z = self.objective.inputs.scores(V)
            moments = curvature_moments(self.objective, Z)
            precision = seen * self.objective.prior.added_to(moments)
        self.objective.prior = Prior(V, precision / self.total)
        return start_state(self.objective, V)

    def resume(self, state):
        """The belief after these rows."""
        moments = curvature_moments(self.objective, state.Z)
        return {
            "seen": self.total,
            "centre": self.objective.inputs.centre,
            "precision": self.total * self.objective.prior.added_to(moments),
        }


class _Steps(NamedTuple):
    """A solver that does nothing but step."""

    objective: LinearObjective
    tol: float

    def step(self, state):
        return whitened_step(self.objective, state, self.tol)


def sample_sizes(n, d):
    """Growing sample sizes, each so much smaller than the next that its cost does not count."""
    sizes, smallest = [], max(SMALLEST_SAMPLE, 8 * d)
    while n > 2.5 * smallest:
        n = max(n // SAMPLE_GROWTH, smallest)
        sizes.insert(0, n)
    return sizes
