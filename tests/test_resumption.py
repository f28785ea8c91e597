"""Nothing is lost: an interrupted fit keeps the old model, a cut one goes on to the last bit."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris, make_classification
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from sklearn_lhy import (
    GaussianGenerativeClassifier,
    GDLogisticRegression,
    SoftmaxGD,
    StackedLogisticMLP,
    _descent,
    _moments,
    _stack_solver,
)

RULES = ["gd", "momentum", "adagrad", "rmsprop", "adam"]
DESCENDING = [GDLogisticRegression(), SoftmaxGD(), StackedLogisticMLP((4, 3), alpha=0.1)]
START = {
    GDLogisticRegression: ("coef", "intercept"),
    SoftmaxGD: ("coef", "intercept"),
    StackedLogisticMLP: ("coefs", "intercepts"),
}
ignore_cut = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def data(clf, n=150):
    """Two classes or three, badly scaled."""
    K = 2 if isinstance(clf, GDLogisticRegression) else 3
    X, y = make_classification(
        n, 6, n_informative=4, n_classes=K, flip_y=0.2, class_sep=0.5, random_state=0
    )
    return X * [1, 10, 0.1, 1, 3, 1] + 5, y


def learned(clf):
    """Weights, intercepts and the score, as one vector."""
    names = ("coefs_", "intercepts_") if hasattr(clf, "coefs_") else ("coef_", "intercept_")
    arrays = [a for name in names for a in (getattr(clf, name))]
    return np.concatenate([np.ravel(a) for a in arrays])


def unpickled(clf):
    return pickle.loads(pickle.dumps(clf))


def assert_continues(clf, X, y, lengths=(10, 10), between=lambda clf: clf, **fit):
    """One fit of all iterations, and fits of some of them with warm_start, agree bit for bit."""
    whole = clone(clf).set_params(max_iter=sum(lengths)).fit(X, y, **fit)
    parts, curve = clone(clf).set_params(warm_start=True), []
    for length in lengths:
        parts = between(parts.set_params(max_iter=length).fit(X, y, **fit))
        curve += parts.loss_curve_
    np.testing.assert_array_equal(learned(parts), learned(whole))
    assert curve[: whole.n_iter_] == whole.loss_curve_
    return whole, parts


@ignore_cut
@pytest.mark.parametrize("between", [lambda clf: clf, unpickled], ids=["at once", "pickled"])
@pytest.mark.parametrize("batch_size", [None, 32])
@pytest.mark.parametrize("solver", RULES)
@pytest.mark.parametrize("clf", DESCENDING, ids=lambda clf: type(clf).__name__)
def test_rules_continue_bit_for_bit(clf, solver, batch_size, between):
    X, y = data(clf)
    params = {"solver": solver, "tol": 0.0, "random_state": 0}
    if batch_size or not isinstance(clf, StackedLogisticMLP):
        params["batch_size"] = batch_size
    assert_continues(clone(clf).set_params(**params), X, y, between=between)


@ignore_cut
@pytest.mark.parametrize("between", [lambda clf: clf, unpickled], ids=["at once", "pickled"])
@pytest.mark.parametrize("lengths", [(10, 10), (1, 2, 1), (25, 20, 3)])
@pytest.mark.parametrize("alpha", [1e-6, "auto"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_whitened_networks_continue_bit_for_bit(dtype, alpha, lengths, between):
    clf = StackedLogisticMLP((4, 3), alpha=alpha, tol=0.0, random_state=0)
    X, y = data(clf)
    assert_continues(clf, X.astype(dtype), y, lengths, between)


@ignore_cut
def test_what_a_network_keeps_to_go_on_keeps_its_momentum(monkeypatch):
    clf = StackedLogisticMLP((4, 3), alpha=0.1, tol=0.0, max_iter=15, random_state=0)
    X, y = data(clf)
    usual = clone(clf).fit(X, y).loss_curve_
    monkeypatch.setattr("sklearn_lhy._stack_solver.PERIOD", 1)
    np.testing.assert_allclose(clone(clf).fit(X, y).loss_curve_, usual, rtol=1e-9)


@ignore_cut
@pytest.mark.parametrize("between", [lambda clf: clf, unpickled], ids=["at once", "pickled"])
@pytest.mark.parametrize("lengths", [(10, 10), (1, 2, 1), (25, 20, 3)])
@pytest.mark.parametrize("columns", [None, 2001])  # a full metric, and a diagonal one
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("clf", DESCENDING[:2], ids=lambda clf: type(clf).__name__)
def test_whitened_linear_classifiers_continue_bit_for_bit(clf, dtype, columns, lengths, between):
    X, y = data(clf)
    if columns:
        rng = np.random.default_rng(0)
        X = np.hstack([X, rng.normal(size=(len(X), columns)) * np.logspace(-1, 1, columns)])
    clf = clone(clf).set_params(tol=0.0, C=10.0)
    assert_continues(clf, X.astype(dtype), y, lengths, between)


@ignore_cut
@pytest.mark.parametrize("clf", DESCENDING[:2], ids=lambda clf: type(clf).__name__)
def test_a_descent_that_started_on_samples_continues_bit_for_bit(clf):
    X, y = data(clf, 12_000)
    whole, _ = assert_continues(clone(clf).set_params(tol=0.0), X, y, (1, 1, 1), unpickled)
    assert whole.n_iter_ == 3


@ignore_cut
@pytest.mark.parametrize("solver", ["whitened", "gd", "adam"])
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("clf", DESCENDING, ids=lambda clf: type(clf).__name__)
def test_reasons_to_stop_are_remembered(clf, early_stopping, solver):
    """A descent that had stopped stays where it was; patience counts across fits."""
    X, y = data(clf)
    X = StandardScaler().fit_transform(X)
    params = {"early_stopping": early_stopping, "solver": solver, "random_state": 0}
    clf = clone(clf).set_params(tol=3e-3, n_iter_no_change=4, **params)
    whole, parts = assert_continues(clf, X, y, (3,) * 60, unpickled)
    assert whole.converged_
    assert parts.stop_reason_ == whole.stop_reason_
    assert parts.n_iter_ == 1


@ignore_cut
@pytest.mark.parametrize("solver", ["whitened", "momentum"])
@pytest.mark.parametrize("clf", DESCENDING, ids=lambda clf: type(clf).__name__)
def test_other_data_or_edited_weights_start_from_the_weights(clf, solver):
    X, y = data(clf)
    clf = clone(clf).set_params(solver=solver, warm_start=True, tol=0.0, random_state=0)
    known = clone(clf).set_params(max_iter=5).fit(X, y)
    for rows in (np.arange(150), np.arange(0, 150, 2)):
        again = unpickled(known).set_params(max_iter=4)
        start = {name: getattr(again, name) for name in ("coef_", "coefs_") if hasattr(again, name)}
        for name, value in start.items():  # a user may set weights
            setattr(again, name, [w / 2 for w in value] if name == "coefs_" else value / 2)
        before = learned(again)
        given = {f"{name}_init": getattr(again, f"{name}_") for name in START[type(clf)]}
        again.fit(X[rows], y[rows])
        if solver == "whitened":  # a rule keeps its momentum
            fresh = clone(clf).set_params(max_iter=4).fit(X[rows], y[rows], **given)
            np.testing.assert_allclose(learned(again), learned(fresh), rtol=1e-9)
        assert 0 < np.abs(learned(again) - before).max() < 1e3
        assert again.n_iter_ <= 4


@ignore_cut
@pytest.mark.parametrize("solver", ["whitened", "gd", "adam"])
@pytest.mark.parametrize("clf", DESCENDING, ids=lambda clf: type(clf).__name__)
def test_the_end_of_one_descent_does_not_end_another(clf, solver):
    """The weights are those of the last fit, the labels are not: what is known of it is void."""
    X, y = data(clf)
    X = StandardScaler().fit_transform(X)
    tol = 1e-4 if solver == "whitened" else 3e-3
    params = {"solver": solver, "tol": tol, "n_iter_no_change": 4, "random_state": 0}
    clf = clone(clf).set_params(warm_start=True, max_iter=300, **params).fit(X, y)
    known = clf.loss_curve_[-1]
    clf.fit(X, (y + 1) % (y.max() + 1))
    assert clf.n_iter_ > 1
    assert clf.loss_curve_[-1] < clf.loss_curve_[0]
    assert clf.loss_curve_[0] != known


@ignore_cut
@pytest.mark.parametrize("clf", DESCENDING, ids=lambda clf: type(clf).__name__)
def test_other_validation_rows_judge_anew(clf):
    X, y = data(clf)
    clf = clone(clf).set_params(early_stopping=True, warm_start=True, max_iter=3, random_state=0)
    clf.fit(X, y, X_val=X[:50], y_val=y[:50])
    flipped = np.roll(y[:50], 1)  # much worse: the weights kept before must not win
    clf.fit(X, y, X_val=X[:50], y_val=flipped)
    codes = np.searchsorted(clf.classes_, flipped)
    loss = -clf.predict_log_proba(X[:50])[np.arange(50), codes].mean()
    assert loss == pytest.approx(min(clf.validation_loss_curve_), rel=1e-9)
    clf.set_params(early_stopping=False).fit(X, y)
    assert clf.validation_loss_curve_ is None


@ignore_cut
def test_a_chosen_penalty_is_kept(monkeypatch):
    X, y = data(None)
    clf = StackedLogisticMLP((4,), warm_start=True, max_iter=3, random_state=0).fit(X, y)
    alpha = clf.alpha_
    monkeypatch.delattr(_stack_solver, "choose_alpha")
    assert clf.fit(X[::2], y[::2]).alpha_ == alpha
    with pytest.raises(NameError):
        clf.set_params(warm_start=False).fit(X, y)


def test_other_layers_are_refused():
    X, y = data(None)
    clf = StackedLogisticMLP((4,), alpha=0.1, warm_start=True, random_state=0).fit(X, y)
    for sizes in ((5,), (4, 2), ()):
        with pytest.raises(ValueError, match=r"hidden_layer_sizes.*\[6, 4, 3\].*warm_start=False"):
            clf.set_params(hidden_layer_sizes=sizes).fit(X, y)


def test_a_unit_goes_on_as_a_logistic_regression():
    X, y = data(GDLogisticRegression())
    unit = StackedLogisticMLP((4,), alpha=0.1, random_state=0).fit(X, y).unit(0, 0)
    unit.set_params(warm_start=True).fit(X, y)
    assert unit.score(X, y) == GDLogisticRegression().fit(X, y).score(X, y)


def test_a_fit_without_warm_start_keeps_nothing_but_the_model():
    X, y = make_classification(200, 80, random_state=0)
    clf = GDLogisticRegression().fit(X, y)
    assert len(pickle.dumps(clf)) < 3000  # 80 weights and the rest
    large = np.random.default_rng(0).normal(size=(50_000, 5))
    kept = SoftmaxGD(warm_start=True, random_state=0).fit(large, large[:, 0] > large[:, 1])
    assert len(pickle.dumps(kept)) < 10_000  # no array of n numbers


@pytest.mark.parametrize("clf", [*DESCENDING, GaussianGenerativeClassifier()], ids=str)
@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interrupted_fit_changes_nothing(clf, error, monkeypatch):
    X, y = data(clf)
    fitted = clone(clf).fit(X, y)
    before = pickle.dumps(fitted)

    def interrupted(*args, **kwargs):
        raise error

    module, name = (_descent, "check_finite")
    if isinstance(clf, GaussianGenerativeClassifier):
        module, name = (_moments, "occupied")
    monkeypatch.setattr(module, name, interrupted)
    other = X[:, :3], (y > 0).astype(int) + 5
    for method in ("fit", "partial_fit"):
        with pytest.raises(error):
            getattr(fitted, method)(*(other if method == "fit" else (X, y)))
        assert pickle.dumps(fitted) == before
        first = clone(clf)
        arguments = {"classes": np.unique(y)} if method == "partial_fit" else {}
        with pytest.raises(error):
            getattr(first, method)(X, y, **arguments)
        with pytest.raises(NotFittedError):
            first.predict(X)
        assert not hasattr(first, "n_features_in_")


@pytest.mark.parametrize("clf", [*DESCENDING, GaussianGenerativeClassifier()], ids=str)
def test_a_refused_fit_changes_nothing(clf):
    X, y = data(clf)
    fitted = clone(clf).fit(X, y)
    before = pickle.dumps(fitted)
    for bad in ((X[:, :2], np.zeros(150)), (X[:, :2] * np.nan, y), (X, y[:-1])):
        for method in ("fit", "partial_fit"):
            with pytest.raises(ValueError, match="."):
                getattr(fitted, method)(*bad)
            assert pickle.dumps(fitted) == before


@ignore_cut
@pytest.mark.parametrize("solver", ["whitened", "adam"])
@pytest.mark.parametrize("clf", DESCENDING, ids=lambda clf: type(clf).__name__)
def test_equal_seeds_give_equal_bits(clf, solver):
    X, y = data(clf)
    clf = clone(clf).set_params(solver=solver, early_stopping=True, max_iter=30)
    params = {"batch_size": 32} if solver == "adam" else {}
    fits = [clone(clf).set_params(random_state=seed, **params).fit(X, y) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(learned(fits[0]), learned(fits[1]))
    assert np.abs(learned(fits[0]) - learned(fits[2])).max() > 1e-6


@ignore_cut
def test_on_other_rows_a_network_starts_from_its_weights_only():
    X, y = data(DESCENDING[2])
    other = X[::-1]
    warm = clone(DESCENDING[2]).set_params(max_iter=5, random_state=0, warm_start=True).fit(X, y)
    start = {"coefs_init": warm.coefs_, "intercepts_init": warm.intercepts_}
    from_weights = clone(warm).fit(other, y, **start)
    np.testing.assert_array_equal(learned(warm.fit(other, y)), learned(from_weights))


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("solver", ["whitened", "gd", "adam"])
@pytest.mark.parametrize("Classifier", [GDLogisticRegression, SoftmaxGD])
def test_an_intercept_comes_and_goes(Classifier, solver, fit_intercept):
    X, y = data(Classifier())
    X, y = StandardScaler().fit_transform(X)[:, :3] + 1, y == 0
    clf = Classifier(solver=solver, fit_intercept=fit_intercept, warm_start=True).fit(X, y)
    other = Classifier(fit_intercept=not fit_intercept).fit(X, y)
    changed = clone(clf).fit(X, y).set_params(fit_intercept=not fit_intercept).fit(X, y)
    np.testing.assert_allclose(learned(changed), learned(other), atol=0.05)  # rules stop early
    with pytest.raises(ValueError, match=f"fit_intercept={fit_intercept}.*set it back"):
        clf.set_params(fit_intercept=not fit_intercept).partial_fit(X, y)
    with pytest.raises(ValueError, match="intercept_init needs fit_intercept=True"):
        clf.set_params(fit_intercept=False).fit(X, y, intercept_init=other.intercept_)


@pytest.mark.parametrize("clf", [*DESCENDING, GaussianGenerativeClassifier()], ids=str)
def test_one_or_two_blas_threads_agree(clf):
    X, y = data(clf, 3000)
    if "random_state" in clf.get_params():
        clf = clone(clf).set_params(random_state=0)
    P = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            P.append(clone(clf).fit(X, y).predict_proba(X))
    assert np.abs(P[0] - P[1]).max() < 1e-8


def test_four_threads_agree_with_one():
    X, y = load_iris(return_X_y=True)
    X, y = X[50:], y[50:]
    clfs = [
        GaussianGenerativeClassifier("full"),
        GDLogisticRegression(),
        SoftmaxGD(),
        StackedLogisticMLP((4,), random_state=0),
    ] * 3
    alone = [clone(clf).fit(X, y).predict_proba(X) for clf in clfs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda clf: clone(clf).fit(X, y).predict_proba(X), clfs))
    for P, Q in zip(alone, together, strict=True):
        np.testing.assert_array_equal(P, Q)
