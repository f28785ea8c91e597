"""GDLogisticRegression and SoftmaxGD against LogisticRegression, 50 digits and each other."""

import warnings

import mpmath
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine, make_moons
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lhy import GDLogisticRegression, SoftmaxGD, StackedLogisticMLP, _whitened

LECTURE_SOLVERS = ["gd", "momentum", "adagrad", "rmsprop", "adam"]


def binary(n=200, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4)) * [1, 20, 0.1, 3] + [0, 100, 0, -5]
    y = (X @ [1, 0.1, 8, -0.2] + rng.logistic(size=n) > 11).astype(int)
    return X, y


def objective(clf, X, y, C=1.0, weight=None):
    """C * sum of weighted losses + |w|^2 / 2, from the classifier's own log-probabilities."""
    weight = np.ones(len(y)) if weight is None else weight
    codes = np.searchsorted(clf.classes_, y)
    loss = -clf.predict_log_proba(X)[np.arange(len(y)), codes]
    return C * weight @ loss + (clf.coef_**2).sum() / 2


def reference(X, y, **params):
    weight = params.pop("sample_weight", None)
    clf = LogisticRegression(solver="newton-cholesky", tol=1e-14, max_iter=500, **params)
    return clf.fit(X, y, weight)


# ---- the same optimum -------------------------------------------------------------------------


@pytest.mark.parametrize("C", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_matrix, sparse.csr_array])
def test_coefficients_equal_logistic_regression(C, fit_intercept, weighted, storage):
    X, y = binary()
    X = StandardScaler().fit_transform(X)
    weight = np.random.default_rng(1).uniform(0, 3, len(y)) if weighted else None
    params = {"C": C, "fit_intercept": fit_intercept}
    ours = GDLogisticRegression(tol=1e-12, **params).fit(storage(X), y, weight)
    theirs = reference(X, y, sample_weight=weight, **params)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize("class_weight", ["balanced", {0: 3.0, 1: 0.5, 2: 1.0}])
@pytest.mark.parametrize("C", [0.1, 10.0])
def test_softmax_coefficients_equal_logistic_regression(C, class_weight):
    X, y = load_iris(return_X_y=True)
    X, y = X[20:], y[20:]
    weight = np.random.default_rng(0).integers(1, 4, len(y))
    params = {"C": C, "class_weight": class_weight}
    ours = SoftmaxGD(tol=1e-12, **params).fit(X, y, weight)
    theirs = reference(X, y, sample_weight=weight, **params)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6, atol=1e-8)
    centred = theirs.intercept_ - theirs.intercept_.mean()
    np.testing.assert_allclose(ours.intercept_, centred, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("load", "Ours"),
    [(load_breast_cancer, GDLogisticRegression), (load_wine, SoftmaxGD), (load_digits, SoftmaxGD)],
)
def test_defaults_reach_the_optimum_on_raw_data(load, Ours):
    X, y = load(return_X_y=True)
    best = min(objective(reference(X, y), X, y), objective(Ours(tol=1e-12).fit(X, y), X, y))
    assert objective(Ours().fit(X, y), X, y) - best < 1e-8 * len(y)


def newton_50_digits(X, y, C):
    """The penalised optimum by Newton's method in 50-digit arithmetic: (w, b)."""
    with mpmath.workdps(50):
        A = mpmath.matrix([[*map(mpmath.mpf, map(float, row)), mpmath.mpf(1)] for row in X])
        d = A.cols
        ridge = mpmath.diag([mpmath.mpf(1) / C] * (d - 1) + [0])
        theta = mpmath.matrix(d, 1)
        for _ in range(60):
            p = (A * theta).apply(lambda z: 1 / (1 + mpmath.exp(-z)))
            g = A.T * (p - mpmath.matrix([int(t) for t in y])) + ridge * theta
            H = ridge.copy()
            for i in range(A.rows):
                H += (p[i] * (1 - p[i])) * (A[i, :].T * A[i, :])
            step = mpmath.lu_solve(H, g)
            theta -= step
            if mpmath.norm(step) < mpmath.mpf(10) ** -40:
                return np.array([float(t) for t in theta])
    raise AssertionError("Newton's method did not converge")


@pytest.mark.parametrize("kind", ["iris", "cubic", "near-separation"])
def test_coefficients_against_50_digits(kind):
    X, y = load_iris(return_X_y=True)
    X, y = X[50:], y[50:] - 1
    C = 1.0
    if kind == "cubic":
        X = X[:, :1] ** [1, 2, 3]
    elif kind == "near-separation":
        X, C = X[:, 2:], 1e4
    exact = newton_50_digits(X, y, C)
    for tol, digits in ((1e-7, 7), (1e-10, 11)):  # 1e-7 is the default
        clf = GDLogisticRegression(C=C, tol=tol).fit(X, y)
        found = np.append(clf.coef_[0], clf.intercept_)
        assert np.abs(found - exact).max() < 10.0**-digits * np.abs(exact).max()


def test_a_loose_tol_never_ends_above_the_loss_before():
    for seed in range(30):  # some of them rose where the last step was not checked
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(100, 3))
        X = np.sign(X) * X**4
        y = (X @ rng.normal(size=3) * 10 + rng.logistic(size=100) > 0).astype(int)
        clf = GDLogisticRegression(C=1e3, tol=1.0)
        clf.fit(X, y, coef_init=30 * rng.normal(size=(1, 3)))
        mean = objective(clf, X, y, clf.C) / clf.C / len(y)
        assert mean <= clf.loss_curve_[-1] * (1 + 1e-12)


def test_a_step_cut_back_to_rounding_ends_the_descent():
    class Flat:
        eps = np.finfo(float).eps

        def value_and_gradient(self, V):
            return 1 + 1e-13 * (np.abs(V).max() > 1e-4), np.ones((1, 1))

    state = _whitened.State(np.zeros((1, 1)), 1.0, np.ones((1, 1)), slope=1.0)
    assert _whitened._descended(Flat(), state, -np.ones((1, 1))).stop == "precision"


@pytest.mark.parametrize("size", [1.0, 100.0, 1e8])
def test_far_starts_end_at_the_optimum(size):
    X, y = load_breast_cancer(return_X_y=True)
    start = size * np.random.default_rng(0).normal(size=(1, X.shape[1]))
    found = GDLogisticRegression().fit(X, y, coef_init=start)
    np.testing.assert_allclose(found.coef_, GDLogisticRegression().fit(X, y).coef_, rtol=1e-5)


# ---- identities -------------------------------------------------------------------------------


@pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
def test_softmax_with_C_equals_one_unit_with_2C(C):
    X, y = binary()
    two = SoftmaxGD(C=C, tol=1e-12).fit(X, y)
    one = GDLogisticRegression(C=2 * C, tol=1e-12).fit(X, y)
    np.testing.assert_allclose(two.coef_, np.vstack([-one.coef_, one.coef_]) / 2, rtol=1e-7)
    np.testing.assert_allclose(two.predict_proba(X), one.predict_proba(X), atol=1e-9)


@pytest.mark.parametrize("solver", LECTURE_SOLVERS)
@pytest.mark.parametrize("batch_size", [None, 50])
def test_the_lectures_solvers_find_the_same_optimum(solver, batch_size):
    X, y = binary()
    X = StandardScaler().fit_transform(X)
    best = objective(GDLogisticRegression().fit(X, y), X, y)
    clf = GDLogisticRegression(
        solver=solver, batch_size=batch_size, max_iter=3000, tol=1e-7, random_state=0
    ).fit(X, y)
    assert objective(clf, X, y) - best < (1e-3 if batch_size else 1e-4) * len(y)


@pytest.mark.parametrize("solver", LECTURE_SOLVERS)
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_automatic_rates_never_let_the_loss_rise_on_raw_data(solver, scale):
    X, y = load_breast_cancer(return_X_y=True)
    curve = GDLogisticRegression(solver=solver, max_iter=60).fit(scale * X, y).loss_curve_
    assert curve[-1] < np.log(2)
    assert np.diff(curve).max() <= 1e-12


@pytest.mark.parametrize("solver", LECTURE_SOLVERS)
@pytest.mark.parametrize("Ours", [GDLogisticRegression, SoftmaxGD])
def test_rules_without_an_intercept(Ours, solver):
    X, y = binary()
    X = StandardScaler().fit_transform(X) + 0.5
    params = {"fit_intercept": False, "max_iter": 3000, "C": 0.1}
    clf = Ours(solver=solver, **params).fit(X, y)
    assert not clf.intercept_.any()
    np.testing.assert_allclose(clf.coef_, Ours(**params).fit(X, y).coef_, atol=0.02)


def test_a_given_rate_is_used_to_the_letter():
    """w <- w - eta sum -(y - f) x [L11], whose eta is learning_rate / n."""
    X, y = binary()
    X = StandardScaler().fit_transform(X)
    w, b = np.zeros(4), 0.0
    for _ in range(3):
        f = 1 / (1 + np.exp(-(X @ w + b)))
        w, b = w - 0.3 * (X.T @ (f - y) + w) / len(y), b - 0.3 * (f - y).mean()
    with pytest.warns(ConvergenceWarning):
        clf = GDLogisticRegression(solver="gd", learning_rate=0.3, max_iter=3).fit(X, y)
    np.testing.assert_allclose(clf.coef_[0], w, rtol=1e-12)
    np.testing.assert_allclose(clf.intercept_[0], b, rtol=1e-12)


def test_one_unit_cannot_do_xor():
    """[L24, L25]: from any start the optimum is w = 0, b = 0, with loss ln 2."""
    X, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), [0, 1, 1, 0]
    for solver in ("whitened", "gd"):
        clf = GDLogisticRegression(solver=solver, C=1e6, max_iter=5000, tol=1e-12)
        clf.fit(X, y, coef_init=[[3.0, -2.0]], intercept_init=[1.0])
        np.testing.assert_allclose(clf.coef_, 0, atol=1e-4)
        assert clf.loss_curve_[-1] == pytest.approx(np.log(2), abs=1e-9)


def test_hand_made_features_solve_xor():
    """[L26]: distances to (0, 0) and (1, 1) are separable."""
    X, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    D = np.stack([np.linalg.norm(X - corner, axis=1) for corner in ([0, 0], [1, 1])], axis=1)
    np.testing.assert_allclose(D, [[0, 2**0.5], [1, 1], [1, 1], [2**0.5, 0]])
    assert GDLogisticRegression(C=100).fit(D, y).score(D, y) == 1


def test_squared_error_stalls_far_from_the_target_and_cross_entropy_does_not():
    """[L14, L15]: three steps from a far start."""
    X, y = np.array([[-1.0], [1.0]]), [0, 1]
    moved = {}
    for loss in ("cross_entropy", "squared_error"):
        clf = GDLogisticRegression(
            loss=loss, solver="gd", learning_rate=1.0, max_iter=3, tol=0.0, C=1e9
        )
        with pytest.warns(ConvergenceWarning):
            clf.fit(X, y, coef_init=[[-20.0]])
        moved[loss] = abs(clf.coef_[0, 0] + 20)
    assert moved["cross_entropy"] == pytest.approx(3, abs=1e-3)
    assert moved["squared_error"] < 1e-7


def test_squared_error_minimises_squared_error():
    X, y = binary()
    clf = GDLogisticRegression(loss="squared_error", tol=1e-10).fit(X, y)
    w, n = np.append(clf.coef_, clf.intercept_), len(y)
    A = np.column_stack([X, np.ones(n)])
    f = 1 / (1 + np.exp(-A @ w))
    gradient = A.T @ ((f - y) * f * (1 - f)) + np.append(w[:-1], 0)
    assert np.abs(gradient).max() < 1e-5


# ---- what goes in -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "labels",
    [
        ["no", "yes"],
        [False, True],
        [-7, 1000],
        np.array([-120, 120], dtype=np.int8),
        [0.0, 2.0],
        pd.Categorical(["b", "a"]),
        pd.array(["no", "yes"], dtype="string"),
        np.array(["no", "yes"], dtype=object),
    ],
)
def test_labels_of_any_type(labels):
    X, y = binary()
    target = pd.Series(labels).take(y).reset_index(drop=True)
    clf = GDLogisticRegression().fit(X, target)
    assert list(clf.classes_) == sorted(labels)
    agree = (clf.predict(X) == np.asarray(target)).mean()
    assert agree == GDLogisticRegression().fit(X, y).score(X, y)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames_give_feature_names(frame):
    X, y = binary()
    data = frame(dict(zip("abcd", X.T, strict=True)))
    clf = make_pipeline(GDLogisticRegression()).fit(data, y)[-1]
    theirs = LogisticRegression(max_iter=10_000).fit(data, y)  # 1.7 knows no polars of 2026
    names = getattr(theirs, "feature_names_in_", None)
    np.testing.assert_array_equal(getattr(clf, "feature_names_in_", None), names)
    assert frame is pl.DataFrame or list(names) == list("abcd")
    np.testing.assert_allclose(clf.coef_, GDLogisticRegression().fit(X, y).coef_, rtol=1e-7)


@pytest.mark.parametrize("Ours", [GDLogisticRegression, SoftmaxGD])
@pytest.mark.parametrize("solver", ["whitened", "adam"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_float32_stays_and_nothing_is_changed(Ours, solver):
    X, y = binary()
    X = np.asfortranarray(X.astype(np.float32))
    X.flags.writeable = False
    y.flags.writeable = False
    weight = np.ones(len(y))
    weight.flags.writeable = False
    clf = Ours(solver=solver, max_iter=50, tol=1e-4).fit(X, y, weight)
    assert clf.coef_.dtype == clf.intercept_.dtype == np.float32
    assert clf.predict_proba(X).dtype == np.float32
    exact = Ours(solver=solver, max_iter=50, tol=1e-4).fit(X.astype(float), y)
    assert np.abs(clf.predict_proba(X) - exact.predict_proba(X)).max() < 1e-3


@pytest.mark.parametrize("far", [1e3, 1e5])
@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("Ours", [GDLogisticRegression, SoftmaxGD, StackedLogisticMLP])
def test_too_few_digits_for_float32_are_told(Ours, storage, far):
    X, y = make_moons(200, noise=0.3, random_state=0)
    X = np.hstack([X + [far, 0], np.full((200, 1), np.pi * 1e7)])  # needs no digits
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        Ours(random_state=0).fit(storage(X), y)
        assert not told
        Ours(random_state=0).fit(storage(X.astype(np.float32)), y)
    assert ["single precision" in str(warning.message) for warning in told] == [True] * (far > 1e4)


def test_large_data_start_on_samples_and_reach_the_same_optimum():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30_000, 8)) * np.logspace(-3, 3, 8) + np.logspace(3, -3, 8)
    z = (X - np.logspace(3, -3, 8)) @ np.logspace(3, -3, 8) + 2 * rng.logistic(size=30_000)
    y = (z > 0.5).astype(int)
    order = np.argsort(y, kind="stable")  # sorted by class, which a careless sample would mind
    ours = GDLogisticRegression().fit(X[order], y[order])
    assert ours.n_iter_ <= 8
    best = objective(GDLogisticRegression(tol=1e-13).fit(X, y), X, y)
    assert objective(ours, X, y) - best < 1e-8 * len(y)


def test_many_columns_take_a_diagonal_metric():
    rng = np.random.default_rng(0)
    X = sparse.random(600, 3000, density=0.02, random_state=0, format="csr")
    y = (X @ rng.normal(size=3000) > 0).astype(int)
    ours = GDLogisticRegression(tol=1e-10).fit(X, y)
    theirs = LogisticRegression(solver="newton-cg", tol=1e-12, max_iter=1000).fit(X, y)
    assert objective(ours, X, y) <= objective(theirs, X, y) + 1e-8


# ---- how it stops -----------------------------------------------------------------------------


def test_stopping_early_warns_with_figure_and_remedy():
    X, y = binary()
    with pytest.warns(ConvergenceWarning, match=r"max_iter = 2 .*slope of .*raise max_iter"):
        clf = GDLogisticRegression(max_iter=2).fit(X, y)
    assert not clf.converged_
    assert clf.stop_reason_ == "max_iter"
    assert clf.n_iter_ == len(clf.loss_curve_) == 2


def test_divergence_raises_with_advice_and_leaves_the_old_model():
    X, y = load_breast_cancer(return_X_y=True)
    clf = GDLogisticRegression().fit(X, y)
    before = clf.predict_proba(X)
    clf.set_params(solver="gd", learning_rate=10.0)
    with pytest.raises(ValueError, match=r'diverged.*learning_rate="auto"'):
        clf.fit(X, y)
    np.testing.assert_array_equal(clf.predict_proba(X), before)


def test_more_than_two_classes_are_refused_by_name():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match=r"Only binary.*SoftmaxGD.*OneVsRestClassifier"):
        GDLogisticRegression().fit(X, y)


def test_separable_data_without_penalty_stay_finite():
    X, y = np.arange(8.0)[:, None], np.arange(8) > 3
    with pytest.warns(ConvergenceWarning, match="separable"):
        clf = GDLogisticRegression(C=np.inf).fit(X, y)
    assert np.isfinite(clf.coef_).all()
    assert clf.score(X, y) == 1


def test_tiny_columns_warn_that_the_penalty_wins():
    X, y = binary()
    with pytest.warns(UserWarning, match="largest column scale"):
        GDLogisticRegression().fit(1e-12 * X, y)


@pytest.mark.parametrize("given", [False, True])
def test_early_stopping_keeps_the_best_weights(given):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(120, 60)), rng.integers(0, 2, 120)
    V, t = rng.normal(size=(80, 60)), rng.integers(0, 2, 80)
    validation = {"X_val": V, "y_val": t} if given else {}
    clf = GDLogisticRegression(solver="gd", C=np.inf, early_stopping=True, random_state=0)
    clf.fit(X, y, **validation)
    curve = clf.validation_loss_curve_
    assert clf.stop_reason_ == "early_stopping"
    assert curve[-1] > min(curve)
    if given:
        codes = t.astype(int)
        loss = -clf.predict_log_proba(V)[np.arange(80), codes].mean()
        assert loss == pytest.approx(min(curve), rel=1e-12)


@pytest.mark.parametrize("solver", LECTURE_SOLVERS)
@pytest.mark.parametrize("batch_size", [None, 32])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_warm_start_continues_bit_for_bit(solver, batch_size):
    X, y = binary()
    params = {"solver": solver, "batch_size": batch_size, "tol": 0.0, "random_state": 0}
    whole = GDLogisticRegression(max_iter=20, **params).fit(X, y)
    parts = GDLogisticRegression(max_iter=10, warm_start=True, **params).fit(X, y).fit(X, y)
    np.testing.assert_array_equal(parts.coef_, whole.coef_)


def test_warm_start_from_the_solution_stops_at_once():
    X, y = binary()
    clf = GDLogisticRegression(warm_start=True).fit(X, y)
    assert clf.fit(X, y).n_iter_ <= 2
    with pytest.raises(ValueError, match="warm_start=False"):
        clf.fit(X[:, :2], y)


def stream(clf, X, y, parts):
    for rows in np.array_split(np.arange(len(y)), parts):
        clf.partial_fit(X[rows], y[rows], classes=np.unique(y))
    return clf


def test_adam_learns_from_a_stream():
    X, y = binary(2000)
    X = StandardScaler().fit_transform(X)
    clf = stream(GDLogisticRegression(solver="adam", random_state=0), X, y, 20)
    assert clf.score(X, y) > GDLogisticRegression().fit(X, y).score(X, y) - 0.02


@pytest.mark.parametrize("parts", [1, 2, 40])
def test_a_whitened_stream_ends_near_the_fit_on_all_rows(parts):
    """Raw units; what a batch teaches is not forgotten, so the mean loss is that of the optimum."""
    X, y = binary(4000)
    whole = GDLogisticRegression().fit(X, y)
    clf = stream(GDLogisticRegression(), X, y, parts)
    excess = (objective(clf, X, y) - objective(whole, X, y)) / len(y)
    assert excess < {1: 1e-12, 2: 1e-6, 40: 2e-4}[parts]


def test_a_whitened_stream_of_three_classes_and_after_fit():
    X, y = load_iris(return_X_y=True)
    order = np.random.default_rng(0).permutation(150)
    X, y = X[order], y[order]
    whole = SoftmaxGD().fit(X, y)
    clf = stream(SoftmaxGD(), X, y, 5)
    after = SoftmaxGD().fit(X[:100], y[:100]).partial_fit(X[100:], y[100:])
    for found in (clf, after):
        assert (objective(found, X, y) - objective(whole, X, y)) / 150 < 0.02


def test_partial_fit_refuses_unknown_labels():
    X, y = binary()
    clf = GDLogisticRegression()
    with pytest.raises(ValueError, match="classes must be passed"):
        clf.partial_fit(X, y)
    clf.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match=r"not in classes: array\(\[5\]\)"):
        clf.partial_fit(X, np.where(y == 1, 5, 0))


def test_verbose_prints_a_line_for_each_iteration(capsys):
    X, y = binary()
    clf = GDLogisticRegression(verbose=1).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == clf.n_iter_
    assert lines[-1] == f"Iteration {clf.n_iter_}, loss = {clf.loss_curve_[-1]:.8f}"


def assert_optimal(model, X, y, most, rel=1e-9):
    """The objective is that of Newton's method, after at most so many iterations."""
    exact = LogisticRegression(C=model.C, solver="newton-cholesky", tol=1e-9, max_iter=1000)
    exact.fit(X, y)
    loss = log_loss(y, exact.predict_proba(X)) + (exact.coef_**2).sum() / (2 * model.C * len(y))
    assert model.converged_ and model.n_iter_ <= most
    assert model.loss_curve_[-1] <= loss * (1 + rel)


def test_a_metric_that_has_gone_stale_is_made_anew():
    """The curvatures of separable classes fall by orders of magnitude on the way."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 50))
    y = (X @ rng.normal(size=(50, 5))).argmax(axis=1)
    assert_optimal(SoftmaxGD(C=1e6).fit(X, y), X, y, most=80)


@pytest.mark.parametrize("C", [1e2, 1e8])
def test_inputs_that_few_rows_have(C):
    """A metric from some of the rows may lack them."""
    rng = np.random.default_rng(1)
    rare = (rng.random((20_000, 40)) < 3e-4) * 1.0
    X = np.c_[rng.normal(size=(20_000, 5)), rare]
    y = X[:, 0] + 2 * rare @ rng.normal(size=40) + rng.logistic(size=20_000) > 2
    assert_optimal(GDLogisticRegression(C=C).fit(X, y), X, y, most=120)


@pytest.mark.parametrize("make", [GDLogisticRegression, SoftmaxGD])
@pytest.mark.parametrize("n", [50, 7000])
@pytest.mark.parametrize("value", [0.1, 3.7, 1e5])
def test_a_constant_column_is_left_alone_without_a_penalty(make, n, value):
    """The mean of 3.7 is not always 3.7: what is left is no column."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    y = X[:, 0] + rng.logistic(size=n) > 0
    plain = make(C=np.inf).fit(X, y)
    beside = make(C=np.inf).fit(np.column_stack([X, np.full(n, value)]), y)
    assert not beside.coef_[:, 3].any()
    np.testing.assert_allclose(beside.coef_[:, :3], plain.coef_, rtol=1e-6)


def test_columns_that_are_constant_in_a_sample_are_not_taken_for_constant():
    rng = np.random.default_rng(1)
    n = 60_000
    X = np.column_stack([rng.normal(size=(n, 2)), np.zeros((n, 20))])
    y = (X[:, 1] + rng.logistic(size=n) > 0).astype(int)
    for j in range(2, 22):
        rows = rng.choice(n, 8, replace=False)
        X[rows, j], y[rows] = 1, np.arange(8) % 2
    clf = SoftmaxGD(C=np.inf).fit(X, y)
    reference = SoftmaxGD(C=1e9).fit(X, y)
    assert clf.loss_curve_[-1] == pytest.approx(reference.loss_curve_[-1], abs=1e-8)


@pytest.mark.parametrize("Classifier", [GDLogisticRegression, SoftmaxGD])
def test_a_warm_start_comes_back_from_weights_without_a_penalty(Classifier):
    X, y = load_breast_cancer(return_X_y=True)
    clf = Classifier(C=np.inf, warm_start=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the classes are separable
        clf.fit(X, y)
    clf.set_params(C=1.0).fit(X, y)
    cold = Classifier(C=1.0).fit(X, y)
    assert clf.loss_curve_[-1] < cold.loss_curve_[-1] * (1 + 1e-6)


def test_a_direction_that_rounding_turns_upward_is_not_taken():
    rng = np.random.default_rng(1)
    y = np.arange(20) % 6
    X = rng.normal(size=(20, 30)) * np.exp(2 * rng.normal(size=(20, 1)))
    X = (X * 10.0 ** rng.integers(-3, 4, size=30)).astype(np.float32)
    clf = SoftmaxGD(C=100).fit(X, y)
    assert clf.score(X, y) > 0.5  # .05 at the point that it was taken to


def test_starts_have_the_shape_of_coef():
    X, y = load_iris(return_X_y=True)
    coef = SoftmaxGD().fit(X, y).coef_
    for start in (coef.T, coef[0]):
        with pytest.raises(ValueError, match="coef_init must hold 3 x 4 "):
            SoftmaxGD().fit(X, y, coef_init=start)
