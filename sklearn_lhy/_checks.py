"""What training data must be, beyond scikit-learn's own checks, and labels as codes.

Every refusal names the argument, what is wrong with it and the remedy.
"""

from functools import cache

import numpy as np
from sklearn.utils import assert_all_finite, check_array
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_non_negative

from sklearn_lhy._rows import dense, is_lazy, magnitudes

FLOATS = [np.float64, np.float32]  # what X is held in
LABELS = "biuUS"  # kinds of arrays that always are labels


def pass_as_they_are(X, *y):
    """Whether check_X_y would give back these very arrays, X or X and y, if X is finite."""
    rows = type(X) is np.ndarray and X.dtype in FLOATS and X.ndim == 2 and X.size > 0
    return rows and all(
        type(labels) is np.ndarray and labels.dtype.kind in LABELS and labels.shape == X.shape[:1]
        for labels in y
    )


@cache
def least_square(dtype):
    """Least number of a dtype that is exact enough as a sum of squares."""
    precision = np.finfo(dtype)
    return precision.tiny / precision.eps


def squares_fit(second, dtype):
    """Whether all sums of squares, computed in dtype, are finite and none of them has vanished."""
    return second.min() >= least_square(dtype) and second.max() < np.inf


def check_squares(X, second, dtype, power=2):
    """Refuse columns whose squares overflow, or underflow so that the columns seem constant.

    second (d,) are sums or means of squares (power 4: of fourth powers) of the columns, about any
    centre, computed in dtype.
    """
    if squares_fit(second, dtype):
        return
    powers = {2: "squares", 4: "fourth powers (for shrinkage='auto')"}[power]
    if not np.isfinite(second).all():
        raise ValueError(
            f"X holds values whose {powers}, times their weights, overflow {dtype}: scale its"
            " columns down."
        )
    least = least_square(dtype)
    columns = np.flatnonzero(second < least)
    size = dense(magnitudes(X[:, columns]).max(axis=0)).ravel()
    lost = columns[(size > 0) & (size < least ** (1 / power))]
    if len(lost):
        raise ValueError(
            f"The {powers} of the columns {lost} of X, {size.max():.1e} at most, underflow {dtype}:"
            " scale them up."
        )


def encode_labels(y):
    """Sorted distinct labels and the code of each entry, without sorting all of y if possible.

    The codes may be y itself.
    """
    some = slice(None, None, max(1, len(y) // 1000))  # rows that mostly show every class
    whole = y.dtype.kind in "iu" and len(y) > 0
    lowest, highest = (y.min(), y.max()) if whole else (0, -1)
    width = int(highest) - int(lowest) + 1
    if 0 < width <= 1000:
        lowest = lowest.astype(np.int64)  # large unsigned labels wrap around, and back again
        codes = y.astype(np.int64, copy=False)
        codes = codes - lowest if lowest else codes
        present = np.bincount(codes[some], minlength=width) > 0
        if not present.all():
            present = np.bincount(codes) > 0
        classes = (present.nonzero()[0] + lowest).astype(y.dtype)
        return classes, codes if len(classes) == width else (present.cumsum() - 1)[codes]
    classes = np.unique(y[some])
    codes = np.minimum(np.searchsorted(classes, y), len(classes) - 1)
    if not np.array_equal(classes[codes], y):  # a class that the sample missed
        classes, codes = np.unique(y, return_inverse=True)
    return classes, codes


def check_labels(y):
    """Refuse an array y that holds no labels; check_classification_targets sorts all of it."""
    if y.dtype.kind in LABELS:
        return
    try:
        check_classification_targets(y)
    except TypeError as error:
        raise TypeError(
            "y mixes labels that cannot be ordered (such as str and int): give all labels one type."
        ) from error


def known_codes(y, classes):
    """The code of each entry among classes that are known, which must hold them all."""
    try:
        codes = np.minimum(np.searchsorted(classes, y), len(classes) - 1)
    except TypeError as error:
        raise TypeError(
            f"The labels of y are of another type than classes: {classes!r}."
        ) from error
    unknown = classes[codes] != y
    if np.any(unknown):
        raise ValueError(
            f"y holds labels that are not in classes: {np.unique(np.asarray(y)[unknown])!r}."
            f" Known classes: {classes!r}."
        )
    return codes


def announced_labels(classes):
    """Sorted distinct labels of the argument `classes`."""
    labels = np.asarray(classes)
    if labels.ndim != 1:
        raise ValueError(f"classes={classes!r} must be a list of labels.")
    try:
        assert_all_finite(labels)
        return np.unique(labels)
    except (TypeError, ValueError) as error:
        message = f"classes={classes!r} must be labels of one type, none missing: {error}"
        raise type(error)(message) from error


def need_two_classes(classes, codes, weight=None, name="y"):
    """Refuse a target with one class, or with one class left where the weights are positive."""
    if len(classes) < 2:
        found = f"one class only ({classes.tolist()[0]!r})" if len(classes) else "no class"
        raise ValueError(f"{name} holds {found}: a classifier needs at least two classes.")
    if weight is not None:
        present = np.bincount(codes, weight, len(classes)) > 0
        if present.sum() < 2:
            raise ValueError(
                f"sample_weight or class_weight leaves {present.sum()} of the classes {classes}: at"
                " least two need a positive weight."
            )


def refuse_what_would_be_lost(**given):
    """Refuse masks, which numpy would drop, dates, which it would count, and y of many axes."""
    for name, values in given.items():
        if np.ma.isMaskedArray(values):
            raise TypeError(
                f"{name} is a masked array, and its mask would be lost: fill in or drop the masked"
                " values."
            )
        if getattr(getattr(values, "dtype", None), "kind", "") in {"m", "M"} and name != "y":
            raise TypeError(f"{name} holds dates or durations: turn them into numbers.")
        if name == "y" and getattr(values, "ndim", 1) > 2:
            raise ValueError(f"y has shape {values.shape}: give a label for each row.")


def need_rows_in_memory(X, **others):
    """Refuse what Dask holds where one array is needed, before numpy makes one of it."""
    if is_lazy(X):
        raise TypeError(
            f"X is a {type(X).__name__} of Dask: it serves as training rows of `fit`, not here."
            " Give an array in memory, such as X.compute() or a part of X."
        )
    for name, values in others.items():
        if is_lazy(values):
            raise TypeError(
                f"{name} is a Dask collection, but X is one array in memory. A transformer that"
                " does not know Dask makes such an X, in a Pipeline too: leave it out (the default"
                " solvers need no scaling) or apply it by X.map_blocks before. If X is to be in"
                f" memory, give {name}.compute()."
            )


def checked_block(X, y, weight, checks, name):
    """One block of training data, validated; all its weights may be 0."""
    X = check_array(X, input_name="X", estimator=name, **checks)
    refuse_what_would_be_lost(X=X, y=y, sample_weight=weight)
    assert_all_finite(y, input_name="y")
    check_labels(y)
    if weight is not None:
        weight = check_array(weight, dtype=X.dtype, ensure_2d=False, input_name="sample_weight")
        check_non_negative(weight, "sample_weight")
    return X, y, weight
