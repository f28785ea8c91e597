"""Where a network starts: of many random hidden layers, those whose outputs explain the target.

A cascade finds its own features [L27]. A narrow layer needs a lucky draw to begin with, a wide one
does not; a candidate costs one small least-squares problem on a few rows. Then the last layer
learns alone: while its weights are 0 the others have no gradient, and its steps are the cheapest.
"""

from itertools import pairwise

import numpy as np

from sklearn_lhy._rows import dense
from sklearn_lhy._stack_sample import make_sample
from sklearn_lhy._units import Layer, hidden_outputs, sigmoid
from sklearn_lhy._whitened_stack import stack_start, stack_step

SCREENED_UNITS = 128  # of the narrowest hidden layer, in all candidates; one if it is wider
SCREENED_ROWS = 256
START_NORM = 2.0  # of the weights of a drawn unit, on standardised inputs
LAST_STEPS = 3  # of the last layer alone
LAST_ROWS = 2000  # that it learns from


def screened_start(X, Y, weight, loss, ridge, sizes, random_state):
    """The best of many random stacks of these sizes (inputs first), on standardised rows.

    Its last layer has learnt, under a penalty ridge, where there is more than one class; all of it
    is in single precision.
    """
    candidates = max(1, SCREENED_UNITS // min(sizes[1:-1], default=SCREENED_UNITS))
    rows = random_state.permutation(np.flatnonzero(weight))[:LAST_ROWS]
    X, Y, weight = X[rows].astype(np.float32), Y[rows], weight[rows].astype(np.float32)
    few, targets = dense(X[:SCREENED_ROWS]), Y[:SCREENED_ROWS].astype(float)
    drawn, outputs = _draw(few, sizes[:-1], candidates, random_state)
    best = _explained(outputs, targets).argmax()
    last = Layer(np.zeros(sizes[-2:], X.dtype), np.zeros(sizes[-1], X.dtype))
    layers = *(Layer(W[best], b[best]) for W, b in drawn), last
    if is_one_class(Y):
        return layers
    sample = make_sample(hidden_outputs(X, layers)[-1], Y, weight)
    return *layers[:-1], _last_layer(last, sample, loss, ridge)


def is_one_class(Y):
    """Whether all targets are the same: such rows say nothing of what hidden units should find."""
    return not (Y[1:] != Y[0]).any()


def _last_layer(layer, sample, loss, ridge):
    """A layer after its first steps."""
    state = stack_start([layer], loss, sample, [ridge])
    for _ in range(LAST_STEPS):
        state = stack_step(state, loss, sample, [ridge], 0.0)
    return state.layers[0]


def _draw(X, sizes, candidates, random_state):
    """Hidden layers of c candidates, whose units' hyperplanes pass through rows, and their outputs.

    W (c, d, m), b (c, m), outputs (c, n, m).
    """
    layers, A = [], np.broadcast_to(X, (candidates, *X.shape))
    for d, m in pairwise(sizes):
        W = random_state.standard_normal((candidates, d, m)).astype(X.dtype)
        W *= START_NORM / np.linalg.norm(W, axis=1, keepdims=True)
        through = random_state.randint(len(X), size=(candidates, m, 1))
        b = -np.einsum("cmd,cdm->cm", np.take_along_axis(A, through, axis=1), W)
        layers.append(Layer(W, b))
        A = sigmoid(A @ W + b[:, None])
    return layers, A


def _explained(A, Y):
    """Squares of Y (n, K) that ridge regression on each (A, 1) explains: how useful A (c, n, m) is.

    A sum over the outputs, (c,).
    """
    A, Y = (A - A.mean(axis=1, keepdims=True)).astype(float), Y - Y.mean(axis=0)
    C = A.transpose(0, 2, 1) @ Y
    G = A.transpose(0, 2, 1) @ A + 1e-4 * A.shape[1] * np.eye(A.shape[2])
    return (C * np.linalg.solve(G, C)).sum(axis=(1, 2))
