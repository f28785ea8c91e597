"""How rows are stored: array, memory map or sparse matrix. Nobody else asks."""

import numpy as np
from scipy import sparse

BLOCK_BYTES = 1 << 20  # a block and what is computed from it stay in the cache of one core


def row_blocks(X, block_bytes=BLOCK_BYTES):
    """Slices that cut the rows of X into blocks of about `block_bytes` as dense rows."""
    n, d = X.shape
    size = max(64, block_bytes // (max(d, 1) * X.dtype.itemsize))
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def dense(X):
    """Rows as an ndarray; meant for blocks, since a sparse block is filled with zeros."""
    return X.toarray() if sparse.issparse(X) else np.asarray(X)


def squares(X):
    """Sums of the squares of the columns (d,)."""
    if sparse.issparse(X):
        return np.asarray(X.multiply(X).sum(axis=0)).ravel()
    return np.einsum("ij,ij->j", X, X)


def check_squares(X, second, dtype):
    """Refuse columns whose squares overflow, or underflow so that the columns seem constant.

    second (d,) are sums of squares of the columns, about any centre, computed in dtype.
    """
    if not np.isfinite(second).all():
        raise ValueError(
            f"X holds values whose squares, times their weights, overflow {dtype}: scale its"
            " columns down."
        )
    least = np.finfo(dtype).tiny / np.finfo(dtype).eps
    columns = np.flatnonzero(second < least)
    if not len(columns):
        return
    size = dense(abs(X[:, columns]).max(axis=0)).ravel()
    lost = columns[(size > 0) & (size < np.sqrt(least))]
    if len(lost):
        raise ValueError(
            f"The squares of the columns {lost} of X, {size.max():.1e} at most, underflow {dtype}:"
            " scale them up."
        )


def centre_of(X, weight):
    """A weighted mean of the rows (d,), from some thousand of them where there are many."""
    n = X.shape[0]
    if n > 20_000:
        rows = np.sort(np.random.default_rng(0).integers(n, size=5_000))
        sampled = weight[rows] if weight is not None else None
        if sampled is None or sampled.any():
            X, weight = X[rows], sampled
    share = np.full(X.shape[0], 1 / X.shape[0]) if weight is None else weight / weight.sum()
    return np.asarray(X.T @ share, dtype=float)


def column_scales(X):
    """Standard deviations of the columns (d,), from some hundred rows."""
    X = X[:: max(1, X.shape[0] // 200)].astype(float)
    if not sparse.issparse(X):
        return (X - X[0]).std(axis=0)  # a constant column has none, without rounding
    mean, square = (np.asarray(M.mean(axis=0)).ravel() for M in (X, X.multiply(X)))
    return np.sqrt(np.maximum(square - mean**2, 0))


def column_spread(X):
    """How much larger a column is than another one's standard deviation; the intercept's is 1."""
    scale = column_scales(X)
    X = X[:: max(1, X.shape[0] // 200)]
    largest = max(1.0, float(abs(X).max()))
    return largest / scale[scale > 0].min(initial=1.0)


class CentredRows:
    """The inputs (x - centre, 1) of linear units, for X (n, d) stored in any way and never copied.

    With `centre` None the units have no intercept and the inputs are the rows themselves. D counts
    the inputs: d + 1, or d without an intercept.
    """

    def __init__(self, X, centre):
        self.X = X
        self.centre = centre
        self.n, self.d = X.shape
        self.D = self.d + (centre is not None)
        self.shape = self.n, self.D

    def scores(self, V):
        """Inputs times V (D, m), in the precision of X: (n, m)."""
        V = V.astype(self.X.dtype, copy=False)
        Z = self.X @ V[: self.d]
        if self.centre is not None:
            Z += V[-1] - self.centre.astype(V.dtype) @ V[:-1]
        return Z

    def pull(self, rows, R):
        """Transposed inputs of a slice of rows times R (rows, m), not yet centred: (D, m)."""
        G = np.empty((self.D, R.shape[1]))
        G[: self.d] = self.X[rows].T @ R
        if self.centre is not None:
            G[-1] = R.sum(axis=0)
        return G

    def centred(self, G):
        """Make the sum of `pull`s (D, m) refer to centred inputs."""
        if self.centre is not None:
            G[:-1] -= np.outer(self.centre, G[-1])
        return G

    def dense(self, rows):
        """The inputs of some rows, written out: (rows, D)."""
        block = dense(self.X[rows])
        if self.centre is None:
            return block
        B = np.empty((len(block), self.D), block.dtype)
        np.subtract(block, self.centre, out=B[:, :-1])
        B[:, -1] = 1
        return B

    def draw(self, size):
        """Sorted indices of rows drawn with replacement, always the same ones."""
        return np.sort(np.random.default_rng(0).integers(self.n, size=size))

    def take(self, rows):
        """A copy of some rows."""
        return CentredRows(self.X[rows], self.centre)

    def second_moment(self, C, rows=None):
        """sum_i c_ik x_i x_i' over some or all rows, one for each column of C: (m, D, D)."""
        M = np.zeros((C.shape[1], self.D, self.D))
        size = max(512, BLOCK_BYTES // (32 * self.D))  # so that two blocks stay in the cache
        scaled = np.empty((min(size, len(C)), self.D), self.X.dtype)
        for start in range(0, len(C), size):
            block = slice(start, start + size)
            B = self.dense(block if rows is None else rows[block])
            A = scaled[: len(B)]
            for k, root in enumerate(np.sqrt(C[block].T)):
                np.multiply(B, root[:, None], out=A)
                M[k] += A.T @ A
        return M

    def diagonal_moment(self, C):
        """The diagonals of `second_moment` over all rows: (D, m), also for very many columns."""
        squares = self.X.multiply(self.X) if sparse.issparse(self.X) else self.X**2
        M = np.asarray(squares.T @ C, dtype=float)
        if self.centre is None:
            return M
        total = C.sum(axis=0)
        centre = self.centre[:, None]
        M += centre**2 * total - 2 * centre * (self.X.T @ C)
        return np.vstack([np.maximum(M, 0), total])
