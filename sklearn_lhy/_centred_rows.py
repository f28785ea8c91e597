"""Inputs (x - centre, 1) of linear units: products and second moments, whatever stores the rows.

Rows are centred in the products, never in a copy, so that sparse rows stay sparse.
"""

import numpy as np
from scipy import sparse

from sklearn_lhy._rows import BLOCK_BYTES, SMALL, dense, product, row_blocks

LITTLE = 0.25  # of the mean weight
SPARSE_SCORES = 1 << 18  # scores of a block of sparse rows
FEW = 1 << 15  # numbers: fewer inputs cost less than the calls that read them


class CentredRows:
    """The inputs (x - centre, 1) of linear units, for X (n, d) stored in any way and never copied.

    With `centre` None the inputs are the rows themselves, and the units have no intercept unless
    the last column holds `ones`. D counts the inputs: d + 1, or d without a centre.
    """

    def __init__(self, X, centre, ones=False):
        self.X = X
        self.intercept = ones or centre is not None
        self.centre = centre
        self.n, self.d = X.shape
        self.D = self.d + (centre is not None)
        self.shape = self.n, self.D
        self.few = self.n * self.D <= FEW

    def written(self):
        """The same inputs, written out if they are few, so that sums over them take fewer calls."""
        return CentredRows(self.dense(slice(None)), None, self.intercept) if self.few else self

    def blocks(self, m=1):
        """Slices of rows that stay in the cache; a sparse matrix, slow to cut, has few."""
        if not sparse.issparse(self.X):
            return row_blocks(self.X, min(BLOCK_BYTES, SMALL // m * self.X.itemsize))
        size = max(1, SPARSE_SCORES // m)
        return [slice(i, min(i + size, self.n)) for i in range(0, self.n, size)]

    def rows(self, block):
        """The rows of a block, as they are stored; cutting a sparse matrix copies it."""
        return self.X if block.stop - block.start == self.n else self.X[block]

    def scorer(self, V):
        """Function that gives the scores (rows, m) of rows of X, V (D, m), in their precision."""
        V = V.astype(self.X.dtype, copy=False)
        W = V[: self.d]
        if self.centre is None:
            return lambda A: product(A, W)
        b = V[-1] - self.centre.astype(V.dtype) @ W

        def scores(A):
            Z = product(A, W)
            Z += b
            return Z

        return scores

    def pull(self, A, R):
        """Transposed inputs of rows A of X times R (rows, m), not yet centred: (D, m)."""
        if self.centre is None:
            return A.T @ R
        G = np.empty((self.D, R.shape[1]))
        G[:-1] = A.T @ R
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
        return CentredRows(self.X[rows], self.centre, self.intercept)

    def second_moment(self, V, weights, step=1, thinned=False):
        """sum_i c_ik x_i x_i' over every step-th row: (r, D, D).

        c (rows, r) = weights(Z, rows), where Z are the scores of V. If thinned, rows of little
        weight are drawn (see `draw_by`), so that the sums are right in the mean.
        """
        rng = np.random.default_rng(0) if thinned else None
        if self.sparse_gram_cost() < self.dense_gram_cost():
            rows = slice(0, self.n, step)
            return self._sparse_moment(weights(self.scorer(V)(self.X[rows]), rows), rows, rng)
        V, M = V.astype(self.X.dtype, copy=False), None
        size = step * max(512, BLOCK_BYTES // (32 * self.D))  # two blocks stay in the cache
        for start in range(0, self.n, size):
            rows = slice(start, min(start + size, self.n), step)
            B = self.dense(rows)
            C = weights(B @ V, rows)
            M = np.zeros((C.shape[1], self.D, self.D)) if M is None else M
            for S, c in zip(M, C.T, strict=True):
                drawn, c = draw_by(c, rng)
                A = B[drawn] * np.sqrt(c)[:, None]
                S += A.T @ A
        return M

    def _sparse_moment(self, C, rows, rng):
        """The same where a product of sparse matrices is cheaper than one of dense blocks."""
        X, M = sparse.csr_array(self.X[rows]), np.zeros((C.shape[1], self.D, self.D))
        for S, c in zip(M, C.T, strict=True):
            drawn, c = draw_by(c, rng)
            B = X[drawn]
            data = B.data * np.repeat(np.sqrt(c), np.diff(B.indptr))
            A = sparse.csr_array((data, B.indices, B.indptr), shape=B.shape)
            S[: self.d, : self.d] = (A.T @ A).toarray()
            if self.centre is not None:
                first = B.T @ c
                shift = np.outer(self.centre, first - c.sum() / 2 * self.centre)
                S[:-1, :-1] -= shift + shift.T
                S[-1, :-1] = S[:-1, -1] = first - c.sum() * self.centre
                S[-1, -1] = c.sum()
        return M

    def gram_passes(self, step, share, grams, flops, m):
        """How many passes over the data cost as much as second moments and their factorisation.

        `grams` of them from a share of every step-th row, and flops / 3 multiplications; a pass
        gives m scores. Nanoseconds, as measured, in units of those for one row.
        """
        row = grams * share * min(self.dense_gram_cost(), self.sparse_gram_cost())
        if sparse.issparse(self.X):
            row += min(2 * self.D, self.sparse_gram_cost())  # to be written out
            one = (2 + m) * self.X.nnz / self.n
        else:
            row += self.D
            one = (0.8 + 0.2 * m) * self.D + 10 * m
        return (row / step + flops / 70 / self.n) / one

    def dense_gram_cost(self):
        """Nanoseconds for a row of a second moment from dense blocks."""
        return self.D * (self.D / 40 + 1)

    def sparse_gram_cost(self):
        """Nanoseconds for a row of a second moment by a product of sparse matrices."""
        return 5 * (self.X.nnz / self.n) ** 2 if sparse.issparse(self.X) else np.inf

    def diagonal_moment(self, C):
        """The diagonals of a second moment over all rows, weights C (n, m): (D, m)."""
        M, sums = np.zeros((2, self.d, C.shape[1]))
        for rows in self.blocks(C.shape[1]):
            A = self.rows(rows)
            M += (A.multiply(A) if sparse.issparse(A) else A * A).T @ C[rows]
            sums += A.T @ C[rows]
        if self.centre is None:
            return M
        total = C.sum(axis=0)
        centre = self.centre[:, None]
        M += centre**2 * total - 2 * centre * sums
        return np.vstack([np.maximum(M, 0), total])


def draw_by(weight, rng):
    """Rows, and weights in the place of the given ones (n,): all, if there is no rng.

    Rows of little weight are drawn with a probability in proportion to it, and have the same weight
    if they are.
    """
    if rng is None:
        return slice(None), weight
    least = LITTLE * weight.mean()
    rows = np.flatnonzero(weight > least * rng.random(len(weight)))
    return rows, np.maximum(weight[rows], least)
