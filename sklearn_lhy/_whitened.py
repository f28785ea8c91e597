"""Step 3 for one layer of units: gradient descent in whitened coordinates, with nothing to tune.

The gradient is multiplied by the inverse of M, the second moment of the inputs weighted by the
curvature p (1 - p), one for each output. In these coordinates the inputs are uncorrelated and of
one scale, so that the learning rate is 1. M comes from a sample of rows and is not renewed in every
iteration; what it says of the directions of the last steps is replaced by what was measured there,
the change of the gradient.

    G  = X' (P - Y) + penalty W         gradient, found with the objective in one pass [L11]
    D  = -M^-1 G                        direction, M corrected by the last steps
    V <- V + rate D                     rate 1, less where the objective would rise
    slope = (-G'D)^(1/2)                length of the gradient in the metric; its half square is the
                                        distance from the optimum on a quadratic
"""

from typing import NamedTuple

import numpy as np

from sklearn_lhy._metric import (
    CholeskyMetric,
    DiagonalMetric,
    Plan,
    iterations,
    make_metric,
    metric_plan,
)

PAST_STEPS = 10
SLOW = 0.1  # a slope that falls by less asks for a new metric
WORTH = 0.6  # times its cost must a new metric save beyond that
DRIFT = 2  # squares of slopes, over the objective, that going stale adds to the error of a metric,
STALEST = 0.4  # at most
PAUSE = 4  # iterations from plan to plan
CHEAP = 4  # passes for a metric that need no second thought
STUCK = 0.8  # a slope that falls by less, twice, is rounding where the objective is
LEAST_RATE = 1e-10
TRUSTED = 1e-6  # slope after a step that need not be checked
BELOW = 20  # times smaller than tol must be what is left where the descent ends


class State(NamedTuple):
    """Where the descent stands, and what the next step needs."""

    V: np.ndarray  # (D, m)
    value: float
    G: np.ndarray  # gradient (D, m)
    metric: CholeskyMetric | DiagonalMetric | None = None
    made_at: np.ndarray | None = None  # V for which the metric was made
    plan: Plan | None = None  # by which it was made
    stale: float = STALEST  # what going stale was expected to add to its error
    age: int = 0  # iterations since then
    slope: float = np.inf  # before the last step
    rate: float = 1.0  # the factor by which it fell
    pace: float = 1.0  # the same lately, at first as the plan promised
    past: tuple = ()  # (step, change of the gradient), newest first
    ahead: np.ndarray | float = 0.0  # a last step, taken on trust
    stop: str = ""  # why there is no next step

    @property
    def end(self):
        """V with the last step, if there was one on trust."""
        return self.V + self.ahead


def start_state(objective, V):
    """The state at V."""
    V = objective.projected(V)
    return State(V, *objective.value_and_gradient(V))


def whitened_step(objective, state, tol):
    """One iteration, one pass over the data unless the objective would rise."""
    state = state._replace(age=state.age + 1)
    if state.metric is None:
        state = with_metric(objective, state, state.V, metric_plan(objective, state.V))
    elif state.rate > SLOW and state.slope**2 > _rounding(objective, state):
        state = renewed(objective, state, tol)
    D, slope = direction(objective, state)
    if slope**2 > 2 * abs(state.value) and state.plan.of_some_rows:  # more than there is to gain
        plan = state.plan._replace(step=1, thinned=False)
        state = with_metric(objective, state, state.V, plan)
        D, slope = direction(objective, state)
    if not np.vdot(state.G, D) <= 0:  # rounding has turned it upward
        return state._replace(slope=0.0, stop="precision")
    rates = state.rate, min(1.0, slope / state.slope)
    pace = state.pace**0.7 * max(rates[1], 0.01) ** 0.3
    state = state._replace(slope=slope, rate=rates[1], pace=pace)
    end = slope * max(rates)  # where this step will lead
    if end <= max(tol / BELOW, 10 * objective.eps):
        stop = "tol" if end <= tol else "precision"
        if end <= max(TRUSTED, 10 * objective.eps):  # what it gains is rounding
            return state._replace(ahead=D, stop=stop)
        return _descended(objective, state, D)._replace(stop=stop)
    if min(rates) > STUCK and slope**2 <= _rounding(objective, state):
        return state._replace(stop="precision")
    return _descended(objective, state, D)


def _descended(objective, state, D):
    """The state after a step along D that does not let the objective rise."""
    slack = _rounding(objective, state)
    gain, rate = state.slope**2, 1.0  # promised at first sight
    while True:
        step = rate * D
        value, G = objective.value_and_gradient(state.V + step)
        if value <= state.value + slack:
            break
        if rate < LEAST_RATE:
            return state._replace(stop="precision")
        curve = (value - state.value) / rate + gain  # of the parabola through what is known
        rate *= float(np.clip(gain / (2 * curve), 0.1, 0.5)) if np.isfinite(value) else 0.1
    change = G - state.G
    past = ((step, change), *state.past[: PAST_STEPS - 1])
    if not np.vdot(step, change) > LEAST_RATE * rate * gain:  # the objective is not convex there
        past = state.past
    lost = rate < 1 and state.value - value <= slack  # cut back until only rounding was left
    stop = "precision" if lost else ""
    return state._replace(V=state.V + step, value=value, G=G, past=past, stop=stop)


def _rounding(objective, state):
    """Differences of the objective that mean nothing."""
    return 8 * objective.eps * abs(state.value)


def direction(objective, state):
    """D = -M^-1 G, M corrected by the past steps [Nocedal 1980], and the slope."""
    D, parts = state.G, []
    for step, change in state.past:
        part = np.vdot(step, D) / np.vdot(step, change)
        parts.append(part)
        D = D - part * change
    D = objective.projected(state.metric.solve(D))
    if state.past and isinstance(state.metric, DiagonalMetric):  # its scale is off as well
        step, change = state.past[0]
        D *= np.vdot(step, change) / np.vdot(change, state.metric.solve(change))
    for (step, change), part in zip(state.past[::-1], parts[::-1], strict=True):
        D += (part - np.vdot(change, D) / np.vdot(step, change)) * step
    return -D, np.sqrt(max(np.vdot(state.G, D), 0.0))


def renewed(objective, state, tol):
    """The state with a new metric if that is expected to save more passes than it costs."""
    plan, V = state.plan, state.V
    if plan.exact and plan.passes < CHEAP:
        return with_metric(objective, state, V, plan) if state.age > 1 else state
    if state.age % PAUSE:  # a plan takes time as well
        return state
    gain = 2 * np.log(max(BELOW * state.slope / max(tol, objective.eps), 2))
    stale = DRIFT * state.slope**2 / max(abs(state.value), np.finfo(float).tiny)
    stale = min(stale, STALEST)
    worse = max(1.0, state.pace**2 / (plan.error + state.stale))  # than expected are such metrics
    new = metric_plan(objective, V, gain, stale, worse)
    if new.cost + WORTH * new.passes < iterations(state.pace**2, gain):
        return with_metric(objective, state, V, new, stale)
    return state


def with_metric(objective, state, V, plan, stale=STALEST):
    """The state with the metric at V, which past steps need not correct if it is exact."""
    metric, past = make_metric(objective, V, plan), () if plan.exact else state.past
    return state._replace(
        metric=metric,
        made_at=V,
        plan=plan,
        stale=stale,
        age=0,
        pace=plan.error**0.5,
        past=past,
    )
