"""What a fit keeps to be gone on with exactly: dicts of arrays, numbers, strings, lists and None.

A solver gives `saved(state)`, from which `resumed(saved)` makes the same state, or None where the
objective is another one.
"""

import numpy as np

from sklearn_lhy._descent import Record
from sklearn_lhy._units import Layer


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
