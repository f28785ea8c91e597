"""No silent wrong answer, crash or unclear error, whatever is put in (benchmarks/hostile.py)."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning

from sklearn_lhy import (
    GaussianGenerativeClassifier,
    GDLogisticRegression,
    SoftmaxGD,
    StackedLogisticMLP,
    gaussian_grid_search,
)

ROOT = Path(__file__).parents[1]
spec = importlib.util.spec_from_file_location("hostile", ROOT / "benchmarks" / "hostile.py")
hostile = importlib.util.module_from_spec(spec)
spec.loader.exec_module(hostile)

UNITS = {"columns of scales 1e-12 to 1e12", "a constant column", "duplicate columns"}
COPIES = {"duplicate columns"}  # a feature counts twice in a model of independent ones
WEIGHTS = {"duplicate columns", "weights of 1e-200 or 1e200", "wrong classes in partial_fit"}
INTERCEPT = {"a constant column", "only constant columns"}  # a constant is an intercept
SPLIT = {"weights of zero", "more columns than rows (20 x 2000)"}  # other rows are held out
MISSING = {
    "NaN or infinity in X",
    "sparse with NaN, complex or text",
    "missing values: pd.NA, None, masked arrays",
}
VARIANTS = [  # with the cases in which the answer may differ from the twin's, by definition
    (GaussianGenerativeClassifier("full"), set()),
    (GaussianGenerativeClassifier("diag"), COPIES),
    (GaussianGenerativeClassifier("tied_diag"), COPIES),
    (GaussianGenerativeClassifier("spherical"), UNITS),
    (GaussianGenerativeClassifier("full", shrinkage=0.3, pooling=0.2), UNITS),
    (GaussianGenerativeClassifier(shrinkage="auto"), WEIGHTS),  # its amount depends on n
    (GaussianGenerativeClassifier("diag", allow_nan=True), MISSING | COPIES),
    (GDLogisticRegression(solver="gd"), set()),
    (GDLogisticRegression(solver="adam"), set()),
    (GDLogisticRegression(early_stopping=True, random_state=0), SPLIT),
    (GDLogisticRegression(class_weight="balanced", fit_intercept=False), INTERCEPT),
    (GDLogisticRegression(loss="squared_error"), set()),
    (SoftmaxGD(C=100.0), set()),
    (StackedLogisticMLP((), random_state=0), set()),
    (StackedLogisticMLP((4, 3), alpha=1.0, random_state=0), set()),
    (StackedLogisticMLP((4,), alpha=0.1, solver="adam", random_state=0, max_iter=100), set()),
]


@pytest.mark.parametrize("name", hostile.CASES)
@pytest.mark.parametrize("clf", hostile.OURS.values(), ids=hostile.OURS)
def test_defaults(clf, name):
    assert hostile.verdict(clf, name) in {"-", "right", "warned", "refused"}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("clf, differs", VARIANTS, ids=lambda value: str(value)[:70])
def test_variants(clf, differs):
    bad = {}
    for name in hostile.CASES.keys() - differs:
        verdict = hostile.verdict(clf, name)
        if verdict not in {"-", "right", "warned", "refused"}:
            bad[name] = verdict
    assert not bad


def test_numpy_never_warns():
    """What overflows is refused by name, not by a RuntimeWarning from within."""
    for clf in hostile.OURS.values():
        for name in ("all of X times 1e300", "a single value of 1e300", "rows of 1e300 to predict"):
            for act, _ in hostile.CASES[name](clf):
                try:
                    assert act()  # here, warnings are errors
                except ValueError as error:
                    assert re.search("overflow", str(error))


def test_the_page_shows_every_case():
    page = (ROOT / "docs" / "hostile.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0][2:] for row in rows[1 : len(hostile.CASES) + 1]] == [*hostile.CASES]
    for row in rows[1:]:
        ours = row.split(" | ")[1 : 1 + len(hostile.OURS)]
        assert not {"WRONG", "crash", "unclear"} & set(ours), row
    assert page.startswith(hostile.HEAD)


# ---- the judge itself -------------------------------------------------------------------------


class Careless(GDLogisticRegression):
    """Goes wrong in a chosen way."""

    way = None

    def fit(self, X, y, sample_weight=None):
        if self.way == "changes X":
            X[0] = 0
        super().fit(X, y, sample_weight)
        if self.way == "wrong weights":
            self.coef_ = -self.coef_
        return self

    def predict_proba(self, X):
        P = super().predict_proba(X)
        if self.way == "not a distribution":
            P = P * 1.1
        elif self.way == "disagrees":
            P = P[:, ::-1]
        elif self.way == "NaN":
            P[0] = np.nan
        elif self.way == "crashes":
            P = P[10**6]
        elif self.way == "unclear":
            raise ValueError("something is wrong")
        return P


@pytest.mark.parametrize(
    "way, expected",
    [
        (None, "right"),
        ("not a distribution", "WRONG"),
        ("disagrees", "WRONG"),
        ("NaN", "WRONG"),
        ("crashes", "crash"),
        ("changes X", "crash"),
        ("unclear", "unclear"),
    ],
)
def test_the_judge_sees_what_goes_wrong(way, expected, monkeypatch):
    monkeypatch.setattr(Careless, "way", way)
    ((act, names),) = hostile.try_fit(Careless(), "NaN", hostile.data(), hostile.data())
    assert hostile.judge(act, names) == expected


def test_the_judge_compares_with_the_twin():
    data, other = hostile.data(), hostile.data()._replace(y=1 - hostile.data().y)
    ((act, names),) = hostile.try_fit(GDLogisticRegression(), "NaN", data, other)
    assert hostile.judge(act, names) == "WRONG"
    ((act, names),) = hostile.must_refuse(GDLogisticRegression(), "NaN", data)
    assert hostile.judge(act, names) == "WRONG"


# ---- what only our own methods can be asked ---------------------------------------------------

X, y = load_iris(return_X_y=True)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"coef_init": np.full((3, 4), np.nan)}, "coef_init must hold 3 x 4 finite .* nan"),
        ({"coef_init": "a"}, "coef_init must hold 3 x 4 finite numbers; got 'a'"),
        ({"coef_init": np.ones((2, 4))}, "coef_init"),
        ({"intercept_init": [1.0, np.inf, 0]}, "intercept_init"),
        ({"X_val": X}, "X_val and y_val"),
        ({"sample_weight_val": np.ones(150)}, "sample_weight_val belongs to X_val and y_val"),
        ({"X_val": X[:, :2], "y_val": y}, "X_val.*features"),
        ({"X_val": X * np.nan, "y_val": y}, "NaN"),
        ({"X_val": X, "y_val": y[:-1]}, "inconsistent"),
        ({"X_val": X, "y_val": y + 1}, "not in classes"),
        ({"X_val": X, "y_val": y.astype(str)}, "not in classes|type"),
        ({"X_val": X, "y_val": y, "sample_weight_val": -np.ones(150)}, "weight"),
        ({"X_val": np.ma.masked_array(X), "y_val": y}, "X_val.*mask"),
    ],
)
def test_strange_starts_and_validation_data(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        SoftmaxGD().fit(X, y, **arguments)


@pytest.mark.parametrize(
    "coefs, intercepts, classes, message",
    [
        ([[[np.nan], [1]]], [[0]], (0, 1), "finite"),
        ([[[1], [1]]], [[np.inf]], (0, 1), "finite"),
        ([[[1], [1]]], [[0, 0]], (0, 1), "shapes"),
        ([[[1, 2], [1, 2]], [[1]]], [[0, 0], [0]], (0, 1), "shapes"),
        ([[[1], [1]]], [[0]], (0, 1, 2), "classes"),
        ([[[1], [1]]], [[0]], ["a"], "classes holds one class"),
        ([[[1], [1]]], [[0]], [], "classes holds no class"),
        ([[1, 2]], [[0]], (0, 1), "two axes"),
        ([], [], (0, 1), "layer"),
    ],
)
def test_layers_that_do_not_fit(coefs, intercepts, classes, message):
    with pytest.raises(ValueError, match=message):
        StackedLogisticMLP.from_layers(coefs, intercepts, classes=classes)


def test_units_and_layers_that_do_not_exist():
    net = StackedLogisticMLP.from_layers([np.ones((2, 3)), np.ones((3, 1))], [np.ones(3), [1]])
    for layer, j in ((2, 0), (-3, 0), (0, 3), (0, -4)):
        with pytest.raises(ValueError, match=f"(layer|j)={layer if layer in (2, -3) else j}"):
            net.unit(layer, j)
    with pytest.raises(ValueError, match="layer=1"):
        net.layer_output([[1.0, 2.0]], 1)
    for layer, j in ((0.0, 0), (0, None), ("0", 0)):
        with pytest.raises(TypeError, match=r"(layer|j)=.* must be an int"):
            net.unit(layer, j)
    with pytest.raises(TypeError, match="layer='0' must be an int"):
        net.layer_output([[1.0, 2.0]], "0")


def test_layers_that_are_no_lists_of_arrays():
    net = StackedLogisticMLP((2,), alpha=1.0)
    for coefs, intercepts in ((3, [[0], [0]]), ([np.ones((4, 2)), np.ones((2, 3))], 3)):
        with pytest.raises(TypeError, match="(coefs|intercepts)_init=3 must be a list of arrays"):
            net.fit(X, y, coefs_init=coefs, intercepts_init=intercepts)
    for coefs, intercepts in ((3, [[0]]), ([["a"]], [[0]]), ([[[1], [1]]], None)):
        with pytest.raises((TypeError, ValueError), match="s=.* must be a list of arrays"):
            StackedLogisticMLP.from_layers(coefs, intercepts)


def test_scores_that_overflow_to_both_sides():
    """Whether the sum is infinite or not a number depends on the order in which it is taken."""
    W = np.tile([1e200, -1e200], 64)[:, None]
    net = StackedLogisticMLP.from_layers([W, [[1]]], [[0], [0]])
    for method in (net.transform, net.predict_proba, net.unit(0, 0).predict_proba):
        try:
            assert not np.isnan(method(np.full((1, 128), 1e200))).any()
        except ValueError as error:
            assert "overflow" in str(error)


@pytest.mark.parametrize("n_samples", [0, -1, 1.5, "many", None])
def test_sample_counts(n_samples):
    with pytest.raises(ValueError, match="n_samples"):
        GaussianGenerativeClassifier().fit(X, y).sample(n_samples)


@pytest.mark.parametrize("kind", ["tied", "full", "diag"])
def test_far_rows_of_the_gaussian_methods(kind):
    clf = GaussianGenerativeClassifier(kind).fit(X, y)
    far = np.full((2, 4), 1e300)
    assert (clf.score_samples(far) == -np.inf).all()
    with pytest.raises(ValueError, match="overflow"):
        clf.predict(np.full((2, 4), 1e308))
    for method in ("mahalanobis", "transform", "score_samples"):
        if hasattr(clf, method):
            with pytest.raises(ValueError, match="NaN"):
                getattr(clf, method)(far * np.nan)


def test_merging_what_does_not_belong_together():
    clf = GaussianGenerativeClassifier().fit(X, y)
    for other, message in (
        (clf.to_logistic(), "merge needs"),
        (GaussianGenerativeClassifier().fit(X[:, :2], y), "features"),
        (GaussianGenerativeClassifier("full").fit(X, y), "kind"),
        (GaussianGenerativeClassifier().fit(X, y.astype(str)), "one type"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            clf.merge(other)
    with pytest.raises(ValueError, match="priors"):
        clf.with_priors([0.5, 0.5])


def test_grid_search_refuses_what_fit_refuses():
    grid = {"shrinkage": [None, 0.5]}
    for bad, message in (((X * np.nan, y), "NaN"), ((X, y * 0), "one class"), ((X, y[1:]), ".")):
        with pytest.raises(ValueError, match=message):
            gaussian_grid_search(GaussianGenerativeClassifier(), *bad, grid)
    one_class = [(np.flatnonzero(y == 0), np.flatnonzero(y > 0))]
    for more, message in (
        ({"param_grid": []}, "0 candidates"),
        ({"param_grid": grid, "cv": []}, "0 splits"),
        ({"param_grid": grid, "cv": one_class}, "split 0 holds one class"),
        ({"param_grid": grid, "cv": [([], np.arange(150))]}, "split 0 holds no class"),
    ):
        with pytest.raises(ValueError, match=message):
            gaussian_grid_search(GaussianGenerativeClassifier(), X, y, **more)
    for grid in ({"shrinkage": [2.0]}, {"priors": [[1, 1, 1]]}, {"no_such": [1]}):
        with pytest.raises(ValueError, match=next(iter(grid))):
            gaussian_grid_search(GaussianGenerativeClassifier(), X, y, grid)


@pytest.mark.parametrize("labels", [["a", "b"], np.array(["a", "b"], object), ["é", "b"]])
@pytest.mark.parametrize("clf", hostile.OURS.values(), ids=hostile.OURS)
def test_other_labels_in_a_stream(clf, labels):
    data = hostile.data()
    known = clone(clf).partial_fit(data.X, np.asarray(labels)[data.y], classes=labels)
    with pytest.raises((ValueError, TypeError), match="label|classes|type"):
        known.partial_fit(data.X, data.y)


@pytest.mark.parametrize("Classifier", [GDLogisticRegression, SoftmaxGD, StackedLogisticMLP])
def test_a_stream_needs_two_classes(Classifier):
    for classes in ([0], []):
        with pytest.raises(ValueError, match="classes holds (one|no) class"):
            Classifier().partial_fit(X, y * 0, classes=classes)


@pytest.mark.parametrize("classes", [[0.0, 1.0, np.nan], [0, 1, None], [[0, 1], [2, 3]], {0, 1}])
@pytest.mark.parametrize("clf", hostile.OURS.values(), ids=hostile.OURS)
def test_classes_that_are_no_labels(clf, classes):
    with pytest.raises((ValueError, TypeError), match="classes=.* must be .*labels"):
        clone(clf).partial_fit(X, y, classes=classes)


@pytest.mark.parametrize("Classifier", [GDLogisticRegression, SoftmaxGD, StackedLogisticMLP])
def test_balanced_weights_need_every_class_in_a_part(Classifier):
    clf = Classifier(class_weight="balanced").partial_fit(X, y > 0, classes=[False, True])
    with pytest.raises(ValueError, match=r"'balanced' needs .* lack \[ ?True\]: give .* dict"):
        clf.partial_fit(X[:50], y[:50] > 0)


def test_a_stream_of_columns_needs_classes_too():
    with pytest.raises(ValueError, match="classes must be passed"):
        StackedLogisticMLP().partial_fit(X, y[:, None])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_penalty_beyond_measure_leaves_the_shares_of_the_classes(dtype):
    rows, labels = X[:120].astype(dtype), y[:120]
    P = StackedLogisticMLP((4,), alpha=1e300, random_state=0).fit(rows, labels).predict_proba(rows)
    assert np.abs(P - [50 / 120, 50 / 120, 20 / 120]).max() < 0.01


def test_class_weights_must_leave_two_classes():
    for weight in ({0: 1.0, 1: -1.0, 2: 1.0}, {0: 0.0, 1: 0.0, 2: 0.0}, {0: 1.0, 1: 0.0, 2: 0.0}):
        with pytest.raises(ValueError, match="class_weight"):
            SoftmaxGD(class_weight=weight).fit(X, y)
    P = SoftmaxGD(class_weight={0: 1.0, 1: 0.0, 2: 1.0}).fit(X, y).predict_proba(X)
    assert P[:, 1].max() < 0.01  # rows that count for nothing are not missed


def test_a_part_of_a_stream_may_hold_one_class():
    clf = SoftmaxGD(class_weight={0: 1.0, 1: 2.0, 2: 0.5})
    for k in range(3):
        clf.partial_fit(X[y == k], y[y == k], classes=[0, 1, 2])
    assert hostile.keeps_promises(clf, X)


def test_constant_columns_have_no_scale():
    """Rounding in their mean is not one, of which a warning would tell."""
    for value in (0.1, 1e8 / 3):
        for clf in (GDLogisticRegression(), SoftmaxGD()):
            P = clf.fit(np.full((150, 2), value), y > 0).predict_proba([[value, value]])
            np.testing.assert_allclose(P, [[1 / 3, 2 / 3]], atol=1e-6)


def test_rules_say_when_scales_stop_them():
    data = hostile.data()
    with pytest.warns(ConvergenceWarning, match=r"differ in size.*solver='whitened'"):
        GDLogisticRegression(solver="gd").fit(data.X + 1e8, data.y)
    GDLogisticRegression(solver="gd").fit(data.X, data.y)  # in silence


@pytest.mark.filterwarnings("ignore:The largest column scale:UserWarning")
def test_small_weights_and_penalties_at_the_edge_of_the_numbers():
    data = hostile.data()
    for C in (5e-324, 1e-310, 1e-300, 1e308):
        for clf in (GDLogisticRegression(C=C), SoftmaxGD(C=C)):
            assert hostile.keeps_promises(clf.fit(data.X, data.y), data.X)
    for alpha in (1e-310, 1e308):
        clf = StackedLogisticMLP((4,), alpha=alpha, random_state=0).fit(data.X, data.y)
        assert hostile.keeps_promises(clf, data.X)
    with pytest.raises(ValueError, match="sample_weight adds up to"):
        GDLogisticRegression().fit(data.X, data.y, np.full(120, 1e-315))
    with pytest.raises(ValueError, match="sample_weight adds up to|infinity"):
        GDLogisticRegression().fit(data.X, data.y, np.full(120, 1e308))


def test_what_seems_constant_in_single_precision():
    data = hostile.data()
    X = (1e-30 * data.X).astype(np.float32)
    with pytest.raises(ValueError, match="underflow float32"):
        GDLogisticRegression(C=np.inf).fit(X, data.y)
    for clf in (GaussianGenerativeClassifier(), StackedLogisticMLP((4,), random_state=0)):
        assert clone(clf).fit(X, data.y).score(X, data.y) > 0.8  # these square in float64


def test_weights_that_single_precision_cannot_hold():
    data = hostile.data()
    X = (1e-40 * data.X).astype(np.float32)
    with pytest.raises(ValueError, match="overflow float32: scale its columns up"):
        StackedLogisticMLP((4,), random_state=0).fit(X, data.y)
    for covariance_type in ("tied", "full", "diag", "tied_diag", "spherical"):
        clf = GaussianGenerativeClassifier(covariance_type).fit(X, data.y)
        double = clone(clf).fit(X.astype(float), data.y)
        np.testing.assert_array_equal(clf.predict(X), double.predict(X.astype(float)))
        assert clf.predict_proba(X).dtype == np.float32


@pytest.mark.parametrize("scale", [1e25, 1e27, 1e28])
@pytest.mark.parametrize("alpha", ["auto", 1.0])
def test_networks_square_large_single_precision_in_double(scale, alpha):
    """The square of a mean that rounding leaves would be infinite, and the column constant."""
    Q = np.random.default_rng(0).normal(size=(200, 4))
    q = Q[:, 0] * Q[:, 1] > 0
    clf = StackedLogisticMLP(alpha=alpha, random_state=0)
    assert clf.fit((Q * scale).astype(np.float32), q).score((Q * scale).astype("f4"), q) > 0.95


def test_the_search_takes_what_grid_search_takes_and_refuses_the_rest():
    grid, plain = {"shrinkage": [None, 0.1, 0.9]}, GaussianGenerativeClassifier()

    def scorer(clf, X, y):
        return np.nan if clf.shrinkage == 0.1 else clf.score(X, y)

    with pytest.warns(UserWarning, match="NaN"):
        found = gaussian_grid_search(plain, X, y, grid, scoring=scorer)
    assert found.best_index_ != 1
    assert found.cv_results_["rank_test_score"][1] == 3
    test = np.arange(150) % 3 == np.arange(3)[:, None]
    scores = [
        gaussian_grid_search(plain, X, y, grid, cv=folds).cv_results_["mean_test_score"]
        for folds in (
            [(np.flatnonzero(~t), np.flatnonzero(t)) for t in test],
            [(~t, t) for t in test],
            [(np.flatnonzero(~t) - 150, np.flatnonzero(t) - 150) for t in test],
        )
    ]
    np.testing.assert_array_equal(scores[1:], [scores[0], scores[0]])
    with pytest.raises(TypeError, match="scoring"):
        gaussian_grid_search(plain, X, y, grid, scoring=["accuracy"])
    with pytest.raises(TypeError, match="estimator"):
        gaussian_grid_search(SoftmaxGD(), X, y, grid)
    with pytest.raises(TypeError, match="one type"):
        GaussianGenerativeClassifier().fit(X, y.astype(str)).partial_fit(X, y.astype(str), [1, 2])
