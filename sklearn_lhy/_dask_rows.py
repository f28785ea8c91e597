"""Rows that Dask holds: sums over their blocks, and maps over them. Nobody else knows Dask.

`_rows` imports this module when it meets a Dask collection, and not before.
"""

import logging
from copy import copy
from functools import partial, reduce

import dask
import dask.array as da
import numpy as np

FAN_IN = 8  # results that one task combines
LOG = logging.getLogger("sklearn_lhy.dask")  # a line for each round, at level DEBUG


class DaskBlocks:
    """Blocks of rows with their labels and weights, read again in each round."""

    def __init__(self, X, y, weight=None):
        X = whole_rows(X)
        self.head = X._meta if is_frame(X) else np.empty((0, X.shape[1]))  # names and width
        self.n, self.largest = sum(row_chunks(X)), max(row_chunks(X))  # NaN if Dask does not know
        arrays = [X, beside("y", y, X)]
        if weight is not None:
            arrays.append(beside("sample_weight", weight, X))
        self.blocks = list(enumerate(zip(*map(delayed_blocks, arrays), strict=True)))
        self.count = len(self.blocks)

    def part(self, number):
        """One block alone, whose sums are None if it is empty."""
        part = copy(self)
        part.blocks = [self.blocks[number]]
        return part

    def reduce(self, kernel, combine, *args):
        """One round: kernel(number, X, y, weight, *args) of each block, combined in their order."""
        LOG.debug("a round over %d blocks", len(self.blocks))
        call, gather = dask.delayed(_call, pure=False), dask.delayed(_combined, pure=False)
        task = partial(_on_block, kernel=kernel, args=args)  # a tuple might look like Dask's tasks
        task = dask.delayed(task, pure=False, traverse=False)
        results = [call(task, number, block) for number, block in self.blocks]
        while len(results) > 1:
            groups = range(0, len(results), FAN_IN)
            results = [gather(combine, results[i : i + FAN_IN]) for i in groups]
        found = dask.compute(results[0])[0]
        if found is None and len(self.blocks) == self.count:
            raise ValueError("Found array with 0 sample(s) in X: all of its blocks are empty.")
        return found

    def framed(self, rows):
        """Rows under the names that X has, if it has any."""
        return type(self.head)(rows, columns=self.head.columns) if is_frame(self.head) else rows


def _call(task, number, block):
    return task(number, block)


def _on_block(number, block, kernel, args):
    """The kernel on one block, which an error names; None if it is empty."""
    X, y, weight = (*block, None)[:3]
    for name, values in (("y", y), ("sample_weight", weight)):
        if values is not None and len(values) != X.shape[0]:
            raise ValueError(
                f"Block {number} of X has {X.shape[0]} rows, that of {name} {len(values)}: chunk"
                " both alike (call compute_chunk_sizes() on both, then rechunk)."
            )
    if X.shape[0] == 0:
        return None
    try:
        return kernel(number, X, np.asarray(y), weight, *args)
    except (TypeError, ValueError) as error:
        raise type(error)(f"Block {number} of the rows: {error}") from error


def _combined(combine, results):
    found = [result for result in results if result is not None]
    return reduce(combine, found) if found else None


def is_frame(X):
    """Whether X is a dataframe."""
    return X.ndim == 2 and hasattr(X, "columns")


def whole_rows(X):
    """X, chunked along rows only."""
    if not hasattr(X, "to_delayed") or getattr(X, "ndim", 0) != 2:
        raise TypeError(
            f"X is a {type(X).__name__}: a Dask array of two dimensions or a Dask dataframe is"
            " needed."
        )
    return X.rechunk({1: -1}) if isinstance(X, da.Array) and X.numblocks[1] > 1 else X


def row_chunks(X):
    """Rows of each block, NaN where Dask does not know."""
    return X.chunks[0] if isinstance(X, da.Array) else (np.nan,) * X.npartitions


def beside(name, values, X):
    """Labels or weights in blocks that belong to those of X."""
    chunks = row_chunks(X)
    known = not np.isnan(chunks).any()
    if not dask.is_dask_collection(values):
        if not known:
            raise TypeError(
                f"X is a Dask collection of unknown chunk sizes, {name} an array: call"
                f" X.compute_chunk_sizes(), or give {name} as a Dask array chunked like X."
            )
        values = da.from_array(np.asarray(values), chunks=-1)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0] if isinstance(values, da.Array) else values.iloc[:, 0]
    if values.ndim != 1:
        raise TypeError(f"{name} has {values.ndim} dimensions: on Dask input it must have one.")
    own = row_chunks(values)
    if known and not np.isnan(own).any():
        if sum(own) != sum(chunks):
            raise ValueError(
                "Found input variables with inconsistent numbers of samples: X has"
                f" {sum(chunks)} rows, {name} {sum(own)}."
            )
        return values if own == chunks else values.rechunk((chunks,))
    if len(own) != len(chunks):
        raise ValueError(
            f"X has {len(chunks)} blocks and {name} {len(own)}, of sizes that Dask does not know:"
            " call compute_chunk_sizes() on both."
        )
    return values  # lengths are compared in each block


def delayed_blocks(array):
    """The blocks of an array or a dataframe as delayed values."""
    blocks = array.to_delayed()
    return list(blocks.ravel()) if isinstance(array, da.Array) else blocks


def mapped(method, estimator, X, *args):
    """method(estimator, X, *args) of each block: a lazy array."""
    X, estimator = whole_rows(X), copy(estimator)  # a later fit must not change the result
    rows = X._meta_nonempty if is_frame(X) else np.zeros((1, X.shape[1]), X.dtype)
    none = method(estimator, rows, *args)[:0]
    task = method, estimator, none, *args
    if is_frame(X):
        return X.map_partitions(_mapped_block, *task, meta=none)
    chunks = (X.chunks[0], *((size,) for size in none.shape[1:]))
    lost = {} if none.ndim == 2 else {"drop_axis": 1}
    return X.map_blocks(_mapped_block, *task, chunks=chunks, dtype=none.dtype, meta=none, **lost)


def _mapped_block(X, method, estimator, none, *args):
    """The method on one block, which may be empty."""
    return method(estimator, X, *args) if X.shape[0] else none
