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
        total = loss_sum(self.X, self.Y, self.share, layers, self.loss)[0]
        return total + self.penalty / 2 * squared_norm(layers)

    def gradient(self, layers, rows=slice(None)):
        """dobjective/dlayers, or its estimate from the rows of a batch, as layers."""
        share = self.share[rows]
        share = share * share.dtype.type(len(self.share) / len(share))
        G = loss_gradient(self.X[rows], self.Y[rows], share, layers, self.loss)
        return self._penalised(layers, G)

    def _penalised(self, layers, arrays):
        """The gradient, from that of the loss in the order of `loss_gradient`."""
        pairs = zip(layers, arrays[::2], arrays[1::2], strict=True)
        return tuple(Layer(G + self.penalty * W, b * self.fit_intercept) for (W, _), G, b in pairs)

    def count(self, size):
        """How many batches of so many rows there are; None means all rows at once."""
        return 1 if size is None else -(-self.X.shape[0] // size)

    def batches(self, size, rng):
        """The rows of each batch, shuffled."""
        if self.count(size) == 1:
            return [slice(None)]
        order = rng.permutation(self.X.shape[0])
        return np.split(order, range(size, len(order), size))


class SummedStackObjective(StackObjective):
    """The same for rows in parts, of which each is a batch; X, Y and the weights are a sample."""

    def __init__(self, parts, *sample):
        super().__init__(*sample)
        self.parts = parts

    def value(self, layers):
        """The objective on all parts."""
        total = self.parts.total(loss_sum, layers, self.loss)[0]
        return float(total) + self.penalty / 2 * squared_norm(layers)

    def gradient(self, layers, part=None):
        """dobjective/dlayers, or its estimate from one part, as layers."""
        parts = self.parts if part is None else self.parts.part(part)
        none = 0.0, *(0 * array for layer in layers for array in layer)
        share, *G = parts.total(_part_gradient, layers, self.loss) or none
        return self._penalised(layers, [array / (share or 1) for array in G])

    def count(self, size):
        """As many as there are parts, whatever the size, unless it is None."""
        return 1 if size is None else self.parts.blocks.count

    def batches(self, size, rng):
        """The number of the part that is the batch, None for all."""
        return [None] if self.count(size) == 1 else rng.permutation(self.parts.blocks.count)


def loss_sum(X, Y, share, layers, loss):
    """The loss of all rows, each times its share: a tuple of one, to be summed over parts."""
    total = 0.0
    for rows in row_blocks(X):
        losses = loss.value(stack_scores(X[rows], layers), Y[rows])
        total += float(share[rows] @ losses.sum(axis=1))
    return (total,)


def loss_gradient(X, Y, share, layers, loss):
    """The derivatives of `loss_sum`: dW and db of each layer in turn."""
    inputs = hidden_outputs(X, layers)
    P = loss.probability(layer_scores(inputs[-1], layers[-1]))
    R = loss.residual(P, Y) * share[:, None]  # (n, m)
    found = []
    for A, layer in zip(inputs[::-1], layers[::-1], strict=True):
        found = [A.T @ R, R.sum(axis=0), *found]
        if A is not inputs[0]:
            R = (R @ layer.W.T) * A * (1 - A)  # through sigma: sigma' = sigma (1 - sigma)
    return found


def _part_gradient(X, Y, share, layers, loss):
    """The shares of a part and its `loss_gradient`, summed over blocks that stay in the cache."""
    units = sum(len(layer.b) for layer in layers)
    blocks = row_blocks(X, computed=units)
    found = [loss_gradient(X[rows], Y[rows], share[rows], layers, loss) for rows in blocks]
    return share.sum(dtype=float), *(sum(arrays) for arrays in zip(*found, strict=True))


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
