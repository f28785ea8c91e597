"""Where a network starts: of many random hidden layers, those whose outputs explain the target.

A cascade finds its own features [L27]. A narrow layer needs a lucky draw to begin with, a wide one
does not; a candidate costs one small least-squares problem on a few rows. Then the last layer
learns alone: while its weights are 0 the others have no gradient, and its steps are the cheapest.
"""

import numpy as np

from sklearn_lhy._rows import dense
from sklearn_lhy._stack_sample import make_sample
from sklearn_lhy._units import Layer, hidden_outputs, layer_scores, sigmoid
from sklearn_lhy._whitened_stack import stack_start, stack_step

SCREENED_UNITS = 128  # of the narrowest hidden layer, in all candidates; one if it is wider
SCREENED_ROWS = 256
START_NORM = 2.0  # of the weights of a drawn unit, on standardised inputs
LAST_STEPS = 3  # of the last layer alone
LAST_ROWS = 2000  # that it learns from


def screened_start(X, Y, weight, loss, ridge, sizes, random_state):
    """The best of many random stacks of these sizes (inputs first), on standardised rows.

    Its last layer has learnt, under a penalty ridge; all of it is in single precision.
    """
    candidates = max(1, SCREENED_UNITS // min(sizes[1:-1], default=SCREENED_UNITS))
    rows = random_state.permutation(np.flatnonzero(weight))[:LAST_ROWS]
    X, Y, weight = X[rows].astype(np.float32), Y[rows], weight[rows].astype(np.float32)
    few, targets = dense(X[:SCREENED_ROWS]), Y[:SCREENED_ROWS].astype(float)
    drawn = [_draw(few, sizes, random_state) for _ in range(candidates)]
    layers, _ = min(drawn, key=lambda stack: _unexplained(stack[1], targets))
    sample = make_sample(hidden_outputs(X, layers)[-1], Y, weight)
    return *layers[:-1], _last_layer(layers[-1], sample, loss, ridge)


def _last_layer(layer, sample, loss, ridge):
    """A layer after its first steps."""
    state = stack_start([layer], loss, sample, [ridge])
    for _ in range(LAST_STEPS):
        state = stack_step(state, loss, sample, [ridge], 0.0)
    return state.layers[0]


def _draw(X, sizes, random_state):
    """Hidden layers whose units' hyperplanes pass through rows, and an output layer of zeros."""
    layers, A = [], X
    for d, m in zip(sizes[:-2], sizes[1:-1], strict=True):
        W = random_state.standard_normal((d, m)).astype(X.dtype)
        W *= START_NORM / np.linalg.norm(W, axis=0)
        b = -(A[random_state.randint(len(A), size=m)] * W.T).sum(axis=1)
        layers.append(Layer(W, b))
        A = sigmoid(layer_scores(A, layers[-1]))
    layers.append(Layer(np.zeros(sizes[-2:], X.dtype), np.zeros(sizes[-1], X.dtype)))
    return tuple(layers), A


def _unexplained(A, Y):
    """Squared residual of Y after ridge regression on (A, 1): how useful these features are."""
    A, Y = (A - A.mean(axis=0)).astype(float), Y - Y.mean(axis=0)
    G = A.T @ A
    G.flat[:: len(G) + 1] += 1e-4 * len(A)
    C = A.T @ Y
    return float((Y**2).sum() - (C * np.linalg.solve(G, C)).sum())
