"""Going on exactly: a whitened descent that was cut off is saved in a few small arrays.

A state carries scores of all n rows, which a saved model shall not hold, and which differ in their
last bits when they are found anew. So every PERIOD-th iteration does find them anew, in a state
called the anchor. Saved are the anchor without its scores and how many iterations followed; to go
on is to take these again.
"""

from abc import ABCMeta, abstractmethod

import numpy as np

from sklearn_lhy._descent import Record
from sklearn_lhy._units import Layer

PERIOD = 20


class AnchoredSolver(metaclass=ABCMeta):
    """Abstract solver whose states have the fields `value`, `anchor` and `since`."""

    @abstractmethod
    def _iterate(self, state):
        """One iteration."""

    @abstractmethod
    def _plain(self, state):
        """What a state knows beyond its scores: a dict of arrays, numbers, lists and dicts."""

    @abstractmethod
    def _rebuilt(self, plain):
        """The state with its scores and its value found anew."""

    def step(self, state):
        """One iteration, now and then from an anchor."""
        if state.anchor is None or state.since == PERIOD:
            plain = self._plain(state)
            state = state if state.anchor is None else self._rebuilt(plain)
            state = state._replace(anchor={**plain, "value": float(state.value)}, since=0)
        after = self._iterate(state)
        return after._replace(anchor=state.anchor, since=state.since + 1)

    def saved(self, state):
        """What `resumed` needs."""
        return {"anchor": state.anchor, "since": state.since}

    def resumed(self, saved):
        """The saved state, or None where the value shows that the objective is another one."""
        state = self._rebuilt(saved["anchor"])
        if state.value != saved["anchor"]["value"]:
            return None
        state = state._replace(anchor=saved["anchor"], since=0)
        for _ in range(saved["since"]):
            state = self.step(state)
        return state


def plain_layers(layers):
    """Layers as lists of two arrays of their own."""
    return [[np.array(W, order="C"), np.array(b)] for W, b in layers]


def layers_of(plain):
    """The layers of such lists."""
    return tuple(Layer(*arrays) for arrays in plain)


def memory_of(solver, found):
    """What is needed to go on exactly where a descent ended, as a dict of plain things."""
    losses, validation, kept = found.record
    record = {"losses": losses, "validation": validation, "kept": plain_layers(kept or ())}
    shown = plain_layers(found.layers)
    return {"state": solver.saved(found.state), "shown": shown, "record": record}


def recalled(solver, memory, layers):
    """The state and the record of a memory, or Nones where the layers or the objective differ."""
    if layers is None or not memory or not equal_layers(layers, memory["shown"]):
        return None, None
    state = solver.resumed(memory["state"])
    if state is None:
        return None, None
    losses, validation, kept = memory["record"].values()
    return state, Record(losses, validation, layers_of(kept) or None)


def equal_layers(a, b):
    """Whether layers have the same shapes and numbers."""
    a, b = ([array for layer in layers for array in layer] for layers in (a, b))
    return len(a) == len(b) and all(map(np.array_equal, a, b))
