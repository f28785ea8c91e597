"""The whitened descent of a stack on rows in parts: the network of a sample, then sums.

Scores of all rows are too many to be kept, so they are found again in every sum. An iteration takes
two of them: the loss and the gradients at the new layers, and the curvature along the directions
that follow from these.
"""

import numpy as np

from sklearn_lhy._descent import descend
from sklearn_lhy._rows import row_blocks
from sklearn_lhy._stack_sample import Sample
from sklearn_lhy._stack_solver import StackSolver
from sklearn_lhy._whitened_stack import stack_start

SAMPLE_STEPS = 200  # most iterations on the sample


class SummedStackSolver(StackSolver):
    """Descends on all parts from the solution for the sample, which also chooses alpha."""

    def __init__(self, problem, sizes, **settings):
        drawn = problem.parts.drawn  # the sample then counts as the rows that it has
        self.local = StackSolver(problem._replace(weight=problem.weight * drawn), sizes, **settings)
        vars(self).update(vars(self.local))
        self.sample = SummedSample(problem.parts, self.local, sizes[0])
        self.ridges = [ridge * drawn for ridge in self.local.ridges]

    def start(self, layers=None, **belief):
        """The state at these layers, or at the solution for the sample."""
        if layers is not None:
            return super().start(layers)
        for state in descend(self.local, self.local.start(), SAMPLE_STEPS):
            layers = state.layers  # a state holds scores of all rows of the sample: one at a time
        return stack_start(layers, self.loss, self.sample, self.ridges)


class SummedSample:
    """All rows in the place of a Sample: no scores are kept, so that it shows no rows."""

    def __init__(self, parts, local, d):
        self.parts, self.standard = parts, local.standard
        self.X = np.empty((0, d), local.X.dtype)
        self.moment = local.sample.moment

    def evaluate(self, layers, loss, first):
        """Mean loss without penalty, and the sums that `gradients` gives."""
        value, *sums = self.parts.total(_evaluated, self.standard, layers, loss)
        return float(value), sums

    def gradients(self, layers, loss, kept):
        """Of every layer: gradient, second moments of its inputs and of its residuals."""
        L = len(layers)
        G = [g.copy() for g in kept[:L]]  # theirs to change
        return G, [self.moment, *kept[L : 2 * L - 1]], kept[2 * L - 1 :]

    def curvature(self, layers, loss, kept, moves, directions):
        """Gauss-Newton matrix (k, k) of the loss along the directions of all layers."""
        return self.parts.total(_curved, self.standard, layers, loss, directions)[0]


def _evaluated(X, Y, share, standard, layers, loss):
    """Loss, gradients and second moments of one part: a flat tuple."""
    total = None
    for sample in _samples(X, Y, share, standard, layers):
        value, kept = sample.evaluate(layers, loss, sample.X @ layers[0].W + layers[0].b)
        G, M, gamma = sample.gradients(layers, loss, kept)
        sums = [value, *G, *M[1:], *gamma]
        total = sums if total is None else [a + b for a, b in zip(total, sums, strict=True)]
    return tuple(total)


def _curved(X, Y, share, standard, layers, loss, directions):
    """The curvature of one part along directions."""
    total = 0
    for sample in _samples(X, Y, share, standard, layers):
        _, kept = sample.evaluate(layers, loss, sample.X @ layers[0].W + layers[0].b)
        moves = np.stack([sample.X @ D[:-1] + D[-1] for D in directions[0]])
        total = total + sample.curvature(layers, loss, kept, moves, directions)
    return (total,)


def _samples(X, Y, share, standard, layers):
    """A part in blocks, standardised, small enough for the outputs of all units."""
    for rows in row_blocks(X, computed=sum(len(layer.b) for layer in layers)):
        A = standard.rows(X[rows], X.dtype)
        yield Sample(A, Y[rows], share[rows, None], None)
