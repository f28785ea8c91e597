"""Step 3 for one layer of units: gradient descent in whitened coordinates, with nothing to tune.

The gradient is multiplied by the inverse of M, the second moment of the inputs weighted by the
curvature p (1 - p), one for each output. In these coordinates the inputs are uncorrelated and of
one scale. The learning rate and the momentum are then solved for: scores are linear in the weights,
so the plane spanned by the step and the last step is searched on the scores, without the data.

    G  = X' (P - Y) + penalty W         gradient; its length in the metric is the slope
    D  = -M^-1 G                        proposed direction
    (rate, momentum) = argmin of the objective over V + rate D + momentum (last step)
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg.lapack import dposv, dpotrf, dpotrs

from sklearn_lhy._rows import check_squares

LARGEST_METRIC = 2000  # inputs; beyond it a diagonal metric and more past steps,
DEAREST_METRIC = 25  # and so where a metric costs as much as this many iterations
PAST_STEPS = 5
METRIC_ROWS = 240  # rows of a metric, in units of n / D: it then costs about four iterations
SLOW = 0.3  # a slope that falls by less asks for a new metric


class CholeskyMetric(NamedTuple):
    """M_k = S_k L_k L_k' S_k for each output, S_k the diagonal of scales (D, 1)."""

    factors: tuple
    scales: tuple

    def solve(self, G):
        """M^-1 G, column by column: (D, m)."""
        parts = zip(self.factors, self.scales, G.T[:, :, None], strict=True)
        return np.hstack([dpotrs(L, g / s, lower=1)[0] / s for L, s, g in parts])


class DiagonalMetric(NamedTuple):
    """Diagonals of M_k, as the columns of (D, m)."""

    diagonal: np.ndarray

    def solve(self, G):
        """M^-1 G: (D, m)."""
        return G / self.diagonal


class State(NamedTuple):
    """Where the descent stands: weights V (D, m), scores Z (n, m), and what the next step needs."""

    V: np.ndarray
    Z: np.ndarray
    value: float
    metric: CholeskyMetric | DiagonalMetric | None = None
    age: int = 0  # iterations since the metric was made
    slope: float = np.inf  # length of the gradient in the metric, before the last step
    rate: float = 1.0  # the factor by which it fell
    steps: tuple = ()  # past steps (D, m) and what they did to the scores (n, m), newest first
    moves: tuple = ()
    stop: str = ""  # why there is no next step
    anchor: dict | None = None  # where a saved descent goes on, and the iterations since
    since: int = 0


def start_state(objective, V=None, metric=None):
    """The state at V, or at zero."""
    zero, Z = objective.start()
    if V is None:
        V = zero
    else:
        V = objective.projected(V)
        Z = objective.inputs.scores(V)
    return State(V, Z, objective.value(V, Z), metric)


def plain_metric(metric):
    """A metric as a dict of arrays, and None as an empty one."""
    return {} if metric is None else metric._asdict()


def metric_of(plain):
    """The metric of a dict of arrays."""
    return (CholeskyMetric if "factors" in plain else DiagonalMetric)(**plain) if plain else None


def whitened_step(objective, state, tol):
    """One iteration: two products with the data."""
    G = objective.gradient(state.V, state.Z)
    metric, age = state.metric, state.age + 1
    if metric is not None:
        D, slope = _direction(objective, metric, G)
    if metric is None or (slope > SLOW * state.slope and age > _patience(objective.inputs)):
        metric, age = make_metric(objective, state.Z), 0
        D, slope = _direction(objective, metric, G)
    if slope >= state.slope and slope**2 <= _rounding(state):
        return state._replace(metric=metric, slope=slope, stop="precision")
    past = 1 if isinstance(metric, CholeskyMetric) else PAST_STEPS
    steps = (D, *state.steps[:past])
    moves = (objective.inputs.scores(D), *state.moves[:past])
    rates, value = search(objective, state, G, steps, moves)
    if not rates.any():
        return state._replace(
            metric=metric, slope=slope, stop="tol" if slope <= tol else "precision"
        )
    step = _combine(rates, steps)
    Z, move = objective.follow(state.Z, moves, rates)
    rate = min(1.0, slope / state.slope) if state.steps else 1.0
    return State(
        V=state.V + step,
        Z=Z,
        value=value,
        metric=metric,
        age=age,
        slope=slope,
        rate=rate,
        steps=(step, *state.steps[: past - 1]),
        moves=(move, *state.moves[: past - 1]),
        stop="tol" if slope * max(rate, state.rate) ** 0.5 <= tol / 10 else "",  # where it will end
    )


def search(objective, state, G, steps, moves):
    """Rates that minimise the objective over the span of the steps, and the objective there."""
    V, Z, value = state.V, state.Z, state.value
    slack = _rounding(state)
    rates = np.zeros(len(steps))
    g = np.array([np.vdot(G, step) for step in steps])
    for _ in range(4):
        jump = _newton(objective.curvatures(Z, moves, steps, rates), g)
        for halvings in range(40):
            trial = rates + jump / 2**halvings
            lower = objective.value(V + _combine(trial, steps), Z, moves, trial)
            if lower <= value + slack:
                break
        else:
            return rates, value
        promised, kept = -g @ jump / 2, value - lower
        rates, value = trial, min(value, lower)
        if halvings == 0 and abs(kept - promised) <= 0.3 * promised + slack:
            break  # the quadratic model holds: what is left in the plane is small
        g = objective.slopes(Z, V, moves, steps, rates)
    return rates, value


def _rounding(state):
    """Differences of the objective that mean nothing."""
    return 8 * np.finfo(state.Z.dtype).eps * abs(state.value)


def make_metric(objective, Z):
    """Curvature-weighted second moments of the inputs plus the prior's precision, factorised."""
    inputs, prior = objective.inputs, objective.prior
    dear = prior.precision.ndim == 2 and _patience(inputs) > DEAREST_METRIC
    if dear or inputs.D > LARGEST_METRIC:
        M = inputs.diagonal_moment(objective.curvature_weights(Z, slice(None)))
        check_squares(inputs.X, M[: inputs.d].max(axis=1), inputs.X.dtype)
        return DiagonalMetric(np.maximum(prior.added_to(M), np.finfo(float).tiny))
    size = _metric_size(inputs)
    rows = inputs.draw(size) if size < inputs.n else None
    M = _moments(objective, Z, rows)
    check_squares(inputs.X, M.diagonal(axis1=1, axis2=2).max(axis=0)[: inputs.d], inputs.X.dtype)
    M = prior.added_to(M)
    factors, scales = zip(*map(_factorise, M), strict=True)
    return CholeskyMetric(factors, scales)


def curvature_moments(objective, Z):
    """sum_i weight_i p_ik (1 - p_ik) x_i x_i' over all rows: (m, D, D), or the diagonals (D, m)."""
    if objective.inputs.D > LARGEST_METRIC:
        return objective.inputs.diagonal_moment(objective.curvature_weights(Z, slice(None)))
    return _moments(objective, Z, None)


def _moments(objective, Z, rows):
    weights = objective.curvature_weights(Z, slice(None) if rows is None else rows)
    return objective.inputs.second_moment(weights, rows)


def _metric_size(inputs):
    """Rows that a metric is made of."""
    return min(inputs.n, max(METRIC_ROWS * inputs.n // inputs.D, 4 * inputs.D))


def _patience(inputs):
    """Iterations that cost as much as a new metric: its products are faster ones."""
    return (_metric_size(inputs) + inputs.D / 3) * inputs.D / (32 * inputs.n)


def _factorise(M):
    """Cholesky factor of M / (s s') and s (D, 1), with the smallest ridge that makes it succeed."""
    s = np.sqrt(np.maximum(M.diagonal(), np.finfo(float).tiny))[:, None]
    M, ridge = M / s / s.T, 1e-13
    while True:
        M.flat[:: len(M) + 1] += ridge
        L, failed = dpotrf(M, lower=1)
        if not failed:
            return L, s
        ridge *= 100


def _direction(objective, metric, G):
    """D = -M^-1 G and the slope, the length of the gradient in the metric."""
    D = objective.projected(-metric.solve(G))
    return D, np.sqrt(max(-np.vdot(G, D), 0.0))


def _newton(K, g):
    """Newton's step -K^-1 g for k rates whose scales may differ widely."""
    s = np.sqrt(np.maximum(K.diagonal(), np.finfo(float).tiny))
    K = K / s / s[:, None]
    K.flat[:: len(s) + 1] += 1e-12
    _, step, failed = dposv(K, -g / s)
    return (-g / s if failed else step) / s


def _combine(rates, arrays):
    """sum_j rate_j array_j."""
    total = rates[0] * arrays[0]
    for rate, array in zip(rates[1:], arrays[1:], strict=True):
        total += rate * array
    return total
