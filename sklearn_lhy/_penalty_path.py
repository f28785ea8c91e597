"""How strong the penalty of a network should be: a path of strengths, judged on rows left out.

The best strength differs widely between data sets, so no fixed one serves. Weak first: a network
that begins under a strong penalty collapses to zero and never learns a spiral. Each fold goes along
the path from solution to solution, and the path ends where the loss on left-out rows rises.
"""

import numpy as np

from sklearn_lhy._stack_sample import forward, make_sample
from sklearn_lhy._start import screened_start
from sklearn_lhy._whitened_stack import stack_start, stack_step

ALPHAS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
FEWEST_ROWS = 20  # fewer than this cannot choose: the weakest penalty
MOST_ROWS = 5000  # rows that choose; alpha does not grow with their number
STRONGEST = 1e12  # penalty under which weights are 0 to all digits
STEPS, LEG_TOL = 40, 3e-3  # for each strength


def ridge_of(alpha, total):
    """The penalty beside a mean loss over a total weight, for weights of standardised inputs."""
    return min(alpha / total, STRONGEST)


def choose_alpha(standard, X, Y, weight, unit, loss, sizes, random_state):
    """The strength with the least loss on rows left out, for rows X that are to be standardised.

    The weights are given in multiples of unit.
    """
    rows = np.flatnonzero(weight)
    if len(rows) < FEWEST_ROWS:
        return ALPHAS[0]
    rows = random_state.permutation(rows)[:MOST_ROWS]
    X, Y, weight = standard.rows(X[rows], np.float32), Y[rows], weight[rows].astype(np.float32)
    folds = [
        _path(X, Y, weight, unit, loss, sizes, random_state, out)
        for out in _left_out(Y, random_state)
    ]
    path = []
    for alpha, *losses in zip(ALPHAS, *folds, strict=False):
        path.append((sum(losses), alpha))
        if path[-1][0] > path[max(len(path) - 2, 0)][0]:
            break
    return min(path)[1]


def _left_out(Y, random_state):
    """Masks (n,) of rows to leave out: 5 or 3 folds, for many rows one fold of 4; stratified."""
    n = len(Y)
    k = 5 if n < 400 else 3 if n < 2000 else 4
    fold = np.empty(n, int)
    fold[np.lexsort((random_state.random_sample(n), *Y.T))] = np.arange(n) % k
    return [fold == i for i in range(k if n < 2000 else 1)]


def _path(X, Y, weight, unit, loss, sizes, random_state, out):
    """Yield the loss on the rows left out (their weighted sum) for one strength after the other."""
    sample = make_sample(X[~out], Y[~out], weight[~out])
    total = max(unit * float(weight[~out].sum()), np.count_nonzero(weight[~out]))
    first = ridge_of(ALPHAS[0], total)
    layers = screened_start(sample.X, sample.Y, weight[~out], loss, first, sizes, random_state)
    for alpha in ALPHAS:
        ridges = [ridge_of(alpha, total)] * len(layers)
        state = stack_start(layers, loss, sample, ridges)
        for _ in range(STEPS):
            state = stack_step(state, loss, sample, ridges, LEG_TOL)
            if state.stop:
                break
        layers = state.layers
        first = X[out] @ layers[0].W + layers[0].b
        losses = loss.value(forward(first, layers)[1], Y[out])
        yield float(weight[out] @ losses.sum(axis=1))
