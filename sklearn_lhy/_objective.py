"""The goodness of one layer of units on given rows, as its descent needs it.

    objective(V) = sum_i weight_i loss(z_i, y_i) + prior(V),    z_i = V'(x_i - centre, 1)

The prior is the L2 penalty (penalty / 2) |W|^2 or, in a stream, what earlier rows have taught.
V (D, m) holds the weights W and, in its last row, the intercepts at the centre of the data. Weights
sum to one. Rows are read block by block, and a block is used up while it is in the cache: one pass
over the data gives the objective and its gradient, and nothing of the size of the data is kept.
"""

from itertools import combinations, product
from typing import NamedTuple

import numpy as np

from sklearn_lhy._centred_rows import LITTLE, CentredRows

ROUND = 4  # what reading the rows and exchanging messages costs, in passes over rows in memory
FLATTEST = 1e-30  # curvature of a row whose probability has rounded to 0 or 1
WRONG_SIDE = 0.03  # of the squared error, for metrics: a row far on the wrong side has no curvature


class Prior(NamedTuple):
    """(V - mode)' precision (V - mode) / 2, the logarithm of a Gaussian's density.

    The precision is a diagonal (D, 1) or (D, m), or a matrix for each output (m, D, D).
    """

    mode: np.ndarray | float
    precision: np.ndarray

    def value_and_gradient(self, V):
        """The penalty of V and its gradient (D, m)."""
        U = V - self.mode
        if self.precision.ndim == 2:
            G = self.precision * U
        else:
            G = np.einsum("kij,jk->ik", self.precision, U)
        return float(np.vdot(G, U)) / 2, G

    def added_to(self, M):
        """M plus the precision, in place: diagonals (D, m) or matrices (g, q, q), g q = m D."""
        if M.ndim == self.precision.ndim:
            M += self.precision
            return M
        diagonals = np.einsum("gqq->gq", M)  # a view
        outputs = diagonals.reshape(-1, len(self.precision)) + self.precision.T  # (m, D)
        diagonals[:] = outputs.reshape(diagonals.shape)
        return M


def ridge(penalty, inputs):
    """The L2 penalty on weights, which leaves intercepts free."""
    precision = np.full((inputs.D, 1), penalty)
    if inputs.centre is not None:
        precision[-1] = 0
    return Prior(0.0, precision)


class LinearObjective:
    """Cross-entropy (or another loss) of linear scores, with an L2 penalty on the weights."""

    def __init__(self, inputs, Y, weight, loss, prior):
        self.inputs, self.Y, self.loss, self.prior = inputs, Y, loss, prior
        self.weight = None if weight is None else weight[:, None]  # None: all 1 / n
        self.scale = 1 / inputs.n if weight is None else 1.0
        self.eps = float(np.finfo(inputs.X.dtype).eps)
        self.blocks = inputs.blocks(Y.shape[1])

    def zero(self):
        """V = 0."""
        return np.zeros((self.inputs.D, self.Y.shape[1]))

    def value_at_zero(self):
        """The objective at V = 0: the loss of scores 0 is the same for every row."""
        V = self.zero()
        return float(self.loss.value(V[:1], self.Y[:1]).sum()) + self.prior.value_and_gradient(V)[0]

    def value_and_gradient(self, V):
        """The objective at V and its gradient (D, m): sum of -(y - p) x [L11] plus the prior's."""
        total, G = self.sums(V)
        penalty, pull = self.prior.value_and_gradient(V)
        G = self.inputs.centred(G)
        G *= self.scale
        G += pull
        return float(self.scale * total) + penalty, G

    def sums(self, V):
        """The sums over rows in `value_and_gradient`, its inputs not yet centred."""
        total, G = 0.0, np.zeros(V.shape)
        scores = self.inputs.scorer(V)
        for rows in self.blocks:
            A, Y = self.inputs.rows(rows), self.Y[rows]
            Z = scores(A)  # (rows, m)
            values, P = self.loss.evaluate(Z, Y)
            total += self._weighted(values, rows).sum(dtype=float)
            R = self._weighted(self.loss.residual(P, Y), rows)
            G += self.inputs.pull(A, R)
        return total, G

    def curvature(self, V, step=1, kind="each", thinned=False, least=0.0):
        """Second derivatives of the loss of every step-th row, which weigh as much as all.

        Matrices (m, D, D), one for "each" output, or (1, m D, m D) for all of them, "joint". If
        thinned, rows of little curvature count by chance. No curvature is less than `least` times
        the squared error.
        """
        if self.weight is None:
            total = -(-self.inputs.n // step)
        elif step == 1:  # the weights of a part of the rows do not sum to one
            total = 1.0
        else:
            total = max(float(self.weight[::step].sum(dtype=float)), np.finfo(float).tiny)
        m = V.shape[1]
        if kind == "joint":
            k, j = np.transpose([*combinations(range(m), 2)])

        def weights(Z, rows):
            P = self.loss.probability(Z)
            C = self._curvatures(P, self.Y[rows], least)
            if kind == "joint":
                C = np.hstack([C, P[:, k] * P[:, j]])
            return C / total if self.weight is None else C * (self.weight[rows] / total)

        moments = self.inputs.second_moment(V, weights, step, thinned)
        if kind != "joint":
            return moments * m / (m - 1) if self.loss.coupled else moments  # right where p = 1 / m
        M = np.empty((m, m, *moments.shape[1:]))
        M[range(m), range(m)] = moments[:m]
        M[k, j] = M[j, k] = -moments[m:]
        M += moments[:m].mean(axis=0) / m  # along what softmax does not see, to be invertible
        return M.swapaxes(1, 2).reshape(1, m * self.inputs.D, m * self.inputs.D)

    def diagonal_curvature(self, V, least=0.0):
        """The diagonals of `curvature` (D, m), also for very many inputs."""
        P = self.loss.probability(self.inputs.scorer(V)(self.inputs.X))
        C = self._curvatures(P, self.Y, least)
        return self.inputs.diagonal_moment(self.scale * self._weighted(C, slice(None)))

    def share_drawn(self, V):
        """Which share of the rows a thinned curvature draws, and the noise of drawing.

        The noise of a step from row to row, for each row that it leaves out, and of thinning: mean
        squares of curvatures, relative to the square of the mean.
        """
        some = slice(0, None, max(1, self.inputs.n // 1000))
        P = self.loss.probability(self.inputs.scorer(V)(self.inputs.X[some]))
        C = self._curvatures(P, self.Y[some], WRONG_SIDE)
        C = C / C.mean(axis=0)
        share = np.minimum(C / LITTLE, 1).mean()
        return share, (C * C).mean(), (C * np.maximum(LITTLE - C, 0)).mean()

    def metric_draws(self):
        """From which rows a metric may be gathered: every step-th one, all of these or thinned."""
        if self.inputs.few:  # a plan would cost more than it saves
            return [(1, False)]
        return [*product([1 << doublings for doublings in range(10)], (False, True))]

    def gram_passes(self, *metric):
        """How many passes over the data cost as much as a metric (see CentredRows)."""
        return self.inputs.gram_passes(*metric, self.Y.shape[1])

    def _curvatures(self, P, Y, least):
        """Second derivatives of the loss of each row with respect to each score."""
        C = self.loss.curvature(P)
        C = C * (1 - P) if self.loss.coupled else C
        return np.maximum(C, FLATTEST + least * (P - Y) ** 2)

    def projected(self, V):
        """V without the part that all classes share, since softmax does not see it."""
        return V - V.sum(axis=1, keepdims=True) / V.shape[1] if self.loss.coupled else V

    def sample(self, rows):
        """The same objective on some of the rows."""
        weight = None
        if self.weight is not None:
            weight = self.weight[rows, 0] / self.weight[rows].sum()
        return LinearObjective(self.inputs.take(rows), self.Y[rows], weight, self.loss, self.prior)

    def _weighted(self, A, rows):
        return A if self.weight is None else A * self.weight[rows]


class SummedObjective(LinearObjective):
    """The objective of rows in parts, by sums over them; `inputs` are those of a sample."""

    def __init__(self, sample, parts):
        super().__init__(sample.inputs, sample.Y, sample.weight[:, 0], sample.loss, sample.prior)
        self.parts = parts

    def sums(self, V):
        """The same over all parts."""
        return self.parts.total(_part_sums, V, self.inputs.centre, self.loss)

    def metric_draws(self):
        """Not by steps: a round costs more than the products in it."""
        return [(1, False), (1, True)]

    def gram_passes(self, *metric):
        """The same in rounds, which read the rows and exchange messages as well."""
        return (super().gram_passes(*metric) + ROUND) / (1 + ROUND)

    def curvature(self, V, step=1, *drawn):
        """The same over all parts."""
        return self.parts.total(_part_curvature, V, self.inputs.centre, self.loss, *drawn)[0]


def _part_sums(X, Y, share, V, centre, loss):
    return LinearObjective(CentredRows(X, centre), Y, share, loss, None).sums(V)


def _part_curvature(X, Y, share, V, centre, loss, *drawn):
    part = LinearObjective(CentredRows(X, centre), Y, share, loss, None)
    return (part.curvature(V, 1, *drawn),)
