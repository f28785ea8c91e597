"""Step 3, the best function: one loop for every solver, its record and its reasons to stop.

A solver has start(layers) -> state, step(state) -> state and layers(state). A state is a value with
at least `value` (the objective), `slope` (how steep it is there) and `stop` (why there is no next
step, or "").
"""

from functools import partial
from typing import NamedTuple

import numpy as np


class Descent(NamedTuple):
    """The last state, the layers to keep, and the record of the way there."""

    state: tuple
    layers: tuple
    loss_curve: list
    validation_curve: list
    stop: str
    record: "Record"


class Record(NamedTuple):
    """What stopping depends on, of the iterations so far."""

    losses: list = []
    validation: list = []
    kept: tuple | None = None  # layers where the validation loss was lowest

    def tail(self, patience):
        """The part that later decisions depend on."""
        return Record(_tail(self.losses, patience), _tail(self.validation, patience), self.kept)


def _tail(curve, patience):
    return [min(curve[:-patience]), *curve[-patience:]] if len(curve) > patience else curve


def descend(solver, state, max_iter):
    """The states after each iteration; one that has stopped before stays where it is."""
    if state.stop:
        yield state
        return
    for _ in range(max_iter):
        state = solver.step(state)
        yield state
        if state.stop:
            return


def run(
    solver,
    state,
    *,
    max_iter,
    tol,
    patience,
    validate=None,
    early_stopping=False,
    watch=None,
    record=None,
):
    """Descend until the solver stops, nothing changes, the validation loss rises or time is up.

    validate(layers) is the loss on rows that do not train; early stopping keeps the layers where it
    was lowest. watch(iteration, state, validation_loss, layers) sees every iteration and may return
    True to stop. record holds what an earlier run decided by.
    """
    known = record or Record()
    last = known.validation[-1:]
    if last and (validate is None or validate(solver.layers(state)) != last[0]):
        known = known._replace(validation=[], kept=None)  # other rows judge now, or none
    curve, validation, kept = [*known.losses], [*known.validation], known.kept
    ends = partial(reason, solver, tol=tol, patience=patience, early_stopping=early_stopping)
    state = state._replace(stop=ends(state, curve, validation))
    first, ended = state.value, state.stop  # not the state itself, which may be large
    states = descend(solver, state, max_iter)
    for state in states:
        check_finite(state.value, first)
        curve.append(float(state.value))
        if validate is not None:
            validation.append(float(validate(solver.layers(state))))
            if early_stopping and validation[-1] <= min(validation):
                kept = solver.layers(state)
        iteration, judged = len(curve) - len(known.losses), validation[-1] if validate else None
        stop = ended or ends(state, curve, validation)
        if watch is not None and watch(iteration, state, judged, solver.layers):
            stop = "callback"
        if stop:
            break
    return Descent(
        state,
        kept if early_stopping and kept is not None else solver.layers(state),
        curve[len(known.losses) :],
        validation[len(known.validation) :],
        stop or "max_iter",
        known if ended else Record(curve, validation, kept).tail(patience),
    )


def reason(solver, state, curve, validation, *, tol, patience, early_stopping):
    """Why the run ends at a state, or nothing."""
    if early_stopping:
        return "early_stopping" if stalled(validation, tol, patience) else state.stop
    return state.stop or ("no_change" if idle(solver, state, curve, tol, patience) else "")


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
