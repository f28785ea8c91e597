"""The goodness of a stack on some rows, and its first and second derivatives by the chain rule.

Residuals run backward through the layers, tangents forward. On the way the second moments of the
inputs of every layer and of its residuals are summed, of which a metric is made.

n rows, d inputs, m outputs, k directions, L layers. The last row of a (d + 1, m) array belongs to
the intercepts.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from sklearn_lhy._units import hidden_sigmoid, row_sum

WIDEST_METRIC = 1000  # inputs; beyond it the metric of a layer is diagonal
WIDEST_HIDDEN = 2000  # the same where they are outputs of a hidden layer, which go together
BLOCK_ROWS = 2048  # what is computed from a block stays in the cache of one core


class Sample(NamedTuple):
    """Rows to descend on; `moment` is that of the inputs, found once."""

    X: np.ndarray  # (n, d), sparse or dense
    Y: np.ndarray  # (n, m)
    weight: np.ndarray  # (n, 1), sums to one
    moment: np.ndarray  # second moment (d + 1, d + 1) of (X, 1), or its diagonal

    def evaluate(self, layers, loss, first):
        """Mean loss without penalty, and what each block needs again on the way back.

        first: the first layer's scores (n, m_1).
        """
        total, kept = 0.0, []
        for rows in _blocks(len(first)):
            inputs, Z = forward(first[rows], layers)
            losses, P = loss.evaluate(Z, self.Y[rows])
            total += float(np.vdot(self.weight[rows, 0], losses.sum(axis=1)))
            negligible = np.finfo(P.dtype).eps ** 2
            P[np.less(P, negligible)] = 0  # its products would be subnormal numbers, which are slow
            kept.append((inputs, P))
        return total, kept

    def gradients(self, layers, loss, kept):
        """Of every layer: gradient (d + 1, m), second moments of its inputs and its residuals."""
        L = len(layers)
        G = [np.zeros((len(W) + 1, len(b)), W.dtype) for W, b in layers]
        M, gamma = [0.0] * L, [0.0] * L
        for rows, (inputs, P) in zip(_blocks(len(self.Y)), kept, strict=True):
            root = np.sqrt(self.weight[rows])
            last = loss.residual(P, self.Y[rows])
            last *= root
            for i, R in enumerate(_backward(inputs, layers, last)):
                gamma[i] += R.T @ R
                if i:
                    B = _rooted(inputs[i - 1], root)
                    M[i] = M[i] + _gram(B, WIDEST_HIDDEN)
                    G[i] += B.T @ R
                else:
                    G[0][-1] += root[:, 0] @ R
                    R *= root
                    G[0][:-1] += self.X[rows].T @ R
        return G, [self.moment, *M[1:]], gamma

    def curvature(self, layers, loss, kept, moves, directions):
        """Gauss-Newton matrix (k, k) of the loss along the directions of all layers."""
        k = sum(map(len, directions))
        curvature = np.zeros((k, k))
        for rows, (inputs, P) in zip(_blocks(len(self.Y)), kept, strict=True):
            J = _tangents(inputs, layers, moves[:, rows], directions)  # (k, n, m)
            if loss.coupled:
                J = J - row_sum(P * J)  # the second derivative is the variance of J under P
            C = J * (loss.curvature(P) * self.weight[rows])
            curvature += J.reshape(k, -1) @ C.reshape(k, -1).T
        return curvature


def make_sample(X, Y, weight):
    """Put rows, targets and normalised weights beside the second moment of the rows."""
    weight = (weight / weight.sum(dtype=float))[:, None].astype(X.dtype, copy=False)
    blocks = [slice(None)] if sparse.issparse(X) else _blocks(X.shape[0])
    grams = (_gram(_rooted(X[rows], np.sqrt(weight[rows])), WIDEST_METRIC) for rows in blocks)
    return Sample(X, Y, weight, sum(grams))


def _rooted(A, root):
    """Rows (A, 1) times the roots (n, 1) of their weights: (n, d + 1)."""
    if sparse.issparse(A):
        return sparse.hstack([A.multiply(root), sparse.csr_array(root)], format="csr")
    B = np.empty((len(A), A.shape[1] + 1), A.dtype)
    np.multiply(A, root, out=B[:, :-1])
    B[:, -1:] = root
    return B


def _gram(B, widest):
    """B'B (d + 1, d + 1), or only its diagonal (d + 1,) where there are more than widest inputs."""
    if B.shape[1] > widest + 1:
        squares = B.multiply(B) if sparse.issparse(B) else B * B
        return squares.sum(axis=0)
    gram = B.T @ B
    return gram.toarray() if sparse.issparse(gram) else gram


def forward(Z, layers):
    """Inputs of layers 2 to L and the last scores, from the first layer's scores Z."""
    inputs = []
    for layer in layers[1:]:
        inputs.append(hidden_sigmoid(Z))
        Z = inputs[-1] @ layer.W + layer.b
    return inputs, Z


def _backward(inputs, layers, R):
    """Residuals of every layer's scores, first to last, by the chain rule: list of (n, m_l)."""
    residuals = [R]
    for A, layer in zip(inputs[::-1], layers[:0:-1], strict=True):
        R = residuals[0] @ layer.W.T
        R *= A
        R *= 1 - A
        residuals.insert(0, R)
    return residuals


def _tangents(inputs, layers, moves, directions):
    """Change of the last scores along every direction (k, n, m), first layer's first."""
    T = moves
    for A, layer, D in zip(inputs, layers[1:], directions[1:], strict=True):
        S = T * (A * (1 - A))  # change of this layer's inputs (k, n, d)
        T = np.empty((len(S) + len(D), len(A), len(layer.b)), A.dtype)
        np.matmul(S, layer.W, out=T[: len(S)])
        own = np.matmul(A, D[:, :-1], out=T[len(S) :])
        own += D[:, -1:]
    return T


def _blocks(n):
    return [slice(i, i + BLOCK_ROWS) for i in range(0, n, BLOCK_ROWS)]
