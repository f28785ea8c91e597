"""Moments: exact for any guess, order, split, storage and block size."""

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from sklearn_lhy import _gather, _rows
from sklearn_lhy._first_guess import Guess, first_guess
from sklearn_lhy._gather import gather
from sklearn_lhy._moments import add, embedded, expressed, occupied

KINDS = ["pooled", "each", "axes"]


def rows(n=400, d=5, K=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + rng.normal(size=d)
    return X, rng.integers(0, K, n), rng.uniform(0.1, 3, n)


def oracle(X, codes, K, w):
    """Count, mean, and central moments, straight from their definitions."""
    count = np.array([w[codes == k].sum() for k in range(K)])
    mean = np.array([np.average(X[codes == k], axis=0, weights=w[codes == k]) for k in range(K)])
    A = X - mean[codes]
    parts = [(A[codes == k], w[codes == k] / count[k]) for k in range(K)]
    second = np.array([np.einsum("i,ij,il->jl", v, a, a) for a, v in parts])
    third = np.array([np.einsum("i,ij,il->jl", v, a**2, a) for a, v in parts])
    fourth = np.array([np.einsum("i,ij,il->jl", v, a**2, a**2) for a, v in parts])
    return count, mean, second, third, fourth


def of_kind(kind, second, count):
    """Second moments of a kind from those of each class (K, d, d)."""
    if kind == "pooled":
        return np.average(second, axis=0, weights=count)[None]
    return np.diagonal(second, axis1=1, axis2=2) if kind == "axes" else second


def unfolded(moments):
    """Mean in x and second moments in x."""
    moments = expressed(moments, np.zeros_like(moments.shift), None)
    return moments.mean, moments.second


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("block_bytes", [1, 1 << 30])
@pytest.mark.parametrize("narrow", [0, 5])
@pytest.mark.parametrize("bunch", [1, 150])
def test_moments_are_those_of_the_definition(
    kind, weighted, block_bytes, narrow, bunch, monkeypatch
):
    monkeypatch.setattr(_gather, "BLOCK_BYTES", block_bytes)
    monkeypatch.setattr(_gather, "BUNCH_ROWS", bunch)
    for module in (_gather, _rows):
        monkeypatch.setattr(module, "NARROW", narrow)
    X, codes, w = rows()
    count, mean, second, _, _ = oracle(X, codes, 3, w if weighted else np.ones(len(X)))
    moments = gather(X, codes, 3, kind, weight=w if weighted else None)
    assert_allclose(moments.N, count, rtol=1e-13)
    found_mean, found = unfolded(moments)
    assert_allclose(found_mean, mean, rtol=1e-12)
    second = of_kind(kind, second, count)
    assert_allclose(found, second, rtol=1e-12, atol=1e-12 * np.abs(second).max())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("K", [3, 20])
def test_many_rows_are_summed_in_few_and_in_many_classes(kind, weighted, K):
    X, codes, w = rows(n=2000, K=K)
    w = w if weighted else np.ones(len(X))
    count, mean, second, _, _ = oracle(X, codes, K, w)
    moments = gather(X, codes, K, kind, weight=w if weighted else None)
    assert_allclose(moments.N, count, rtol=1e-13)
    found_mean, found = unfolded(moments)
    assert_allclose(found_mean, mean, rtol=1e-11, atol=1e-11)
    second = of_kind(kind, second, count)
    assert_allclose(found, second, atol=1e-12 * np.abs(second).max())


def test_a_bad_guess_changes_rounding_only():
    X, codes, w = rows()
    basis = np.triu(np.random.default_rng(1).normal(size=(5, 5))) + 3 * np.eye(5)
    bad = Guess(np.full(5, 2.0), np.full((3, 5), -4.0), basis)
    mean, second = unfolded(gather(X, codes, 3, "each", weight=w, guess=bad))
    good_mean, good = unfolded(gather(X, codes, 3, "each", weight=w))
    assert_allclose(mean, good_mean, rtol=1e-12)
    assert_allclose(second, good, rtol=1e-11, atol=1e-11 * np.abs(good).max())


def test_higher_moments_are_those_of_the_definition_and_add_up():
    X, codes, w = rows()
    _, _, _, third, fourth = oracle(X, codes, 3, w)
    whole = gather(X, codes, 3, "each", weight=w, fourth=True)
    parts = [gather(X[i::4], codes[i::4], 3, "each", weight=w[i::4], fourth=True) for i in range(4)]
    merged = parts[0]
    for part in parts[1:]:
        merged = add(part, merged)
    for moments in (whole, merged):
        assert_allclose(moments.third, third, atol=1e-11 * np.abs(third).max())
        assert_allclose(moments.fourth, fourth, atol=1e-12 * fourth.max())


@pytest.mark.parametrize("kind", KINDS)
def test_parts_add_up_in_any_order_and_from_any_guess(kind):
    X, codes, w = rows(n=900)
    X[:, 4] = X[:, 3] + 1e-5 * X[:, 4]  # so that the parts hold bases, each its own
    cuts = np.split(np.random.default_rng(2).permutation(900), [5, 50, 400])
    parts = [gather(X[i], codes[i], 3, kind, weight=w[i]) for i in cuts]
    if kind != "axes":
        assert parts[0].basis is None
        assert parts[2].basis is not None
    whole_mean, whole = unfolded(gather(X, codes, 3, kind, weight=w))
    for order in ([0, 1, 2, 3], [3, 1, 0, 2]):
        merged = parts[order[0]]
        for i in order[1:]:
            merged = add(merged, parts[i])
        mean, second = unfolded(merged)
        assert_allclose(mean, whole_mean, rtol=1e-11)
        assert_allclose(second, whole, rtol=1e-10, atol=1e-11 * np.abs(whole).max())


@pytest.mark.parametrize("kind", KINDS)
def test_an_offset_of_1e8_cancels_nothing(kind):
    """The oracle computes with 50 digits on the rows as they are stored."""
    X, codes, _ = rows(n=60, d=2, K=2)
    X = X + 1e8
    moments = gather(X, codes, 2, kind)
    with mpmath.workdps(50):
        exact = []
        for k in range(2):
            A = [[mpmath.mpf(x) for x in row] for row in X[codes == k]]
            mean = [mpmath.fsum(column) / len(A) for column in zip(*A, strict=True)]
            A = [[x - mu for x, mu in zip(row, mean, strict=True)] for row in A]
            exact.append([[mpmath.fsum(a[j] * a[m] for a in A) for m in (0, 1)] for j in (0, 1)])
    exact = np.array(exact, dtype=float)  # sums
    if kind == "pooled":
        exact = exact.sum(axis=0, keepdims=True) / len(X)
    else:
        exact = exact / np.bincount(codes)[:, None, None]
    if kind == "axes":
        exact = np.diagonal(exact, axis1=1, axis2=2)
    found = expressed(moments, moments.shift, None).second
    assert_allclose(found, exact, rtol=1e-12, atol=1e-12 * np.abs(exact).max())


@pytest.mark.parametrize("kind", KINDS)
def test_storage_does_not_matter(kind, tmp_path):
    X, codes, w = rows()
    X[np.abs(X) < 1] = 0
    plain = unfolded(gather(X, codes, 3, kind, weight=w))
    X.tofile(tmp_path / "rows")
    mapped = np.memmap(tmp_path / "rows", mode="r", shape=X.shape, dtype=float)
    for stored in (mapped, sparse.csr_array(X), sparse.csr_matrix(X), np.asfortranarray(X)):
        for found, expected in zip(
            unfolded(gather(stored, codes, 3, kind, weight=w)), plain, strict=True
        ):
            assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_float32_rows_are_summed_in_double():
    X, codes, _ = rows(n=20000)
    X = (X + 100).astype(np.float32)
    found = unfolded(gather(X, codes, 3, "each"))
    expected = unfolded(gather(X.astype(np.float64), codes, 3, "each"))
    for a, b in zip(found, expected, strict=True):
        assert_allclose(a, b, rtol=1e-12, atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_weight_zero_leave_no_trace(kind):
    X, codes, w = rows()
    w[::3] = 0
    X[::3] = 1e200
    found = unfolded(gather(X, codes, 3, kind, weight=w))
    expected = unfolded(gather(X[w > 0], codes[w > 0], 3, kind, weight=w[w > 0]))
    for a, b in zip(found, expected, strict=True):
        assert_allclose(a, b, rtol=1e-13)


@pytest.mark.parametrize("bunch", [100, 1 << 15])
def test_missing_values_leave_the_other_moments_of_single_features(bunch, monkeypatch):
    monkeypatch.setattr(_gather, "BLOCK_BYTES", 1)
    monkeypatch.setattr(_gather, "BUNCH_ROWS", bunch)
    X, codes, w = rows()
    X[np.random.default_rng(3).random(X.shape) < 0.2] = np.nan
    X[codes == 1, 2] = np.nan
    whole, *halves = (
        gather(X[i], codes[i], 3, "axes", weight=w[i], missing=True)
        for i in (slice(None), slice(0, None, 2), slice(1, None, 2))
    )
    for moments in (whole, add(*halves)):
        assert_allclose(moments.N, np.bincount(codes, w), rtol=1e-13)
        mean, second = unfolded(moments)
        for k in range(3):
            for j in range(5):
                mine = (codes == k) & ~np.isnan(X[:, j])
                assert_allclose(moments.mass[k, j], w[mine].sum(), rtol=1e-12, atol=1e-12)
                if mine.any():
                    mu = np.average(X[mine, j], weights=w[mine])
                    assert_allclose(mean[k, j], mu, rtol=1e-12)
                    variance = np.average((X[mine, j] - mu) ** 2, weights=w[mine])
                    assert_allclose(second[k, j], variance, rtol=1e-12)


def test_classes_can_be_placed_among_others_and_taken_out_again():
    X, codes, _ = rows(K=2)
    for kind in KINDS:
        moments = gather(X, codes, 2, kind, fourth=kind == "each")
        wide = embedded(moments, np.array([1, 3]), 5)
        assert_allclose(wide.N, [0, moments.N[0], 0, moments.N[1], 0])
        back, left = occupied(wide)
        assert list(left) == [1, 3]
        for name in ("N", "mass", "mean", "second"):
            assert_allclose(getattr(back, name), getattr(moments, name))


def test_a_sample_whitens_where_features_nearly_determine_each_other():
    X, codes, _ = rows(d=4)
    assert first_guess(X, codes, np.bincount(codes), "each").basis is None
    X[:, 3] = X[:, 0] - 2 * X[:, 1] + 1e-6 * X[:, 3]
    guess = first_guess(X, codes, np.bincount(codes), "each")
    whitened = (X - guess.means[codes]) @ guess.basis
    assert np.linalg.cond(np.cov(whitened.T)) < 100
    assert np.linalg.cond(np.cov(X.T)) > 1e10


@pytest.mark.parametrize("kind", KINDS)
def test_few_rows_are_summed_again_where_their_centre_was_poor(kind):
    X, codes, _ = rows(n=300)
    X += 1e7 * codes[:, None]
    _, mean, second, _, _ = oracle(X, codes, 3, np.ones(300))
    moments = gather(X, codes, 3, kind)
    assert_allclose(moments.shift + moments.mean, mean, atol=1e-8)
    second = of_kind(kind, second, np.bincount(codes))
    assert_allclose(moments.second, second, atol=1e-8 * np.abs(second).max())


@pytest.mark.parametrize("kind", ["pooled", "each"])
def test_few_rows_are_whitened_where_they_suffice_to_tell(kind):
    X, codes, _ = rows(n=60, d=4, K=2)
    assert gather(X, codes, 2, kind).basis is None
    X[:, 3] = X[:, 0] - 2 * X[:, 1] + 1e-6 * X[:, 3]
    moments = gather(X, codes, 2, kind)
    within = np.average(moments.second, axis=0, weights=moments.N[: len(moments.second)])
    assert np.linalg.cond(within) < 100
    few = np.flatnonzero(codes == 0)[:4].tolist() + np.flatnonzero(codes == 1)[:3].tolist()
    assert gather(X[few], codes[few], 2, kind).basis is None


def test_the_guess_knows_every_class_though_a_sample_may_miss_it():
    X, codes, _ = rows(n=5000, K=2)
    codes[codes == 0] = 1
    codes[3:5] = 0
    X[3:5] += 1e6
    guess = first_guess(X, codes, np.bincount(codes), "each")
    assert_allclose(guess.means[0], X[3:5].mean(axis=0), atol=10)
    exact = np.cov(X[3:5].T, ddof=0)
    assert_allclose(unfolded(gather(X, codes, 2, "each"))[1][0], exact, rtol=1e-8, atol=1e-8)


def test_no_copy_of_the_rows_is_made():
    tracemalloc = pytest.importorskip("tracemalloc")
    X = np.random.default_rng(0).normal(size=(200_000, 20))
    codes = (X[:, 0] > 0).astype(np.intp)
    gather(X, codes, 2, "pooled")
    for kind in KINDS:
        tracemalloc.start()
        gather(X, codes, 2, kind)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 0.1 * X.nbytes
