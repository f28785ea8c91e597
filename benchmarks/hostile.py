"""What classifiers make of hostile input: ours, and scikit-learn's for comparison.

Each case is tried and judged, see HEAD below.

    python benchmarks/hostile.py > docs/hostile.md
"""

import copy
import re
import sys
import warnings
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import clone
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.utils.validation import has_fit_parameter

from sklearn_lhy import (
    GaussianGenerativeClassifier,
    GDLogisticRegression,
    SoftmaxGD,
    StackedLogisticMLP,
)

OURS = {
    "Gaussian": GaussianGenerativeClassifier(),
    "GDLogistic": GDLogisticRegression(),
    "Softmax": SoftmaxGD(),
    "Stacked": StackedLogisticMLP((4,), random_state=0),
}
PEERS = {
    "LDA": LinearDiscriminantAnalysis(),
    "QDA": QuadraticDiscriminantAnalysis(),
    "GaussianNB": GaussianNB(),
    "LogisticRegression": LogisticRegression(max_iter=1000),
    "SGD": SGDClassifier(loss="log_loss", random_state=0),
    "MLP": MLPClassifier(max_iter=2000, random_state=0),
}
VERDICTS = ["-", "right", "warned", "refused", "unclear", "WRONG", "crash"]  # the worst comes last
CASES = {}  # name -> function of a classifier that yields trials (act, names)
BIG = np.iinfo(np.int64).max


class Data(NamedTuple):
    """Training rows, labels and weights, and the rows to predict (the training rows if None)."""

    X: object
    y: object
    weight: object = None
    test: object = None


def case(name):
    """Register a function that yields the trials of a case.

    A trial is a pair: act() returns whether the answer is right, or raises; an error message that
    matches the regular expression names the problem.
    """

    def register(function):
        CASES[name] = function
        return function

    return register


# ---- judging ----------------------------------------------------------------------------------


def verdict(clf, name):
    """The worst verdict on the trials of a case."""
    return max((judge(*trial) for trial in CASES[name](clf)), key=VERDICTS.index, default="-")


def judge(act, names):
    """The verdict on one trial."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            right = act()
        except np.linalg.LinAlgError:  # a ValueError that names nothing
            return "crash"
        except (ValueError, TypeError) as error:
            return "refused" if re.search(names, str(error), re.IGNORECASE) else "unclear"
        except Exception:
            return "crash"
    return "warned" if caught else "right" if right else "WRONG"


def fitted(clf, data):
    """The classifier fitted to data, which must be left as they were."""
    before = copy.deepcopy(data)
    weight = {} if data.weight is None else {"sample_weight": data.weight}
    clf = clone(clf).fit(data.X, data.y, **weight)
    if not all(map(same, before, data)):
        raise RuntimeError("the input was changed")
    return clf


def same(a, b):
    """Whether two inputs are equal, bit for bit."""
    a, b = (M.toarray() if sparse.issparse(M) else np.asarray(M) for M in (a, b))
    return a.tobytes() == b.tobytes() or a.tolist() == b.tolist()


def keeps_promises(clf, X):
    """Whether probabilities and learned arrays are finite, and the former a distribution."""
    P, L = clf.predict_proba(X), clf.predict_log_proba(X)
    top = np.sort(P, axis=1)
    clear = top[:, -1] - top[:, -2] > 1e-6
    learned = [v for k, v in vars(clf).items() if k.endswith("_") and isinstance(v, np.ndarray)]
    return (
        np.isfinite(P).all()
        and ((P >= 0) & (P <= 1)).all()
        and np.allclose(P.sum(axis=1), 1, atol=1e-5)
        and np.allclose(np.exp(L), P, atol=1e-5)
        and (clf.predict(X) == clf.classes_[P.argmax(axis=1)])[clear].all()
        and all(np.isfinite(v).all() for v in learned if v.dtype.kind == "f")
    )


def right(clf, data, twin=None):
    """Whether the answer to hostile data keeps the promises and is that to its benign twin."""
    hostile = fitted(clf, data)
    X = data.X if data.test is None else data.test
    if not keeps_promises(hostile, X):
        return False
    if twin is None:
        return True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        benign = fitted(clf, twin)
    P, Q = (
        hostile.predict_proba(X),
        benign.predict_proba(twin.X if twin.test is None else twin.test),
    )
    return agree(clf, P, Q)


def agree(clf, P, Q):
    """Whether two answers are the same, as far as the classifier's optimum is unique."""
    if isinstance(clf, StackedLogisticMLP | MLPClassifier | SGDClassifier):
        return np.mean(P.argmax(axis=1) == Q.argmax(axis=1)) >= 0.9
    return np.abs(P - Q).max() <= 1e-3


def accepted(*_):
    """Where refusal is the only right answer, getting this far is wrong."""
    return False


def always_predicts_it(clf, data):
    """Whether a classifier that accepts a single class predicts it."""
    return np.array_equal(fitted(clf, data).predict_proba(data.X), np.ones((len(data.y), 1)))


def try_fit(clf, names, data, twin=None):
    """A trial: fit to data, if the classifier takes weights where there are some."""
    if data.weight is None or has_fit_parameter(clf, "sample_weight"):
        yield lambda: right(clf, data, twin), names


def must_refuse(clf, names, data):
    """A trial: nothing but a refusal of data is right."""
    if data.weight is None or has_fit_parameter(clf, "sample_weight"):
        yield lambda: accepted(fitted(clf, data)), names


def must_refuse_to_predict(clf, names, X):
    """A trial: the fit is benign, the rows to predict are not."""
    model = fitted(clf, data())
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        if hasattr(clf, method):
            yield lambda method=method: accepted(getattr(model, method)(X)), names


def takes(clf, **params):
    """The classifier with those of the parameters that it has."""
    return clone(clf).set_params(**{k: v for k, v in params.items() if k in clf.get_params()})


def unpenalised(clf):
    """The classifier without a penalty, which would depend on units."""
    network = isinstance(clf, StackedLogisticMLP | MLPClassifier)
    return takes(clf, C=np.inf, **({"alpha": 0.0} if network else {}))


# ---- data -------------------------------------------------------------------------------------


def data(n=120, classes=2):
    """Benign data: overlapping classes, four correlated columns."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 4)) @ (np.eye(4) + 0.3)
    z = X[:, :1] * [0, 3, -2][:classes] + X[:, 1:2] * [0, -1, 2][:classes]
    return Data(X, (z + rng.gumbel(size=z.shape)).argmax(axis=1))


def mapped(base, function):
    """The data with a function of the rows."""
    return base._replace(X=function(base.X))


def few_classes(clf):
    """Three classes, or two for the classifier of two."""
    return data(classes=2 if isinstance(clf, GDLogisticRegression) else 3)


# ---- values -----------------------------------------------------------------------------------


@case("NaN or infinity in X")
def _(clf):
    for value, names in ((np.nan, "NaN"), (np.inf, "infinity"), (-np.inf, "infinity")):
        X = data().X.copy()
        X[3, 1] = value
        yield from must_refuse(clf, names, data()._replace(X=X))
        yield from must_refuse_to_predict(clf, names, X)


@case("all of X times 1e300")
def _(clf):
    clf = unpenalised(clf)
    yield from try_fit(clf, "overflow|large|scale", mapped(data(), lambda X: 1e300 * X), data())


@case("a single value of 1e300")
def _(clf):
    X = data().X.copy()
    X[3, 1] = 1e300
    scaled = X / [1, 1e300, 1, 1]
    names = "overflow|large|scale"
    yield from try_fit(unpenalised(clf), names, data()._replace(X=X), data()._replace(X=scaled))


@case("rows of 1e300 to predict")
def _(clf):
    model, X = fitted(clf, data()), 1e300 * data().X
    yield lambda: keeps_promises(model, X), "overflow|large"
    yield lambda: keeps_promises(model, np.full((4, 4), 1e308)), "overflow|large"


@case("subnormal values (all of X times 1e-310)")
def _(clf):
    exact = mapped(data(), lambda X: (1e-310 * X) * 1e300 * 1e10)
    small = mapped(data(), lambda X: 1e-310 * X)
    yield from try_fit(unpenalised(clf), "subnormal|small|scale|constant", small, exact)


@case("int64 extremes in X")
def _(clf):
    X = np.array([-BIG - 1, BIG])[(data().X > 0).astype(int)]
    twin = mapped(data(), lambda _: X / 2.0**63)
    yield from try_fit(unpenalised(clf), "large", data()._replace(X=X), twin)


@case("an offset of 1e8")
def _(clf):
    far = mapped(data(), lambda X: X + 1e8)
    yield from try_fit(clf, "scale|offset", far, mapped(far, lambda X: X - 1e8))


@case("columns of scales 1e-12 to 1e12")
def _(clf):
    wide = mapped(data(), lambda X: X * [1e-12, 1e12, 1, 1e6])
    yield from try_fit(unpenalised(clf), "scale", wide, data())


@case("a constant column")
def _(clf):
    for value in (0.0, 1.0, 1e8, 0.1):
        wide = mapped(data(), lambda X, value=value: np.column_stack([X, np.full(len(X), value)]))
        yield from try_fit(clf, "constant|column|rank", wide, data())


@case("only constant columns")
def _(clf):
    share = np.bincount(data().y)[1] / 120

    def act():
        model = fitted(clf, data()._replace(X=np.full((120, 4), 0.1)))
        P = model.predict_proba(np.full((2, 4), 0.1))
        return np.abs(P[:, 1] - share).max() <= (0.1 if isinstance(clf, SGDClassifier) else 1e-2)

    yield act, "constant|column|rank|collinear"


@case("duplicate columns")
def _(clf):
    twice = mapped(data(), lambda X: np.column_stack([X, X]))
    ridge = hasattr(clf, "C")  # |w|^2 is shared by both copies: a column times root 2
    twin = mapped(data(), lambda X: X * np.sqrt(2) if ridge else X)
    twin = None if isinstance(clf, GaussianNB) else twin  # its own model counts both
    yield from try_fit(clf, "collinear|rank|column", twice, twin)


@case("more columns than rows (20 x 2000)")
def _(clf):
    wide = Data(np.random.default_rng(0).normal(size=(20, 2000)), np.arange(20) % 2)
    U, s, Vt = np.linalg.svd(wide.X, full_matrices=False)
    twin = Data(U * s, wide.y) if hasattr(clf, "C") else None  # what the penalty sees
    yield from try_fit(clf, "rank|column|samples", wide, twin)


@case("one sample, no sample, no column")
def _(clf):
    names = "sample|class|feature"
    yield lambda: always_predicts_it(clf, Data(np.ones((1, 4)), [1])), names
    yield from must_refuse(clf, names, Data(np.ones((0, 4)), []))
    yield from must_refuse(clf, names, Data(np.ones((5, 0)), [0, 1, 0, 1, 0]))
    yield from must_refuse_to_predict(clf, names, np.ones((0, 4)))


@case("one class")
def _(clf):
    yield lambda: always_predicts_it(clf, data()._replace(y=np.ones(120))), "class"


@case("one sample in a class")
def _(clf):
    y = np.zeros(120, int)
    y[7] = 1
    yield from try_fit(clf, "class|sample", data()._replace(y=y))


@case("separable classes without a penalty")
def _(clf):
    def act():
        model = fitted(unpenalised(clf), Data(X, y))
        return keeps_promises(model, X) and model.score(X, y) == 1

    X = np.linspace(-3, 3, 60)[:, None] + 0.01
    y = (X[:, 0] > 0).astype(int)
    yield act, "separable"


@case("imbalance of 1 to 10 000")
def _(clf):
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(20_000, 4)), rng.normal(size=(2, 4)) + 3])
    yield from try_fit(clf, "class", Data(X, np.repeat([0, 1], [20_000, 2])))


# ---- weights ----------------------------------------------------------------------------------


@case("weights: negative, NaN, infinite, all zero, of wrong length or type")
def _(clf):
    for value in (-1.0, np.nan, np.inf):
        weight = np.ones(120)
        weight[5] = value
        yield from must_refuse(clf, "weight", data()._replace(weight=weight))
    wrong = (np.zeros(120), np.ones(119), np.ones((120, 2)), np.array(["a"] * 120))
    for weight in wrong:
        yield from must_refuse(clf, "weight|string", data()._replace(weight=weight))


@case("weights of zero")
def _(clf):
    weight = (np.arange(120) % 3 > 0).astype(float)
    kept = Data(data().X[weight > 0], data().y[weight > 0], test=data().X)
    yield from try_fit(clf, "weight", data()._replace(weight=weight), kept)


@case("a class whose weights are all zero")
def _(clf):
    base = few_classes(clf)
    weight = np.where(base.y == 1, 0.0, 1.0)
    kept = Data(base.X[base.y != 1], base.y[base.y != 1], test=base.X)

    def act():
        P = fitted(clf, base._replace(weight=weight)).predict_proba(base.X)
        if P.shape[1] == 2:  # the class is not there at all
            return True
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            Q = fitted(clf, kept).predict_proba(base.X)
        return P[:, 1].max() < 1e-3 and agree(clf, P[:, [0, 2]], Q)

    if has_fit_parameter(clf, "sample_weight"):
        yield act, "weight"


@case("weights of 1e-200 or 1e200")
def _(clf):
    weight = np.random.default_rng(0).uniform(0.5, 2, 120)
    twin = data()._replace(weight=weight)
    for factor in (1e-200, 1e200, 1e-310):
        yield from try_fit(
            unpenalised(clf), "weight", data()._replace(weight=factor * weight), twin
        )


@case("class weights: negative, NaN, of unknown classes")
def _(clf):
    for given in ({0: -1.0, 1: 1.0}, {0: np.nan, 1: 1.0}, {0: np.inf, 1: 1.0}):
        if "class_weight" in clf.get_params():
            strange = takes(clf, class_weight=given)
            yield from must_refuse(strange, "weight", data())
    if "class_weight" in clf.get_params():
        yield from must_refuse(takes(clf, class_weight={7: 1.0, 8: 2.0}), "class", data())


# ---- labels -----------------------------------------------------------------------------------


@case("labels: mixed types, NaN, None, infinite, continuous, complex")
def _(clf):
    mixed = data().y.astype(object)
    mixed[data().y == 1] = "a"
    yield from must_refuse(clf, "label|type|unique", data()._replace(y=mixed))
    for value in (np.nan, np.inf, 0.5):
        y = data().y.astype(float)
        y[3] = value
        yield from must_refuse(clf, "NaN|infinity|continuous|y", data()._replace(y=y))
    y = data().y.astype(object)
    y[3] = None
    yield from must_refuse(clf, "None|NaN|label|unknown", data()._replace(y=y))
    yield from must_refuse(clf, "complex", data()._replace(y=data().y + 1j))
    nullable = pd.array(data().y, dtype="Int64")
    nullable[3] = pd.NA
    yield from must_refuse(clf, "NA|label|unknown", data()._replace(y=nullable))


@case("y of wrong shape or length")
def _(clf):
    names = "shape|inconsistent|multi|1d|label"
    yield from must_refuse(clf, names, data()._replace(y=data().y[:-1]))
    yield from must_refuse(clf, names, data()._replace(y=np.stack([data().y, data().y * 2], 1)))
    yield from must_refuse(clf, names, data()._replace(y=np.ones((120, 2, 2))))
    yield from must_refuse(clf, names, data()._replace(y=1))
    yield from try_fit(clf, names, data()._replace(y=data().y[:, None]), data())


@case("extreme, unsigned, bytes and nullable labels")
def _(clf):
    pairs = [
        np.array([-BIG - 1, BIG]),
        np.array([2**64 - 2, 2**64 - 1], np.uint64),
        np.array([2**53 + 1, 2**53 + 2], np.uint64),
        np.array([-128, 127], np.int8),
        np.array([b"a", b"b"]),
        np.array([-1e300, 1e300]),
        np.array([False, True]),
    ]
    for labels in pairs:
        base = data()._replace(y=labels[data().y])

        def act(base=base, labels=labels):
            model = fitted(clf, base)
            plain = fitted(clf, data()).predict(base.X)
            agrees = np.array_equal(model.predict(base.X), labels[plain])
            return agrees and np.array_equal(model.classes_, labels)

        yield act, "label|unknown|type"
    for kind in ("Int64", "boolean", "category"):
        y = pd.Series(data().y).astype(bool if kind == "boolean" else int).astype(kind)
        yield from try_fit(clf, "label|unknown", data()._replace(y=y), data())


# ---- containers -------------------------------------------------------------------------------


def benign_sparse():
    """Data with zeros, dense."""
    return mapped(data(), lambda X: np.where(np.abs(X) < 0.7, 0, X))


@case("sparse: explicit zeros, duplicates, unsorted and 64-bit indices, COO, CSC, DOK, LIL")
def _(clf):
    base = benign_sparse()
    X = sparse.csr_matrix(base.X)
    zeros = sparse.csr_matrix(base.X + 1)
    zeros.data -= 1
    wide = X.copy()
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    unsorted = X.copy()
    for i in range(120):
        row = slice(*X.indptr[i : i + 2])
        unsorted.indices[row] = X.indices[row][::-1]
        unsorted.data[row] = X.data[row][::-1]
    unsorted.has_sorted_indices = False
    coo = X.tocoo()
    doubled = sparse.coo_matrix(
        (np.tile(coo.data / 2, 2), (np.tile(coo.row, 2), np.tile(coo.col, 2))), shape=X.shape
    )
    uncanonical = sparse.csr_matrix(
        (np.repeat(X.data / 2, 2), np.repeat(X.indices, 2), 2 * X.indptr), shape=X.shape
    )
    kinds = [zeros, wide, unsorted, coo, doubled, uncanonical]
    kinds += [X.tocsc(), X.todok(), X.tolil(), sparse.csr_array(X), X.tobsr()]
    for matrix in kinds:
        twin = base._replace(test=base.X)
        yield from try_fit(clf, "sparse|dense", base._replace(X=matrix), twin)


@case("sparse with NaN, complex or text")
def _(clf):
    X = sparse.csr_matrix(benign_sparse().X)
    X.data[3] = np.nan
    yield from must_refuse(clf, "NaN|sparse|dense", data()._replace(X=X))
    yield from must_refuse(clf, "complex|sparse|dense", data()._replace(X=X * 1j))


@case("object, nullable, list and frame containers of numbers")
def _(clf):
    X = data().X
    yield from try_fit(clf, "dtype|object", data()._replace(X=X.astype(object)), data())
    frame = pd.DataFrame(X, columns=list("abcd"))
    twin = data()
    for given in (X.tolist(), frame, frame.astype("Float64"), frame.astype(object)):
        yield from try_fit(clf, "dtype|type", data()._replace(X=given), twin)
    whole = (10 * X).astype(int)
    twin = data()._replace(X=whole.astype(float))
    for dtype in ("Int64", "int8", "int16"):
        given = pd.DataFrame(whole, columns=list("abcd")).astype(dtype)
        yield from try_fit(clf, "dtype|type", data()._replace(X=given), twin)


@case("half, extended, big-endian, boolean, Fortran, strided and read-only arrays")
def _(clf):
    X = data().X.astype(np.float16).astype(float)
    twin = data()._replace(X=X)
    for dtype in (np.float16, np.longdouble, ">f8", ">f4"):
        yield from try_fit(clf, "dtype", data()._replace(X=X.astype(dtype)), twin)
    still = X.copy()
    still.flags.writeable = False
    wide = np.zeros((240, 8))
    wide[::-2, ::-2] = X
    for given in (np.asfortranarray(X), wide[::-2, ::-2], still):
        yield from try_fit(clf, "order", data()._replace(X=given), twin)
    signs = X > 0
    twin = data()._replace(X=signs.astype(float))
    yield from try_fit(clf, "dtype", data()._replace(X=signs), twin)


@case("missing values: pd.NA, None, masked arrays")
def _(clf):
    frame = pd.DataFrame(data().X, columns=list("abcd")).astype("Float64")
    frame.iloc[3, 1] = pd.NA
    yield from must_refuse(clf, "NaN|NA", data()._replace(X=frame))
    X = data().X.astype(object)
    X[3, 1] = None
    yield from must_refuse(clf, "NaN|None", data()._replace(X=X))
    mask = np.zeros((120, 4), bool)
    mask[3, 1] = True
    masked = np.ma.masked_array(np.where(mask, 1e6, data().X), mask)
    yield from must_refuse(clf, "mask", data()._replace(X=masked))
    yield from must_refuse_to_predict(clf, "mask", masked)
    y = np.ma.masked_array(data().y, mask[:, 1])
    yield from must_refuse(clf, "mask", data()._replace(y=y))
    weight = np.ma.masked_array(np.ones(120), mask[:, 1])
    yield from must_refuse(clf, "mask", data()._replace(weight=weight))


@case("complex, text, dates, 1-D and 3-D X")
def _(clf):
    X = data().X
    for given, names in (
        (X + 1j, "complex"),
        (np.where(X > 0, "a", "b"), "convert|string|text|numeric"),
        ((1e3 * X).astype("datetime64[s]"), "date|dtype|convert|promot"),
        (X[:, 0], "2D|1D|dim"),
        (X[:, :, None], "2D|3D|dim"),
        (None, "None|array|scalar|NoneType"),
        ("text", "array|scalar|string"),
    ):
        yield from must_refuse(clf, names, data()._replace(X=given))
        yield from must_refuse_to_predict(clf, names, given)


@case("wrong number or names of features to predict")
def _(clf):
    yield from must_refuse_to_predict(clf, "feature", data().X[:, :3])
    yield from must_refuse_to_predict(clf, "feature", np.ones((3, 5)))
    frame = pd.DataFrame(data().X, columns=list("abcd"))
    model = fitted(clf, data()._replace(X=frame))
    yield lambda: accepted(model.predict(frame[list("dcba")])), "feature names"


# ---- parameters and later calls -----------------------------------------------------------------


@case("every parameter out of range or of the wrong type")
def _(clf):
    for name, default in clf.get_params().items():
        if name == "class_weight" or name.startswith("_"):
            continue
        for value in (object(), -1.5, "no such thing", np.nan, [np.nan]):
            wrong = clone(clf)
            setattr(wrong, name, value)
            if name in ("verbose", "n_jobs") or (name == "random_state" and default is None):
                continue
            yield lambda wrong=wrong: accepted(wrong.fit(data().X, data().y)), name


@case("priors that are negative, do not sum to one, or are too many")
def _(clf):
    for name in {"priors"} & set(clf.get_params()):
        for priors in (
            [-0.5, 1.5],
            [0.5, 0.6],
            [0.2, 0.3, 0.5],
            [np.nan, 1],
            ["a", "b"],
            [[0.5] * 2],
        ):
            wrong = clone(clf).set_params(**{name: priors})
            yield from must_refuse(wrong, "prior", data())


@case("wrong classes in partial_fit")
def _(clf):
    def act(first, later):
        model = clone(clf).partial_fit(data().X, data().y, classes=first)
        model.partial_fit(data().X, data().y, classes=later)
        if not isinstance(clf, GaussianGenerativeClassifier):
            return False
        P = fitted(clf, data()).predict_proba(data().X)  # its classes may come at any time
        return np.allclose(model.predict_proba(data().X), np.column_stack([P, 0 * P[:, 0]]))

    if hasattr(clf, "partial_fit"):
        yield lambda: act([0, 5], None), "class|label"
        yield lambda: act([0, 1], [0, 9]), "class|label"
        yield lambda: act([0, np.nan], None), "class|label|NaN"


@case("wrong number of features in partial_fit")
def _(clf):
    def act():
        model = clone(clf).partial_fit(data().X, data().y, classes=[0, 1])
        return accepted(model.partial_fit(data().X[:, :3], data().y))

    if hasattr(clf, "partial_fit"):
        yield act, "feature"


@case("warm start with other classes or features")
def _(clf):
    def act(later):
        model = clone(clf).set_params(warm_start=True).fit(data().X, data().y)
        model.fit(later.X, later.y)
        P, Q = (m.predict_proba(later.X) for m in (model, fitted(clf, later)))
        return np.abs(P - Q).max() < 1e-3  # begun anew

    if "warm_start" in clf.get_params():
        yield lambda: act(few_classes(clf)._replace(y=few_classes(clf).y + 5)), "class"
        yield lambda: act(mapped(data(), lambda X: X[:, :3])), "feature"


# ---- report -----------------------------------------------------------------------------------

HEAD = """# Hostile input

What was tried, and what happened: the four classifiers at their defaults (the network with four
hidden units), and scikit-learn's counterparts. This page is made by

    python benchmarks/hostile.py > docs/hostile.md

- **right**: the answer is that to a benign twin of the data (shifted or scaled back, dense, in
  floating point, without the rows of weight 0, ...), to .001 in every probability; for networks and
  stochastic descent in nine of ten predicted labels. Where there is no twin: probabilities are
  finite, in [0, 1], add up to one and agree with `predict`, and learned arrays are finite. The
  input is never changed.
- **warned**: a warning came with the answer.
- **refused**: a ValueError or TypeError whose message names the problem.
- **unclear**: a ValueError or TypeError whose message does not.
- **WRONG**: a silent wrong answer, or something accepted that has no right answer.
- **crash**: any other error.

A case is several trials, and the table shows the worst verdict, in this order. "-" means that the
classifier has no such argument. Scales are tried without a penalty where it can be switched off,
since a penalty depends on them by its nature. `tests/test_hostile.py` holds ours to these verdicts,
with more configurations.
"""


def main():
    """Print the page."""
    classifiers = {**OURS, **PEERS}
    sys.stdout.write(HEAD + "\n| case | " + " | ".join(classifiers) + " |\n")
    sys.stdout.write("|---" * (len(classifiers) + 1) + "|\n")
    totals = {name: [] for name in classifiers}
    for name in CASES:
        for classifier, clf in classifiers.items():
            totals[classifier].append(verdict(clf, name))
        cells = [found[-1] for found in totals.values()]
        sys.stdout.write(f"| {name} | " + " | ".join(cells) + " |\n")
        sys.stdout.flush()
    for bad in ("unclear", "WRONG", "crash"):
        cells = [str(found.count(bad)) for found in totals.values()]
        sys.stdout.write(f"| **cases that end {bad}** | " + " | ".join(cells) + " |\n")


if __name__ == "__main__":
    main()
