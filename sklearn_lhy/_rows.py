"""How rows are stored: array, memory map, sparse matrix or Dask. Nobody else asks."""

import sys
from functools import partial, wraps

import numpy as np
from scipy import sparse
from scipy.linalg.blas import dgemm, dsyrk

BLOCK_BYTES = 1 << 20  # a block and what is computed from it stay in the cache of one core
SMALL = 1_000_000  # multiplications in a product that OpenBLAS does without copying its factors
NARROW = 32  # columns up to which A'A is faster whole than without half of it
LONG_ROW = 400  # bytes, for a dot product to be faster than a product with a vector
LARGE_BLOCK_BYTES = 1 << 26  # for sums over rows that are too many to be copied
LABELLED = 16  # numbers: what a survey computes for a row from its label takes as much


def row_blocks(X, block_bytes=BLOCK_BYTES, computed=0):
    """Slices that cut the rows of X into blocks of about `block_bytes` as dense rows.

    These bytes hold `computed` numbers for each row as well, of the size of those of X.
    """
    n, d = X.shape
    size = max(64, block_bytes // (max(d + computed, 1) * X.dtype.itemsize))
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def dense(X):
    """Rows as an ndarray; meant for blocks, since a sparse block is filled with zeros."""
    return X.toarray() if sparse.issparse(X) else np.asarray(X)


def magnitudes(X):
    """|X| as it is stored; abs alone would sort the indices of a sparse X in place."""
    return abs(X.copy()) if sparse.issparse(X) else np.abs(X)


def product(X, W):
    """X @ W for rows X (n, d) and a narrow W (d, m), in the way that OpenBLAS does it fastest."""
    d, m = W.shape
    if sparse.issparse(X) or not X.flags.c_contiguous:
        return X @ W
    if m == 1:
        return np.vecdot(X, W[:, 0])[:, None] if d * X.itemsize >= LONG_ROW else X @ W
    size = SMALL // max(1, W.size)
    if size < 64 or len(X) <= size:
        return X @ W
    Z = np.empty((len(X), m), X.dtype)
    for rows in row_blocks(X, size * d * X.itemsize):
        np.matmul(X[rows], W, out=Z[rows])
    return Z


def add_gram(S, A, times=1.0, keep=1.0):
    """S = keep * S + times * A'A, at least in its lower triangle, in place."""
    if len(S) <= NARROW:
        dgemm(times, A.T, A.T, trans_b=True, beta=keep, c=S.T, overwrite_c=True)
    else:
        dsyrk(times, A.T, beta=keep, c=S.T, overwrite_c=True)


def add_product(S, W, A):
    """S = S + W @ A (K, d) for W (K, m), which may be sparse, and rows A (m, d), in place."""
    if sparse.issparse(W):
        S += W @ A
    else:
        dgemm(1.0, A.T, W.T, beta=1.0, c=S.T, overwrite_c=True)


def squares(X):
    """Sums of the squares of the columns (d,)."""
    if sparse.issparse(X):
        return np.asarray(X.multiply(X).sum(axis=0)).ravel()
    return np.einsum("ij,ij->j", X, X)


def is_lazy(X):
    """Whether Dask holds the rows; where it is not loaded, it does not."""
    loaded = sys.modules.get("dask.base")
    return loaded is not None and loaded.is_dask_collection(X)


def blocks_of(X, y, weight):
    """Rows, labels and weights in blocks, over which kernels can be summed."""
    if not is_lazy(X):
        return LocalBlocks(X, y, weight)
    from sklearn_lhy._dask_rows import DaskBlocks

    return DaskBlocks(X, y, weight)


class LocalBlocks:
    """Blocks of an array that is here, or in a file that is mapped to memory."""

    def __init__(self, X, y, weight):
        self.arrays = X, y, weight
        self.n = X.shape[0]
        self.head = np.empty((0, X.shape[1]))

    def reduce(self, kernel, combine, *args):
        """One round: kernel(number, X, y, weight, *args) of each block, combined in their order."""
        total = None
        for number, rows in enumerate(row_blocks(self.arrays[0], LARGE_BLOCK_BYTES, LABELLED)):
            block = [None if array is None else array[rows] for array in self.arrays]
            result = kernel(number, *block, *args)
            total = combine(total, result) if number else result
        return total

    def framed(self, rows):
        """Rows as they are: they have been validated."""
        return rows


def rowwise(method):
    """Let a method that gives an entry for each row of X give a lazy array where X is lazy."""

    @wraps(method)
    def mapped_if_lazy(self, X, *args, **options):
        if not is_lazy(X):
            return method(self, X, *args, **options)
        from sklearn_lhy._dask_rows import mapped

        return mapped(partial(method, **options), self, X, *args)

    return mapped_if_lazy


def centre_of(X, weight):
    """A weighted mean of the rows (d,), from some thousand of them where there are many."""
    n = X.shape[0]
    if n > 20_000:
        rows = np.sort(np.random.default_rng(0).integers(n, size=5_000))
        sampled = weight[rows] if weight is not None else None
        if sampled is None or sampled.any():
            X, weight = X[rows], sampled
    share = np.full(X.shape[0], 1 / X.shape[0]) if weight is None else weight / weight.sum()
    return np.asarray(X.T @ share.astype(X.dtype), dtype=float)  # of another type X is copied


def some_rows(X):
    """Some hundred rows, spread evenly."""
    return X[:: max(1, X.shape[0] // 200)]


def column_scales(X):
    """Standard deviations of the columns (d,), from some hundred rows."""
    X = some_rows(X).astype(float)
    if not sparse.issparse(X):
        return (X - X[0]).std(axis=0)  # a constant column has none, without rounding
    mean, square = (np.asarray(M.mean(axis=0)).ravel() for M in (X, X.multiply(X)))
    variance = square - mean**2
    return np.sqrt(np.where(variance > 1e-14 * square, variance, 0))  # less is rounding


def column_spread(X):
    """How much larger a column is than another one's standard deviation; the intercept's is 1."""
    scale = column_scales(X)
    largest = max(1.0, float(magnitudes(some_rows(X)).max()))
    return largest / scale[scale > 0].min(initial=1.0)


def column_distance(X):
    """How many standard deviations a column lies away from 0, at most; from some hundred rows."""
    scale = column_scales(X)
    size = dense(magnitudes(some_rows(X)).max(axis=0)).ravel()
    return (size[scale > 0] / scale[scale > 0]).max(initial=0)
