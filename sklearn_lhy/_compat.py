"""The only place that imports what scikit-learn does not promise, with the reason for each."""

import numpy as np
from sklearn.base import _fit_context as fit_context  # parameter validation around fit
from sklearn.utils._param_validation import (  # the constraints that the check suite reads
    Interval,
    StrOptions,
)
from sklearn.utils._param_validation import (  # validates some parameters, not all of them
    validate_parameter_constraints as check_parameters,
)
from sklearn.utils.validation import (  # no public function validates weights against X
    _check_sample_weight,
)

try:  # public since scikit-learn 1.9; before it, callbacks do not exist
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stand-in without `set_callbacks`."""

    def with_callbacks(method):  # type: ignore[no-redef]
        """Leave the method as it is."""
        return method


def check_sample_weight(sample_weight, X):
    """Weights as a vector of X's dtype: one per row, non-negative, finite and not all zero."""
    weight = _check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True)
    if not weight.any():  # scikit-learn refuses this itself from 1.8 on
        raise ValueError(
            "Sample weights must contain at least one non-zero number: all of sample_weight is 0."
        )
    with np.errstate(over="ignore"):
        total = weight.sum(dtype=float)
    if not np.finfo(float).tiny <= total < np.inf:
        raise ValueError(f"sample_weight adds up to {total:.3g}, which has no inverse: scale it.")
    return weight


__all__ = [
    "CallbackSupportMixin",
    "Interval",
    "StrOptions",
    "check_parameters",
    "check_sample_weight",
    "fit_context",
    "with_callbacks",
]
