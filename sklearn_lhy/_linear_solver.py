"""The whitened descent of one layer of units, from a sample of the rows to all of them."""

from typing import NamedTuple

import numpy as np

from sklearn_lhy._centred_rows import CentredRows
from sklearn_lhy._descent import descend
from sklearn_lhy._metric import WIDEST_FACTOR, Plan
from sklearn_lhy._objective import LinearObjective, Prior, SummedObjective, ridge
from sklearn_lhy._rows import centre_of
from sklearn_lhy._units import Layer
from sklearn_lhy._whitened import State, start_state, whitened_step, with_metric

SMALLEST_SAMPLE = 2000  # rows, and at least 8 for each input
SAMPLE_GROWTH = 16
FAR = 10  # times the objective at zero, from which on earlier layers are no start
KEPT = (  # of a state
    "V",
    "value",
    "made_at",
    "stale",
    "age",
    "slope",
    "rate",
    "pace",
    "ahead",
    "stop",
)


class LinearSolver:
    """The whitened descent of one layer of units (see _whitened)."""

    def __init__(self, problem, tol):
        X, weight = problem.X, problem.weight
        self.problem, self.tol = problem, tol
        self.total = X.shape[0] if weight is None else float(weight.sum(dtype=float))
        self._put_about(centre_of(X, weight) if problem.fit_intercept else None)

    def _put_about(self, centre):
        """Set the objective, of inputs about a centre."""
        self.centre, problem, weight = centre, self.problem, self.problem.weight
        share = None if weight is None else weight / self.total
        inputs = CentredRows(problem.X, centre)
        prior = ridge(problem.penalty, inputs)
        inputs = inputs if problem.parts else inputs.written()
        self.objective = LinearObjective(inputs, problem.Y, share, problem.loss, prior)

    def start(self, layers=None, **belief):
        """The state at these layers, or at the solution for a sample of the rows.

        Layers are given up where zero is far better: weights of a fit without a penalty may be so
        far out that all curvature is rounding.
        """
        if layers is None:
            return self._sampled_start()
        return self._start_at(self._centred(layers[-1]), FAR)

    def step(self, state):
        """One iteration."""
        return whitened_step(self.objective, state, self.tol)

    def layers(self, state):
        """The layer of a state, its intercept moved back from the centre of the data."""
        V, dtype = state.end, self.problem.X.dtype
        W, b = V, np.zeros(V.shape[1])
        if self.centre is not None:
            W, b = V[:-1], V[-1] - self.centre @ V[:-1]
        return (Layer(W.astype(dtype), b.astype(dtype)),)

    def resume(self, state):
        """How much weight the layers rest on."""
        return {"seen": self.total}

    def saved(self, state):
        """What `resumed` needs; the gradient and the metric are found anew."""
        saved = {name: getattr(state, name) for name in KEPT}
        plan, past = state.plan or (), state.past
        return {**saved, "plan": list(plan), "past": [list(pair) for pair in past]}

    def resumed(self, saved):
        """The saved state, or None where the value shows that the objective is another one."""
        value, G = self.objective.value_and_gradient(saved["V"])
        if value != saved["value"]:
            return None
        state = State(saved["V"], value, G)
        if saved["plan"]:
            plan = Plan(*saved["plan"])
            state = with_metric(self.objective, state, saved["made_at"], plan)
        kept = {name: saved[name] for name in KEPT}
        return state._replace(**kept, past=tuple(map(tuple, saved["past"])))

    def _centred(self, layer):
        """V of a layer."""
        W, b = (np.asarray(array, dtype=float) for array in layer)
        return W.copy() if self.centre is None else np.vstack([W, b + self.centre @ W])

    def _sampled_start(self):
        """Solve on a sample of the rows, then on samples several times larger."""
        V = self.objective.zero()
        for size in sample_sizes(*self.objective.inputs.shape):
            sample = self.objective.sample(self.objective.inputs.draw(size))
            noise = np.sqrt(sample.inputs.D / size)  # how far its optimum is from that of all rows
            *_, state = descend(_Steps(sample, 4 * noise), start_state(sample, V), 30)
            V = state.end
        return self._start_at(V)

    def _start_at(self, V, times=1):
        """The state at V, or at zero if the objective is more than so many times as high at V."""
        state = start_state(self.objective, V)
        if not V.any() or state.value <= times * self.objective.value_at_zero():
            return state
        return start_state(self.objective, self.objective.zero())


class SummedSolver(LinearSolver):
    """The whitened descent on rows in parts, from the solution for a sample of them."""

    def __init__(self, problem, tol):
        super().__init__(problem, tol)
        self.local = LinearSolver(problem, np.sqrt(self.objective.inputs.D / len(problem.Y)) / 10)
        self.objective = SummedObjective(self.objective, problem.parts)

    def _sampled_start(self):
        """Solve on the sample."""
        *_, state = descend(self.local, self.local.start(), 100)
        return self._start_at(state.V)


class StreamSolver(LinearSolver):
    """The whitened descent on one part of a stream; what came before is the prior [C27].

    After each part the posterior of the weights is taken as Gaussian (Laplace): its mode is the
    solution, its precision grows by the curvature of the loss on that part.
    """

    def start(self, layers=None, seen=0.0, centre=None, precision=None):
        """The state at these layers, which rest on rows of total weight `seen`."""
        if layers is None:
            return start_state(self.objective, self.objective.zero())
        if centre is not None:
            self._put_about(centre)
        V = self._centred(layers[-1])
        if precision is None:  # an earlier fit keeps none: take these rows for like those
            precision = seen * self.objective.prior.added_to(self._curvature(V))
        self.objective.prior = Prior(V, precision / self.total)
        return start_state(self.objective, V)

    def resume(self, state):
        """The belief after these rows."""
        precision = self.total * self.objective.prior.added_to(self._curvature(state.end))
        return {"seen": self.total, "centre": self.centre, "precision": precision}

    def _curvature(self, V):
        """That of the loss at V over all rows, a diagonal where there are many inputs."""
        if self.objective.inputs.D > WIDEST_FACTOR:
            return self.objective.diagonal_curvature(V)
        return self.objective.curvature(V)


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
