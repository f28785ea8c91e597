"""Step 3, the best function: one loop for every solver, its record and its reasons to stop.

A solver has start(layers) -> state, step(state) -> state and layers(state). A state is a value with
at least `value` (the objective), `slope` (how steep it is there) and `stop` (why there is no next
step, or "").
"""

from typing import NamedTuple

import numpy as np


class Descent(NamedTuple):
    """The last state, the layers to keep, and the record of the way there."""

    state: tuple
    layers: tuple
    loss_curve: list
    validation_curve: list
    stop: str


def descend(solver, state, max_iter):
    """The states after each iteration."""
    for _ in range(max_iter):
        state = solver.step(state)
        yield state
        if state.stop:
            return


def run(solver, state, *, max_iter, tol, patience, validate=None, early_stopping=False, watch=None):
    """Descend until the solver stops, nothing changes, the validation loss rises or time is up.

    validate(layers) is the loss on rows that do not train; early stopping keeps the layers where it
    was lowest. watch(iteration, state, validation_loss, layers) sees every iteration and may return
    True to stop.
    """
    curve, validation, kept, stop = [], [], None, "max_iter"
    start = state
    for state in descend(solver, start, max_iter):
        check_finite(state.value, start.value)
        curve.append(float(state.value))
        if validate is not None:
            validation.append(float(validate(solver.layers(state))))
            if early_stopping and validation[-1] <= min(validation):
                kept = solver.layers(state)
        if watch is not None and watch(
            len(curve), state, validation[-1] if validation else None, solver.layers
        ):
            stop = "callback"
        elif early_stopping and stalled(validation, tol, patience):
            stop = "early_stopping"
        elif state.stop:
            stop = state.stop
        elif not early_stopping and idle(solver, state, curve, tol, patience):
            stop = "no_change"
        if stop != "max_iter":
            break
    layers = solver.layers(state) if kept is None else kept
    return Descent(state, layers, curve, validation, stop)


def stalled(curve, tol, patience):
    """Whether the last `patience` values did not improve on the best before them by tol."""
    if len(curve) <= patience:
        return False
    return min(curve[-patience:]) > min(curve[:-patience]) - tol


def idle(solver, state, curve, tol, patience):
    """`stalled`, for rules whose slope never tells; an undone iteration does not count."""
    return hasattr(solver, "rule") and not state.undone and stalled(curve, tol, patience)


def check_finite(value, first):
    """Refuse a descent that runs away."""
    if not np.isfinite(value) or value > 100 * (first + 1):
        raise ValueError(
            f"The descent diverged: the loss rose from {first:.3g} to {value:.3g}. Use"
            ' learning_rate="auto" or a smaller one, or scale the features (StandardScaler).'
        )
