"""Answers depend on what the data say, not on how they are written down."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import load_iris, load_wine
from sklearn.model_selection import train_test_split

from sklearn_lhy import (
    GaussianGenerativeClassifier,
    GDLogisticRegression,
    SoftmaxGD,
    StackedLogisticMLP,
)

few = settings(derandomize=True, deadline=None, max_examples=8, database=None)
TYPES = ("tied", "full", "diag", "tied_diag", "spherical")
GAUSSIANS = [*map(GaussianGenerativeClassifier, TYPES)]
GAUSSIANS += [GaussianGenerativeClassifier("full", shrinkage="auto", pooling=0.3)]
LINEAR = [GDLogisticRegression(tol=1e-11), SoftmaxGD(tol=1e-11)]
NETWORK = StackedLogisticMLP((3,), alpha=0.1, random_state=0, max_iter=30, tol=0.0)
seeds = st.integers(0, 2**32 - 1)
every = pytest.mark.parametrize("clf", GAUSSIANS + LINEAR, ids=str)
ignore_cut = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def data(clf, rng):
    """Some 40 overlapping rows of three columns, with integer weights from 1 to 3."""
    K = 2 if isinstance(clf, GDLogisticRegression) else 3
    y = np.concatenate([np.repeat(np.arange(K), 8), rng.integers(K, size=16)])
    X = rng.normal(size=(len(y), 3)) + rng.normal(size=(K, 3))[y]
    return X, y, rng.integers(1, 4, len(y)).astype(float)


def probabilities(clf, X, y, weight=None, test=None):
    return clone(clf).fit(X, y, weight).predict_proba(X if test is None else test)


def assert_equal(P, Q, atol=1e-7):
    np.testing.assert_allclose(P, Q, rtol=0, atol=atol)


# ---- rows, columns, classes, labels -----------------------------------------------------------


@every
@given(seed=seeds)
@few
def test_the_order_of_rows_does_not_matter(clf, seed):
    rng = np.random.default_rng(seed)
    X, y, weight = data(clf, rng)
    order = rng.permutation(len(y))
    P = probabilities(clf, X[order], y[order], weight[order], test=X)
    assert_equal(P, probabilities(clf, X, y, weight))


@every
@given(seed=seeds)
@few
def test_the_order_of_columns_does_not_matter(clf, seed):
    rng = np.random.default_rng(seed)
    X, y, weight = data(clf, rng)
    order = rng.permutation(3)
    P = probabilities(clf, X[:, order], y, weight)
    assert_equal(P, probabilities(clf, X, y, weight))


@every
@given(seed=seeds)
@few
def test_the_order_of_classes_does_not_matter(clf, seed):
    rng = np.random.default_rng(seed)
    X, y, weight = data(clf, rng)
    new = rng.permutation(y.max() + 1)
    P = probabilities(clf, X, new[y], weight)
    assert_equal(P[:, new], probabilities(clf, X, y, weight))


@pytest.mark.parametrize("clf", [*GAUSSIANS, *LINEAR, NETWORK], ids=str)
@pytest.mark.parametrize(
    "names",
    [["a", "b", "c"], [-7, 0, 2**40], [0.0, 1.0, 2e9], [b"x", b"y", b"z"]],
    ids=["text", "far integers", "floats", "bytes"],
)
@ignore_cut
def test_names_of_classes_do_not_matter(clf, names):
    X, y, weight = data(clf, np.random.default_rng(0))
    if clf is NETWORK:
        weight = None
    labels = np.array(names)[y]
    named = clone(clf).fit(X, labels, weight)
    plain = clone(clf).fit(X, y, weight)
    np.testing.assert_array_equal(named.predict_proba(X), plain.predict_proba(X))
    np.testing.assert_array_equal(named.predict(X), np.array(names)[plain.predict(X)])


# ---- weights ----------------------------------------------------------------------------------


@every
@given(seed=seeds)
@few
def test_a_weight_is_a_repetition(clf, seed):
    rng = np.random.default_rng(seed)
    X, y, weight = data(clf, rng)
    times = weight.astype(int)
    P = probabilities(clf, X.repeat(times, axis=0), y.repeat(times), test=X)
    assert_equal(P, probabilities(clf, X, y, weight))


@every
@given(seed=seeds)
@few
def test_a_weight_of_zero_is_no_row(clf, seed):
    rng = np.random.default_rng(seed)
    X, y, weight = data(clf, rng)
    weight[rng.permutation(len(y))[:8]] = 0
    weight[np.unique(y, return_index=True)[1]] = 1
    kept = weight > 0
    P = probabilities(clf, X[kept], y[kept], weight[kept], test=X)
    X[~kept] = 1e6  # far out, where a trace of it would show
    hostile = clone(clf).fit(X, y, weight)
    X = data(clf, np.random.default_rng(seed))[0]
    assert_equal(P, hostile.predict_proba(X))


@pytest.mark.parametrize("clf", [*GAUSSIANS[:5], *LINEAR], ids=str)
@given(seed=seeds, factor=st.sampled_from([1e-6, 1e-2, 7.0, 1e9]))
@few
def test_the_scale_of_weights_does_not_matter_without_a_penalty(clf, seed, factor):
    rng = np.random.default_rng(seed)
    X, y, weight = data(clf, rng)
    if "C" in clf.get_params():  # with one, C times the weights is what counts
        P = probabilities(clone(clf).set_params(C=0.5 / factor), X, y, factor * weight)
        assert_equal(P, probabilities(clone(clf).set_params(C=0.5), X, y, weight))
    else:
        assert_equal(probabilities(clf, X, y, factor * weight), probabilities(clf, X, y, weight))


@ignore_cut
def test_the_scale_of_weights_and_the_penalty_of_a_network():
    X, y, weight = data(NETWORK, np.random.default_rng(0))
    P = probabilities(NETWORK, X, y, weight)
    Q = probabilities(clone(NETWORK).set_params(alpha=0.1 * 64), X, y, 64 * weight)
    assert_equal(P, Q, atol=1e-6)


# ---- coordinates ------------------------------------------------------------------------------


def mixing(rng, condition):
    """An invertible matrix of a given condition."""
    Q, R = (np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in range(2))
    return Q * np.geomspace(1, 1 / condition, 3) @ R


@pytest.mark.parametrize("kind", ["tied", "full"])
@given(seed=seeds, condition=st.sampled_from([1.0, 1e3, 1e6]), shift=st.sampled_from([0, 1e4]))
@few
def test_gaussians_do_not_see_affine_maps(kind, seed, condition, shift):
    rng = np.random.default_rng(seed)
    clf = GaussianGenerativeClassifier(kind)
    X, y, weight = data(clf, rng)
    P = probabilities(clf, X @ mixing(rng, condition) + shift / condition, y, weight)
    assert_equal(P, probabilities(clf, X, y, weight), atol=1e-5)


@pytest.mark.parametrize("kind", ["diag", "tied_diag"])
@given(seed=seeds, log_scales=st.lists(st.integers(-9, 9), min_size=3, max_size=3))
@few
def test_independent_gaussians_do_not_see_units(kind, seed, log_scales):
    rng = np.random.default_rng(seed)
    clf = GaussianGenerativeClassifier(kind)
    X, y, weight = data(clf, rng)
    scales = 10.0 ** np.array(log_scales)
    assert_equal(
        probabilities(clf, X * scales + scales, y, weight), probabilities(clf, X, y, weight)
    )


@pytest.mark.parametrize("clf", LINEAR, ids=str)
@given(seed=seeds, condition=st.sampled_from([1.0, 1e3, 1e6]))
@few
def test_logistic_regression_without_a_penalty_does_not_see_affine_maps(clf, seed, condition):
    rng = np.random.default_rng(seed)
    X, y, weight = data(clf, rng)
    y = np.where(rng.random(len(y)) < 0.5, rng.permutation(y), y)  # so that no class separates
    clf = clone(clf).set_params(C=1e8)
    P = probabilities(clf, X @ mixing(rng, condition) * condition + 5, y, weight)
    Q = probabilities(clf, X, y, weight)
    assert_equal(P, Q, atol=1e-5)


@pytest.mark.parametrize("clf", LINEAR, ids=str)
@given(seed=seeds, shift=st.sampled_from([-1.0, 1e3, 1e7]))
@few
def test_the_penalty_sees_neither_shifts_nor_rotations(clf, seed, shift):
    rng = np.random.default_rng(seed)
    X, y, weight = data(clf, rng)
    P = probabilities(clf, X @ mixing(rng, 1.0) + shift, y, weight)
    assert_equal(P, probabilities(clf, X, y, weight), atol=1e-7 + 1e-12 * abs(shift))


@pytest.mark.parametrize("clf", LINEAR, ids=str)
@given(seed=seeds, factor=st.sampled_from([1e-4, 30.0, 1e6]))
@few
def test_the_penalty_scales_with_the_columns(clf, seed, factor):
    """C for X is C / factor^2 for factor X, whose weights are smaller by the factor."""
    rng = np.random.default_rng(seed)
    X, y, weight = data(clf, rng)
    P = probabilities(clone(clf).set_params(C=2 / factor**2), factor * X, y, weight)
    assert_equal(P, probabilities(clone(clf).set_params(C=2.0), X, y, weight))


# ---- parts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("clf", GAUSSIANS, ids=str)
@given(seed=seeds, parts=st.integers(2, 5))
@few
def test_parts_in_any_order_and_merged_models_equal_one_fit(clf, seed, parts):
    rng = np.random.default_rng(seed)
    X, y, weight = data(clf, rng)
    X += 1e3
    P = probabilities(clf, X, y, weight)
    pieces = np.array_split(rng.permutation(len(y)), parts)
    stream = clone(clf)
    for rows in pieces:
        stream.partial_fit(X[rows], y[rows], sample_weight=weight[rows])
    assert_equal(P, stream.predict_proba(X))
    models = [clone(clf).partial_fit(X[r], y[r], sample_weight=weight[r]) for r in pieces]
    merged = models[0]
    for model in models[1:]:
        merged.merge(model)
    assert_equal(P, merged.predict_proba(X))


# ---- fifty digits -----------------------------------------------------------------------------


def softmax_50_digits(X, y, C):
    """The penalised optimum of softmax regression by Newton's method in 50 digits: (W, b).

    The gradient is [L11] for each class; the intercepts are held to a sum of zero.
    """
    K, d = int(y.max()) + 1, X.shape[1]
    with mpmath.workdps(50):
        rows = [[*map(mpmath.mpf, map(float, x)), mpmath.mpf(1)] for x in X]
        theta = mpmath.matrix(K * (d + 1), 1)
        at = [range(k * (d + 1), (k + 1) * (d + 1)) for k in range(K)]
        for _ in range(100):
            g, H = mpmath.matrix(len(theta), 1), mpmath.matrix(len(theta))
            for k in range(K):
                for i in list(at[k])[:-1]:
                    g[i], H[i, i] = theta[i] / C, mpmath.mpf(1) / C
                for other in range(K):
                    H[at[k][-1], at[other][-1]] += 1  # (sum of intercepts)^2 / 2
                g[at[k][-1]] += sum(theta[at[j][-1]] for j in range(K))
            for x, label in zip(rows, y, strict=True):
                z = [mpmath.fdot(zip(x, (theta[i] for i in at[k]), strict=True)) for k in range(K)]
                e = [mpmath.exp(v - max(z)) for v in z]
                p = [v / sum(e) for v in e]
                for k in range(K):
                    for i, xi in zip(at[k], x, strict=True):
                        g[i] += (p[k] - (label == k)) * xi
                        for other in range(K):
                            c = p[k] * ((k == other) - p[other]) * xi
                            for j, xj in zip(at[other], x, strict=True):
                                H[i, j] += c * xj
            step = mpmath.lu_solve(H, g)
            theta -= step
            if mpmath.norm(step) < mpmath.mpf(10) ** -35:
                found = np.array([float(t) for t in theta]).reshape(K, d + 1)
                return found[:, :-1], found[:, -1]
    raise AssertionError("Newton's method did not converge")


@pytest.mark.parametrize("kind", ["wine", "cubic", "near-separation"])
def test_softmax_coefficients_against_50_digits(kind):
    """Thirty-two rows of real data; three powers of one column; few rows that nearly separate."""
    C = 1.0
    if kind == "wine":
        X, y = load_wine(return_X_y=True)
        X, _, y, _ = train_test_split(
            X[:, [0, 5, 12]], y, train_size=32, stratify=y, random_state=0
        )
    else:
        X, y = load_iris(return_X_y=True)
        X, y = X[::5], y[::5]
        if kind == "cubic":
            X = X[:, 2:3] ** [1, 2, 3]
        else:
            X, C = X[:, 2:], 1e4
    W, b = softmax_50_digits(X, y, C)
    scale = max(np.abs(W).max(), np.abs(b).max())
    reached = 7 if kind == "cubic" else 9  # what rounding leaves
    for tol, digits in ((1e-7, 6), (1e-10, reached)):
        clf = SoftmaxGD(C=C, tol=tol).fit(X, y)
        assert np.abs(clf.coef_ - W).max() < 10.0**-digits * scale
        assert np.abs(clf.intercept_ - clf.intercept_.mean() - b).max() < 10.0**-digits * scale
