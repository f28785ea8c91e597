"""Where a network starts: of many random hidden layers, those whose outputs explain the target.

A cascade finds its own features [L27]. A narrow layer needs a lucky draw to begin with, a wide one
does not; a candidate costs one small least-squares problem on a few rows.
"""

import numpy as np

from sklearn_lhy._rows import dense
from sklearn_lhy._units import Layer, layer_scores, sigmoid

SCREENED_UNITS = 128  # drawn in all: the narrower the layers, the more candidates
SCREENED_ROWS = 256
START_NORM = 2.0  # of the weights of a drawn unit, on standardised inputs


def screened_start(X, Y, sizes, random_state):
    """The best of many random stacks of these sizes (inputs first), on standardised rows."""
    candidates = max(1, SCREENED_UNITS // min(sizes[1:-1], default=SCREENED_UNITS))
    rows = random_state.permutation(X.shape[0])[:SCREENED_ROWS]
    X, Y = dense(X[rows]), Y[rows].astype(float)
    drawn = [_draw(X, sizes, random_state) for _ in range(candidates)]
    return min(drawn, key=lambda stack: _unexplained(stack[1], Y))[0]


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
