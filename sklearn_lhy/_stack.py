"""The goodness of a stack of layers, and its gradient by the chain rule, layer by layer.

    objective = sum_i share_i loss(z_i, y_i) + (penalty / 2) sum |W|^2,    sum_i share_i = 1

A single layer is logistic or softmax regression, and its gradient is [L11].
"""

import numpy as np

from sklearn_lhy._rows import row_blocks
from sklearn_lhy._units import Layer, hidden_outputs, layer_scores, stack_scores


class StackObjective:
    """Loss of the last layer's scores, with an L2 penalty on the weights of every layer."""

    def __init__(self, X, Y, weight, loss, penalty, fit_intercept=True):
        self.X, self.Y, self.loss, self.penalty = X, Y, loss, penalty
        self.fit_intercept = fit_intercept
        n = X.shape[0]
        share = np.full(n, 1 / n) if weight is None else weight / weight.sum(dtype=float)
        self.share = share.astype(X.dtype)

    def value(self, layers):
        """The objective on all rows."""
        total = 0.0
        for rows in row_blocks(self.X):
            losses = self.loss.value(stack_scores(self.X[rows], layers), self.Y[rows])
            total += float(self.share[rows] @ losses.sum(axis=1))
        return total + self.penalty / 2 * squared_norm(layers)

    def gradient(self, layers, rows=slice(None)):
        """dobjective/dlayers, or its estimate from the rows of a batch, as layers."""
        share = self.share[rows]
        inputs = hidden_outputs(self.X[rows], layers)
        P = self.loss.probability(layer_scores(inputs[-1], layers[-1]))
        R = self.loss.residual(P, self.Y[rows]) * share[:, None]  # (n, m)
        R *= len(self.share) / len(share)
        gradients = []
        for A, layer in zip(inputs[::-1], layers[::-1], strict=True):
            b = R.sum(axis=0) * self.fit_intercept
            gradients.append(Layer(A.T @ R + self.penalty * layer.W, b))
            if A is not inputs[0]:
                R = (R @ layer.W.T) * A * (1 - A)  # through sigma: sigma' = sigma (1 - sigma)
        return tuple(gradients[::-1])


def squared_norm(layers):
    """|W|^2 summed over the layers; intercepts are free."""
    return sum(float(np.vdot(layer.W, layer.W)) for layer in layers)


def to_vector(layers):
    """All weights and intercepts in one vector."""
    return np.concatenate([array.ravel() for layer in layers for array in layer])


def from_vector(theta, like):
    """The inverse of `to_vector`, for layers of given shapes."""
    arrays = [array for layer in like for array in layer]
    ends = np.cumsum([array.size for array in arrays])[:-1]
    parts = [p.reshape(a.shape) for p, a in zip(np.split(theta, ends), arrays, strict=True)]
    return tuple(map(Layer, parts[::2], parts[1::2]))
