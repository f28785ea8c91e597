"""The goodness of one layer of units on given rows, as its descent needs it.

    objective(V) = sum_i weight_i loss(z_i, y_i) + prior(V),    z_i = V'(x_i - centre, 1)

The prior is the L2 penalty (penalty / 2) |W|^2 or, in a stream, what earlier rows have taught.
V (D, m) holds the weights W and, in its last row, the intercepts at the centre of the data;
Z (n, m) are the scores, which the caller carries along. Weights sum to one. All work on scores goes
by blocks of rows that stay in the cache.
"""

from typing import NamedTuple

import numpy as np

SCORES_PER_BLOCK = 1 << 14


class Prior(NamedTuple):
    """(V - mode)' precision (V - mode) / 2, the logarithm of a Gaussian's density.

    The precision is a diagonal (D, 1) or (D, m), or a matrix for each output (m, D, D).
    """

    mode: np.ndarray | float
    precision: np.ndarray

    def times(self, U):
        """The precision times U (D, m)."""
        if self.precision.ndim == 2:
            return self.precision * U
        return np.einsum("kij,jk->ik", self.precision, U)

    def value(self, V):
        """The penalty of V."""
        U = V - self.mode
        return np.vdot(self.times(U), U) / 2

    def added_to(self, M):
        """The precision plus curvatures M, diagonals (D, m) or matrices (m, D, D)."""
        if M.ndim == self.precision.ndim:
            return M + self.precision
        M = M.copy()
        M[:, range(M.shape[1]), range(M.shape[1])] += self.precision.T
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
        size = max(64, SCORES_PER_BLOCK // Y.shape[1])
        self.blocks = [slice(i, min(i + size, inputs.n)) for i in range(0, inputs.n, size)]

    def start(self):
        """V = 0 and its scores."""
        m = self.Y.shape[1]
        return np.zeros((self.inputs.D, m)), np.zeros((self.inputs.n, m), self.inputs.X.dtype)

    def value(self, V, Z, moves=(), rates=()):
        """The objective at V and Z, the scores moved by sum_j rate_j move_j."""
        total = 0.0
        for rows in self.blocks:
            losses = self.loss.value(_moved(Z, moves, rates, rows), self.Y[rows])
            total += losses.sum(dtype=float) if self.weight is None else self._sum(losses, rows)
        return self.scale * total + self.prior.value(V)

    def gradient(self, V, Z):
        """dobjective/dV (D, m): sum of -(y - p) x [L11], plus the penalty's part."""
        G = np.zeros(V.shape)
        for rows in self.blocks:
            G += self.inputs.pull(rows, self._residual(Z[rows], rows))
        return self.scale * self.inputs.centred(G) + self.prior.times(V - self.prior.mode)

    def slopes(self, Z, V, moves, steps, rates):
        """Derivatives with respect to the rates, at Z and V moved by them: (k,)."""
        g = np.zeros(len(moves))
        for rows in self.blocks:
            R = self._residual(_moved(Z, moves, rates, rows), rows)
            g += [np.vdot(R, move[rows]) for move in moves]
        V = V + sum(rate * step for rate, step in zip(rates, steps, strict=True))
        pull = self.prior.times(V - self.prior.mode)
        return self.scale * g + [np.vdot(pull, step) for step in steps]

    def curvatures(self, Z, moves, steps, rates):
        """Second derivatives with respect to the rates, at Z moved by them: (k, k)."""
        k = len(moves)
        K = np.zeros((k, k))
        for rows in self.blocks:
            P = self.loss.probability(_moved(Z, moves, rates, rows))
            C = self._weighted(self.loss.curvature(P), rows)
            U = [move[rows] for move in moves]
            K += [[np.vdot(CU, u) for u in U] for CU in (C * u for u in U)]
            if self.loss.coupled:
                mean = np.stack([np.einsum("ij,ij->i", P, u) for u in U])  # (k, rows)
                K -= self._weighted(mean.T, rows).T @ mean.T
        pulls = [self.prior.times(step) for step in steps]
        return self.scale * K + [[np.vdot(pull, t) for t in steps] for pull in pulls]

    def follow(self, Z, moves, rates):
        """The scores after sum_j rate_j move_j, and that sum, which is written into moves[0]."""
        after, total = np.empty_like(Z), moves[0]
        for rows in self.blocks:
            part = total[rows]
            part *= float(rates[0])
            for rate, move in zip(rates[1:], moves[1:], strict=True):
                part += float(rate) * move[rows]
            np.add(Z[rows], part, out=after[rows])
        return after, total

    def curvature_weights(self, Z, rows):
        """p (1 - p) of some rows, times their weight as if there were no others: (rows, m)."""
        P = self.loss.probability(Z[rows])
        C = self.loss.curvature(P) * (1 - P) if self.loss.coupled else self.loss.curvature(P)
        return C / len(C) if self.weight is None else C * (w := self.weight[rows]) / w.sum()

    def projected(self, V):
        """V without the part that all classes share, since softmax does not see it."""
        return V - V.mean(axis=1, keepdims=True) if self.loss.coupled else V

    def sample(self, rows):
        """The same objective on some of the rows."""
        weight = None
        if self.weight is not None:
            weight = self.weight[rows, 0] / self.weight[rows].sum()
        return LinearObjective(self.inputs.take(rows), self.Y[rows], weight, self.loss, self.prior)

    def _residual(self, Z, rows):
        return self._weighted(self.loss.residual(self.loss.probability(Z), self.Y[rows]), rows)

    def _weighted(self, A, rows):
        return A if self.weight is None else A * self.weight[rows]

    def _sum(self, losses, rows):
        return (losses * self.weight[rows]).sum(dtype=float)


def _moved(Z, moves, rates, rows):
    """Scores of a block of rows after a move."""
    T = Z[rows]
    for rate, move in zip(rates, moves, strict=False):
        T = T + float(rate) * move[rows]  # a Python number keeps float32
    return T
