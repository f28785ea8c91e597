"""The generative model: the lecture's formulas, other implementations, and exact invariances."""

import os

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # or the suite skips its array API checks

import pickle
from itertools import permutations

import mpmath
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.linalg import eigh
from scipy.stats import multivariate_normal
from sklearn import config_context
from sklearn.base import clone
from sklearn.covariance import ledoit_wolf
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine, make_blobs
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.exceptions import NotFittedError
from sklearn.metrics import get_scorer, log_loss
from sklearn.model_selection import GridSearchCV, KFold, ShuffleSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_lhy import GaussianGenerativeClassifier, _rows, gaussian_grid_search
from sklearn_lhy._gather import gather

TYPES = ["tied", "full", "diag", "tied_diag", "spherical"]
SHARED = ["tied", "tied_diag"]

CONFIGURATIONS = [
    *[GaussianGenerativeClassifier(kind) for kind in TYPES],
    *[GaussianGenerativeClassifier(kind, shrinkage="auto") for kind in ("tied", "full", "diag")],
    *[GaussianGenerativeClassifier(kind, shrinkage=0.2) for kind in ("tied", "full", "diag")],
    *[GaussianGenerativeClassifier(kind, pooling=0.3) for kind in ("full", "diag", "spherical")],
    *[GaussianGenerativeClassifier(kind, allow_nan=True) for kind in TYPES],
]


def expected_failures(estimator):
    if estimator.allow_nan and estimator.covariance_type in ("tied", "full"):
        return {"check_estimators_pickle": "it predicts rows with NaN, but fits none"}
    return {}


@parametrize_with_checks(CONFIGURATIONS, expected_failed_checks=expected_failures)
def test_conformance(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore:X .*feature names")  # the checks mix both
@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(
    "check",
    [
        "check_dataframe_column_names_consistency",
        "check_param_validation",
        "check_set_output_transform",
        "check_set_output_transform_pandas",
        "check_set_output_transform_polars",
        "check_global_output_transform_pandas",
        "check_global_set_output_transform_polars",
        "check_transformer_get_feature_names_out",
        "check_transformer_get_feature_names_out_pandas",
        "check_inplace_ensure_writeable",
    ],
)
def test_checks_that_the_suite_does_not_yield(kind, check):
    if "transform" in check and kind not in SHARED:
        assert not hasattr(GaussianGenerativeClassifier(kind), "transform")
        return
    name = "GaussianGenerativeClassifier"
    getattr(estimator_checks, check)(name, GaussianGenerativeClassifier(kind))


def standardised(load):
    X, y = load(return_X_y=True)
    return (X - X.mean(axis=0)) / X.std(axis=0), y


def max_change(P, Q):
    return np.abs(P - Q).max()


# The lecture


def test_the_parameters_of_maximum_likelihood():
    """[C18] means and covariances divide by N, [C23] the shared one weighs each by N_k / N."""
    X, y = load_iris(return_X_y=True)
    X, y = X[20:], y[20:]
    full = GaussianGenerativeClassifier("full").fit(X, y)
    tied = GaussianGenerativeClassifier().fit(X, y)
    for k in range(3):
        assert_allclose(full.means_[k], X[y == k].mean(axis=0), rtol=1e-13)
        assert_allclose(full.covariance_[k], np.cov(X[y == k].T, bias=True), rtol=1e-12)
    N = np.bincount(y)
    assert_array_equal(tied.class_count_, N)
    assert_allclose(tied.class_prior_, N / N.sum())
    assert_allclose(tied.covariance_, np.tensordot(N / N.sum(), full.covariance_, 1), rtol=1e-12)


def test_w_and_b_of_the_shared_covariance():
    """[C33] the slide's w and b, with the lecture's C1 as classes_[1], and [C27] sigma(z)."""
    X, y = standardised(load_breast_cancer)
    model = GaussianGenerativeClassifier().fit(X, y)
    mu2, mu1 = model.means_
    S_inv = np.linalg.inv(model.covariance_)
    N2, N1 = np.bincount(y)
    w = (mu1 - mu2) @ S_inv
    b = -0.5 * mu1 @ S_inv @ mu1 + 0.5 * mu2 @ S_inv @ mu2 + np.log(N1 / N2)
    assert model.coef_.shape == (1, 30)
    assert_allclose(model.coef_[0], w, rtol=1e-9, atol=1e-9)
    assert_allclose(model.intercept_[0], b, rtol=1e-9)
    z = X @ w + b
    assert_allclose(model.decision_function(X), z, rtol=1e-9, atol=1e-9)
    assert_allclose(model.predict_proba(X)[:, 1], 1 / (1 + np.exp(-z)), rtol=1e-8, atol=1e-12)


def test_z_of_two_covariances():
    """[C29-C31] the general z, term by term."""
    X, y = load_iris(return_X_y=True)
    X, y = X[y > 0][:90], y[y > 0][:90]
    model = GaussianGenerativeClassifier("full").fit(X, y)
    (mu2, mu1), (S2, S1) = model.means_, model.covariance_
    N2, N1 = model.class_count_
    q1 = np.einsum("ij,jk,ik->i", X - mu1, np.linalg.inv(S1), X - mu1)
    q2 = np.einsum("ij,jk,ik->i", X - mu2, np.linalg.inv(S2), X - mu2)
    root = np.sqrt(np.linalg.det(S2) / np.linalg.det(S1))
    z = np.log(root) - 0.5 * q1 + 0.5 * q2 + np.log(N1 / N2)
    assert_allclose(model.decision_function(X), z, rtol=1e-10, atol=1e-10)


def test_naive_bayes_is_a_product_of_gaussians_of_one_feature():
    """[C26]"""
    X, y = load_iris(return_X_y=True)
    model = GaussianGenerativeClassifier("diag").fit(X, y)
    joint = np.ones((150, 3)) / 3
    for k in range(3):
        for j in range(4):
            mu, sd = X[y == k, j].mean(), X[y == k, j].std()
            joint[:, k] *= np.exp(-0.5 * ((X[:, j] - mu) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
    assert_allclose(model.predict_proba(X), joint / joint.sum(axis=1, keepdims=True), atol=1e-12)
    assert_allclose(model.score_samples(X), np.log(joint.sum(axis=1)), rtol=1e-11)


def test_the_toy_data_that_mislead_naive_bayes():
    """[L18-L20] 13 rows; a tied Gaussian gives (1, 1) to class 1, a tied diagonal one does not."""
    X = np.array([[1, 1]] + 4 * [[1, 0]] + 4 * [[0, 1]] + 4 * [[0, 0]], dtype=float)
    y = np.array([1] + 12 * [2])
    for kind, expected in [("tied", 0.8639), ("tied_diag", 0.4211)]:
        P = GaussianGenerativeClassifier(kind).fit(X, y).predict_proba([[1, 1]])
        assert_allclose(P[0, 0], expected, atol=5e-5)
    counts = np.array([[1, 12], [1, 4], [1, 4]])  # naive Bayes on counts: P(C) P(x1|C) P(x2|C)
    joint = counts[0] / 13 * counts[1] / [1, 12] * counts[2] / [1, 12]
    assert_allclose(joint[0] / joint.sum(), 3 / 7)


def test_bayes_rule_of_the_two_boxes():
    """[C9] P(B1) = 2/3, P(blue given B1) = 4/5, P(blue given B2) = 2/5: P(B1 given blue) = 4/5.

    Two Gaussians of equal variance whose densities at x = 0 are in the ratio 4/5 to 2/5.
    """
    half = np.sqrt(np.log(4))  # exp(half^2 / 2) = 2
    X = np.array([[-1], [1], [half - 1], [half + 1]])
    model = GaussianGenerativeClassifier(priors=[2 / 3, 1 / 3]).fit(X, ["B1", "B1", "B2", "B2"])
    assert_allclose(model.predict_proba([[0]]), [[0.8, 0.2]], rtol=1e-12)


# Other implementations


@pytest.mark.parametrize("shrinkage", [None, 0.0, 0.3, 1.0, "auto"])
@pytest.mark.parametrize("load", [load_iris, load_wine])
def test_tied_equals_linear_discriminant_analysis(load, shrinkage):
    X, y = standardised(load)
    rival = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage).fit(X, y)
    model = GaussianGenerativeClassifier(shrinkage=shrinkage).fit(X, y)
    assert_allclose(model.predict_proba(X), rival.predict_proba(X), atol=1e-10)


@pytest.mark.parametrize("shrinkage", [0.3, "auto"])
def test_shrinkage_in_raw_units_equals_linear_discriminant_analysis(shrinkage):
    X, y = load_wine(return_X_y=True)
    rival = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage).fit(X, y)
    model = GaussianGenerativeClassifier(shrinkage=shrinkage).fit(X, y)
    assert_allclose(model.predict_proba(X), rival.predict_proba(X), atol=1e-10)


@pytest.mark.parametrize("load", [load_iris, load_wine])
def test_full_is_the_textbook_and_so_quadratic_discriminant_analysis(load):
    """scikit-learn divides by N - 1 up to 1.7 and by N from 1.8 on, so the oracle is scipy's."""
    X, y = standardised(load)
    model = GaussianGenerativeClassifier("full").fit(X, y)
    log_joint = np.column_stack(
        [
            multivariate_normal(X[y == k].mean(axis=0), np.cov(X[y == k].T, bias=True)).logpdf(X)
            + np.log(np.mean(y == k))
            for k in np.unique(y)
        ]
    )
    P = np.exp(log_joint - log_joint.max(axis=1, keepdims=True))
    assert_allclose(model.predict_proba(X), P / P.sum(axis=1, keepdims=True), atol=1e-10)
    rival = QuadraticDiscriminantAnalysis().fit(X, y)
    N = np.bincount(y)
    divisor = rival.scalings_[0].sum() / np.trace(model.covariance_[0])
    if np.isclose(divisor, 1):
        assert_allclose(model.predict_proba(X), rival.predict_proba(X), atol=1e-10)
    else:
        assert_allclose(divisor, N[0] / (N[0] - 1))


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])
def test_diag_equals_gaussian_naive_bayes_without_smoothing(load):
    X, y = load(return_X_y=True)
    w = np.random.default_rng(0).uniform(0.1, 2, len(X))
    for weight in (None, w):
        rival = GaussianNB(var_smoothing=0).fit(X, y, weight)
        model = GaussianGenerativeClassifier("diag").fit(X, y, weight)
        assert_allclose(model.predict_proba(X), rival.predict_proba(X), atol=1e-10)
        assert_allclose(model.covariance_, rival.var_, rtol=1e-10)


@pytest.mark.parametrize("stream", [False, True])
def test_shrinkage_is_in_raw_units_where_rows_are_whitened(stream):
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=600)
    X = rng.normal(size=(600, 4)) + rng.normal(size=(3, 4))[y]
    X[:, 1] = X[:, 0] + 1e-3 * X[:, 1]
    rival = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.2).fit(X, y)
    model = GaussianGenerativeClassifier(shrinkage=0.2)
    for part in np.array_split(np.arange(600), 3 if stream else 1):
        model.partial_fit(X[part], y[part])
    assert model._moments.basis is not None
    assert max_change(model.predict_proba(X), rival.predict_proba(X)) < 1e-9


def test_auto_shrinks_each_class_by_ledoit_and_wolf():
    X, y = load_breast_cancer(return_X_y=True)
    model = GaussianGenerativeClassifier("full", shrinkage="auto").fit(X, y)
    for k in (0, 1):
        scaler = StandardScaler().fit(X[y == k])
        expected = ledoit_wolf(scaler.transform(X[y == k]))[0]
        expected *= np.outer(scaler.scale_, scaler.scale_)
        assert_allclose(model.covariance_[k], expected, rtol=1e-9)
    diagonal = GaussianGenerativeClassifier("diag", shrinkage="auto").fit(X, y)
    plain = GaussianGenerativeClassifier("diag").fit(X, y)
    assert_allclose(diagonal.covariance_, plain.covariance_)


def test_spherical_and_pooled_covariances():
    X, y = load_iris(return_X_y=True)
    X, y = X[20:], y[20:]
    S = np.array([X[y == k].var(axis=0) for k in range(3)])
    N = np.bincount(y)[:, None]
    spherical = GaussianGenerativeClassifier("spherical").fit(X, y)
    assert_allclose(spherical.covariance_, S.mean(axis=1), rtol=1e-12)
    half = GaussianGenerativeClassifier("diag", pooling=0.5).fit(X, y)
    expected = (0.5 * N * S + 0.5 * (N * S).sum(axis=0)) / (0.5 * N + 0.5 * N.sum())
    assert_allclose(half.covariance_, expected, rtol=1e-12)
    for own, shared in [("full", "tied"), ("diag", "tied_diag")]:
        pooled = GaussianGenerativeClassifier(own, pooling=1).fit(X, y)
        tied = GaussianGenerativeClassifier(shared).fit(X, y)
        assert_allclose(pooled.covariance_[1], tied.covariance_, rtol=1e-12)
        assert_allclose(pooled.predict_proba(X), tied.predict_proba(X), atol=1e-12)


@pytest.mark.parametrize("kind", TYPES)
def test_score_samples_is_the_density_of_the_mixture(kind):
    X, y = load_wine(return_X_y=True)
    model = GaussianGenerativeClassifier(kind).fit(X, y)
    d = X.shape[1]
    density = 0
    for k in range(3):
        S = model.covariance_ if kind in SHARED else model.covariance_[k]
        S = S * np.eye(d) if S.ndim == 0 else np.diag(S) if S.ndim == 1 else S
        log = multivariate_normal(model.means_[k], S).logpdf(X)
        density = density + model.class_prior_[k] * np.exp(log)
    assert_allclose(np.exp(model.score_samples(X)), density, rtol=1e-9)


def test_the_density_knows_covariances_below_the_floor_beside_others():
    """One class varies less than the floor allows: its covariance is lifted, the other's is not."""
    X, y = standardised(load_wine)
    X, y = X[y < 2], y[y < 2]
    X[y == 0] = X[y == 0].mean(axis=0) + 1e-4 * (X[y == 0] - X[y == 0].mean(axis=0))
    for basis in (np.eye(13), affine_map(13, 1e4, 0)):
        model = GaussianGenerativeClassifier("full", reg_covar=1e-3).fit(X @ basis, y)
        density = sum(
            p * np.exp(multivariate_normal(m, S, allow_singular=False).logpdf(X @ basis))
            for p, m, S in zip(model.class_prior_, model.means_, model.covariance_, strict=True)
        )
        assert_allclose(model.score_samples(X @ basis), np.log(density), rtol=1e-6)


def test_parameters_are_validated_unless_scikit_learn_is_told_not_to():
    X, y = load_iris(return_X_y=True)
    model = GaussianGenerativeClassifier(reg_covar=-1.0)
    for fit in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match="'reg_covar' parameter"):
            fit(X, y)
    with config_context(skip_parameter_validation=True):
        assert model.fit(X, y).score(X, y) > 0.97


def test_the_density_of_redundant_features_is_that_within_their_span():
    X, y = load_iris(return_X_y=True)
    X = np.c_[X, X.sum(axis=1), np.full(150, 7.0)]
    model = GaussianGenerativeClassifier("full").fit(X, y)
    density = sum(
        np.exp(multivariate_normal(m, S, allow_singular=True).logpdf(X)) / 3
        for m, S in zip(model.means_, model.covariance_, strict=True)
    )
    assert_allclose(np.exp(model.score_samples(X)), density, rtol=1e-7)


@pytest.mark.parametrize("kind", ["tied", "full"])
@pytest.mark.parametrize("n, d", [(12, 10), (40, 30)])
def test_the_order_of_redundant_features_is_nothing_to_the_density(kind, n, d):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) * 10.0 ** rng.uniform(-3, 3, size=d)
        y = np.arange(n) % 2
        X += X.std(axis=0) * rng.normal(size=(2, d))[y]
        X[:, 0] = X[:, 1:].sum(axis=1)
        order = rng.permutation(d)
        L = GaussianGenerativeClassifier(kind).fit(X, y).score_samples(X)
        model = GaussianGenerativeClassifier(kind).fit(X[:, order], y)
        assert_allclose(model.score_samples(X[:, order]), L, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["tied", "full"])
def test_units_of_redundant_features_only_shift_the_density(kind):
    """The oracle computes the volume of the map into the larger space with 50 digits."""
    X, y = standardised(load_iris)
    plain = GaussianGenerativeClassifier(kind).fit(X, y)
    combine = np.c_[np.eye(4), [1, 1, 0, 0], np.zeros(4)]
    for unit in np.array([[1e-9, 1e9, 1, 1e-12, 1, 1], [1e12, 1e-8, 1e-4, 1e8, 1e3, 1e-9]]):
        wide = (X @ combine + [0, 0, 0, 0, 0, 1]) * unit
        model = GaussianGenerativeClassifier(kind).fit(wide, y)
        assert max_change(model.predict_proba(wide), plain.predict_proba(X)) < 1e-11
        with mpmath.workdps(50):
            A = mpmath.matrix((combine * unit).tolist())
            log_volume = float(mpmath.log(mpmath.det(A * A.T)) / 2)
        assert_allclose(model.score_samples(wide), plain.score_samples(X) - log_volume, rtol=1e-9)


@pytest.mark.parametrize("kind", TYPES)
def test_mahalanobis_is_the_squared_distance(kind):
    X, y = load_iris(return_X_y=True)
    model = GaussianGenerativeClassifier(kind).fit(X, y)
    for k in range(3):
        S = model.covariance_ if kind in SHARED else model.covariance_[k]
        S = S * np.eye(4) if S.ndim == 0 else np.diag(S) if S.ndim == 1 else S
        A = X - model.means_[k]
        expected = np.einsum("ij,ij->i", A, np.linalg.solve(S, A.T).T)
        assert_allclose(model.mahalanobis(X)[:, k], expected, rtol=1e-10, atol=1e-10)


def test_wide_covariances_with_and_without_redundant_features():
    """Whiteners wide enough to be multiplied in parts, triangular or not."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(600, 70)) @ rng.normal(size=(70, 70)), rng.integers(0, 2, 600)
    for wide in (X, np.c_[X[:, :1] + X[:, 1:2], X]):
        model = GaussianGenerativeClassifier("full").fit(wide, y)
        for k in range(2):
            A, S = X - X[y == k].mean(axis=0), np.cov(X[y == k].T, bias=True)
            expected = np.einsum("ij,ij->i", A, np.linalg.solve(S, A.T).T)
            assert_allclose(model.mahalanobis(wide)[:, k], expected, rtol=1e-6)


def test_directions_are_those_of_linear_discriminant_analysis():
    for load in (load_iris, load_wine):
        X, y = load(return_X_y=True)
        T = GaussianGenerativeClassifier().fit_transform(X, y)
        rival = LinearDiscriminantAnalysis(solver="eigen").fit(X, y).transform(X)
        rival -= rival.mean(axis=0)
        rival *= np.sign((T * rival).sum(axis=0))
        assert_allclose(T, rival, rtol=1e-7, atol=1e-9)
        assert T[y == 0, 0].mean() < 0  # a sign that does not depend on LAPACK


@pytest.mark.parametrize("kind", SHARED)
def test_distances_after_transform_decide_as_before(kind):
    X, y = load_wine(return_X_y=True)
    model = GaussianGenerativeClassifier(kind).fit(X, y)
    D = model.mahalanobis(X)
    T, means = model.transform(X), model.transform(model.means_)
    E = ((T[:, None] - means) ** 2).sum(axis=2)
    assert_allclose(E - E[:, :1], D - D[:, :1], rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("kind", TYPES)
def test_sample_draws_from_the_model(kind):
    X, y = load_iris(return_X_y=True)
    model = GaussianGenerativeClassifier(kind, priors=[0.5, 0.3, 0.2]).fit(X, y)
    S, t = model.sample(60_000, random_state=0)
    again = clone(model).set_params(priors=None).fit(S, t)
    sd = np.sqrt(X.var(axis=0))
    assert_allclose(again.class_prior_, model.class_prior_, atol=0.01)
    assert_allclose(again.means_ / sd, model.means_ / sd, atol=0.02)  # 5 standard errors
    assert_allclose(again.covariance_, model.covariance_, rtol=0.05, atol=0.01)
    assert_array_equal(S, model.sample(60_000, random_state=0)[0])


def test_log_probabilities_stay_exact_far_from_the_data():
    """The oracle computes the same posterior with 50 digits."""
    X, y = standardised(load_wine)
    far = 1e3 * X[:5]
    for kind in TYPES:
        L = GaussianGenerativeClassifier(kind).fit(X, y).predict_log_proba(far)
        assert np.isfinite(L).all()
        assert L.min() < -1000
    model = GaussianGenerativeClassifier("diag").fit(X, y)
    with mpmath.workdps(50):
        for x, found in zip(far, model.predict_log_proba(far), strict=True):
            z = [
                mpmath.log(model.class_prior_[k])
                - sum(
                    mpmath.log(v) / 2 + (mpmath.mpf(a) - m) ** 2 / (2 * mpmath.mpf(v))
                    for a, m, v in zip(x, model.means_[k], model.covariance_[k], strict=True)
                )
                for k in range(3)
            ]
            z = [v - max(z) for v in z]
            total = mpmath.log(sum(mpmath.exp(v) for v in z))
            assert_allclose(found, [float(v - total) for v in z], rtol=1e-9, atol=1e-300)


# Streams


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("options", [{}, {"shrinkage": "auto"}, {"shrinkage": 0.1, "pooling": 0.2}])
@pytest.mark.parametrize("weighted", [False, True])
def test_partial_fit_in_any_split_equals_fit(kind, options, weighted):
    X, y = load_wine(return_X_y=True)
    w = np.random.default_rng(1).uniform(0.1, 2, len(X)) if weighted else None
    model = GaussianGenerativeClassifier(kind, **options).fit(X, y, w)
    order = np.random.default_rng(2).permutation(len(X))
    for cuts in ([1, 3, 60], [90], range(20, 170, 20)):
        stream = GaussianGenerativeClassifier(kind, **options)
        for i in np.split(order, list(cuts)):
            stream.partial_fit(X[i], y[i], sample_weight=None if w is None else w[i])
        assert max_change(stream.predict_proba(X), model.predict_proba(X)) < 1e-12
        assert_allclose(stream.means_, model.means_, rtol=1e-12)


@pytest.mark.parametrize("kind", TYPES)
def test_merge_equals_fit_on_the_rows_of_both(kind):
    X, y = load_wine(return_X_y=True)
    model = GaussianGenerativeClassifier(kind).fit(X, y)
    left = GaussianGenerativeClassifier(kind).fit(X[:120], y[:120])  # classes 0 and 1
    right = GaussianGenerativeClassifier(kind).fit(X[120:], y[120:])  # classes 1 and 2
    before = right.predict_proba(X)
    merged = left.merge(right)
    assert merged is left
    assert_array_equal(merged.classes_, [0, 1, 2])
    assert max_change(merged.predict_proba(X), model.predict_proba(X)) < 1e-12
    assert_array_equal(right.predict_proba(X), before)


def rotated(X, condition, seed=0):
    """The rows after a rotation, a scaling and another rotation."""
    rng, d = np.random.default_rng(seed), X.shape[1]
    U, V = (np.linalg.qr(rng.standard_normal((d, d)))[0] for _ in range(2))
    return X @ (U * np.geomspace(1, condition, d)) @ V


@pytest.mark.parametrize("kind", ["tied", "full"])
@pytest.mark.parametrize("seed", range(8))
def test_a_stream_keeps_a_redundant_column_redundant(kind, seed):
    rng = np.random.default_rng(seed)
    y = np.arange(60) % 2
    X = rng.standard_normal((60, 5)) + y[:, None]
    X = np.column_stack([X, X.sum(axis=1)])
    whole = GaussianGenerativeClassifier(kind).fit(X, y).predict_proba(X)
    stream = GaussianGenerativeClassifier(kind).partial_fit(X[:12], y[:12])
    for start in range(12, 60, 6):
        stream.partial_fit(X[start : start + 6], y[start : start + 6])
    few = GaussianGenerativeClassifier(kind).fit(X[:6], y[:6])  # too few to be whitened
    rest = GaussianGenerativeClassifier(kind).fit(X[6:], y[6:])
    for model in (stream, clone_fitted(rest).merge(few), clone_fitted(few).merge(rest)):
        assert max_change(model.predict_proba(X), whole) < 1e-10


@pytest.mark.parametrize("kind", ["tied", "full"])
def test_a_stream_of_badly_conditioned_rows_equals_fit(kind):
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=1000)
    X = rotated(rng.standard_normal((1000, 8)) + 0.5 * y[:, None], 1e6)
    whole = GaussianGenerativeClassifier(kind).fit(X, y).predict_proba(X)
    stream = GaussianGenerativeClassifier(kind)
    for rows in (slice(500), *(slice(i, i + 10) for i in range(500, 1000, 10))):
        stream.partial_fit(X[rows], y[rows])
    assert max_change(stream.predict_proba(X), whole) < 1e-9


def test_a_search_over_badly_conditioned_rows_equals_grid_search():
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=100)
    X = rotated(rng.standard_normal((100, 20)) + 0.5 * y[:, None], 1e6)
    grid, scoring = {"reg_covar": [1e-6, 1e-2]}, "neg_log_loss"
    found = gaussian_grid_search(GaussianGenerativeClassifier(), X, y, grid, scoring=scoring)
    rival = GridSearchCV(GaussianGenerativeClassifier(), grid, scoring=scoring).fit(X, y)
    expected = rival.cv_results_["mean_test_score"]
    assert_allclose(found.cv_results_["mean_test_score"], expected, rtol=1e-11)


def clone_fitted(model):
    """An independent copy of a fitted model."""
    return pickle.loads(pickle.dumps(model))


def test_merge_far_from_the_origin_loses_nothing():
    X, y = standardised(load_wine)
    X = X + 1e8
    model = GaussianGenerativeClassifier().fit(X, y)
    merged = GaussianGenerativeClassifier().fit(X[::2], y[::2])
    merged.merge(GaussianGenerativeClassifier().fit(X[1::2], y[1::2]))
    assert max_change(merged.predict_proba(X), model.predict_proba(X)) < 1e-12


@pytest.mark.parametrize("kind", TYPES)
def test_classes_may_be_announced_or_appear_later(kind):
    X, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    model = GaussianGenerativeClassifier(kind).fit(X, names)
    announced = GaussianGenerativeClassifier(kind)
    announced.partial_fit(X[50:100], names[50:100], classes=np.unique(names))
    P = announced.predict_proba(X)
    assert_array_equal(P, np.tile([0.0, 1.0, 0.0], (150, 1)))
    later = GaussianGenerativeClassifier(kind).partial_fit(X[50:100], names[50:100])
    with pytest.raises(ValueError, match="one class only"):
        later.predict(X)
    for stream in (announced, later):
        for i in (slice(100, 150), slice(0, 50)):
            stream.partial_fit(X[i], names[i])
        assert_array_equal(stream.classes_, model.classes_)
        assert max_change(stream.predict_proba(X), model.predict_proba(X)) < 1e-12


def test_announced_classes_without_rows_have_probability_zero():
    X, y = load_iris(return_X_y=True)
    for kind in TYPES:
        model = GaussianGenerativeClassifier(kind)
        model.partial_fit(X[:100], y[:100], classes=[0, 1, 2, 3])
        two = GaussianGenerativeClassifier(kind).fit(X[:100], y[:100])
        P = model.predict_proba(X)
        assert_array_equal(P[:, 2:], 0)
        assert_allclose(P[:, :2], two.predict_proba(X), atol=1e-13)
        assert_array_equal(np.isnan(model.means_).all(axis=1), [False, False, True, True])
        assert set(model.sample(100, random_state=0)[1]) == {0, 1}


@pytest.mark.parametrize("kind", SHARED)
def test_a_class_without_rows_has_no_part_in_the_directions(kind):
    X, y = load_iris(return_X_y=True)
    model = GaussianGenerativeClassifier(kind, priors=[0.25] * 4)
    T = model.partial_fit(X, y, classes=[0, 1, 2, 3]).transform(X)
    assert_allclose(T, GaussianGenerativeClassifier(kind).fit_transform(X, y), atol=1e-10)


def test_what_cannot_be_merged_is_refused_and_changes_nothing():
    X, y = load_iris(return_X_y=True)
    model = GaussianGenerativeClassifier().fit(X, y)
    before = dict(vars(model))
    others = [
        (GaussianNB().fit(X, y), TypeError, "GaussianGenerativeClassifier"),
        (GaussianGenerativeClassifier().fit(X[:, :3], y), ValueError, "3 features"),
        (GaussianGenerativeClassifier("full").fit(X, y), ValueError, "covariance_type"),
        (GaussianGenerativeClassifier().fit(X, y.astype(str)), TypeError, "ordered|one type"),
    ]
    for other, error, message in others:
        with pytest.raises(error, match=message):
            model.merge(other)
        assert vars(model) == before or all(vars(model)[k] is before[k] for k in before)
    frame = pd.DataFrame(X, columns=list("abcd"))
    named = GaussianGenerativeClassifier().fit(frame, y)
    with pytest.raises(ValueError, match="same order"):
        named.merge(GaussianGenerativeClassifier().fit(frame[list("badc")], y))
    with pytest.raises(ValueError, match="announce"):
        GaussianGenerativeClassifier().partial_fit(X, y, classes=[0, 1])


def test_priors_can_be_changed_after_fit():
    """[L21] priors may come from another source than the rows."""
    X, y = load_iris(return_X_y=True)
    for kind in TYPES:
        model = GaussianGenerativeClassifier(kind).fit(X, y)
        before = model.predict_proba(X)
        changed = model.with_priors([0.7, 0.2, 0.1])
        fitted = GaussianGenerativeClassifier(kind, priors=[0.7, 0.2, 0.1]).fit(X, y)
        assert_allclose(changed.predict_proba(X), fitted.predict_proba(X), rtol=1e-13)
        assert_allclose(changed.predict_proba(X), _reweighed(before, [2.1, 0.6, 0.3]), atol=1e-12)
        assert changed.covariance_ is model.covariance_
        assert_array_equal(model.predict_proba(X), before)
        assert_array_equal(changed.with_priors(None).predict_proba(X), before)


def _reweighed(P, ratio):
    P = P * ratio
    return P / P.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("priors", "message"),
    [([0.5, 0.5], "3 classes"), ([0.5, 0.6, 0.2], "add up to 1.3"), ([1.5, -0.5, 0], "negative")],
)
def test_wrong_priors_are_refused(priors, message):
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match=message):
        GaussianGenerativeClassifier(priors=priors).fit(X, y)
    model = GaussianGenerativeClassifier().fit(X, y)
    with pytest.raises(ValueError, match=message):
        model.with_priors(priors)
    assert model.priors is None


# Invariances


def affine_map(d, condition, seed):
    rng = np.random.default_rng(seed)
    U, V = (np.linalg.qr(rng.normal(size=(d, d)))[0] for _ in range(2))
    return (U * np.geomspace(1, condition, d)) @ V


@pytest.mark.parametrize("kind", ["tied", "full"])
@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])
@pytest.mark.parametrize("seed", range(3))
def test_an_affine_change_of_condition_1e6_changes_nothing(kind, load, seed):
    X, y = standardised(load)
    P = GaussianGenerativeClassifier(kind).fit(X, y).predict_proba(X)
    XA = X @ affine_map(X.shape[1], 1e6, seed)
    assert max_change(GaussianGenerativeClassifier(kind).fit(XA, y).predict_proba(XA), P) < 1e-8
    stream = GaussianGenerativeClassifier(kind)
    for i in np.array_split(np.random.default_rng(seed).permutation(len(X)), 4):
        stream.partial_fit(XA[i], y[i])
    assert max_change(stream.predict_proba(XA), P) < 1e-8


@pytest.mark.parametrize("kind", ["tied", "full", "diag", "tied_diag"])
@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])
def test_units_change_nothing(kind, load):
    X, y = load(return_X_y=True)
    P = GaussianGenerativeClassifier(kind).fit(X, y).predict_proba(X)
    rng = np.random.default_rng(0)
    for scale in (0.01, 10.0 ** rng.uniform(-12, 12, X.shape[1])):
        scaled = GaussianGenerativeClassifier(kind).fit(X * scale, y)
        assert max_change(scaled.predict_proba(X * scale), P) < 1e-11


def test_small_and_large_units_change_nothing_where_the_floor_acts():
    X, y = standardised(load_wine)
    X[y == 1, 0] *= 1e-5
    P = GaussianGenerativeClassifier("full").fit(X, y).predict_proba(X)
    for scale in (1e-140, 1e-85, 1e85, 1e140):
        scaled = GaussianGenerativeClassifier("full").fit(X * scale, y)
        assert max_change(scaled.predict_proba(X * scale), P) < 1e-12


@pytest.mark.parametrize("kind", ["tied", "full"])
def test_fourth_powers_decide_which_units_automatic_shrinkage_takes(kind):
    X, y = standardised(load_wine)
    model = GaussianGenerativeClassifier(kind, shrinkage="auto")
    P = clone(model).fit(X, y).predict_proba(X)
    for scale in (1e-72, 1e75):
        assert max_change(clone(model).fit(X * scale, y).predict_proba(X * scale), P) < 1e-12
    for scale, message in ((1e-85, "fourth powers.*underflow"), (1e85, "fourth powers.*overflow")):
        with pytest.raises(ValueError, match=message):
            clone(model).fit(X * scale, y)
        clone(model).set_params(shrinkage=None).fit(X * scale, y)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("offset", [4, 7.5, 32, 128])
def test_an_offset_of_some_deviations_changes_nothing(kind, offset):
    """It may still be centred by the origin."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=20_000)
    X = rng.standard_normal((20_000, 40)) + 0.4 * y[:, None] * rng.standard_normal(40)
    X += offset
    P = GaussianGenerativeClassifier(kind).fit(X, y).predict_proba(X)
    X -= offset  # exactly
    assert max_change(GaussianGenerativeClassifier(kind).fit(X, y).predict_proba(X), P) < 1e-12


@pytest.mark.parametrize("n", [1000, 20_000])
def test_columns_that_nearly_agree_are_centred_closer(n):
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    X = rng.standard_normal((n, 40))
    X[:, 1] = X[:, 0] + 0.06 * X[:, 1]
    X += 0.02 * y[:, None] * rng.standard_normal(40) + 7.5
    X[0] = 22  # few rows are centred halfway from here to the last row
    P = GaussianGenerativeClassifier().fit(X, y).predict_proba(X)
    order = rng.permutation(n)
    Z = X - 7.5  # exactly
    model = GaussianGenerativeClassifier().fit(Z[order], y[order])
    assert max_change(model.predict_proba(Z), P) < 1e-12


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])
def test_an_offset_of_1e8_changes_nothing(kind, load):
    X, y = standardised(load)
    P = GaussianGenerativeClassifier(kind).fit(X, y).predict_proba(X)
    far = GaussianGenerativeClassifier(kind).fit(X + 1e8, y)
    assert max_change(far.predict_proba(X + 1e8), P) < 1e-6  # the rows themselves are rounded


@pytest.mark.parametrize("kind", ["tied", "full"])
@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])
def test_redundant_features_change_nothing(kind, load):
    X, y = standardised(load)
    P = GaussianGenerativeClassifier(kind).fit(X, y).predict_proba(X)
    total, constant = X @ np.arange(1, X.shape[1] + 1), np.full(len(X), 0.1)
    for wide in (np.c_[X, total], np.c_[total, X], np.c_[constant, X[:, 0], X], np.c_[X, -X]):
        model = GaussianGenerativeClassifier(kind).fit(wide, y)
        assert max_change(model.predict_proba(wide), P) < 1e-10


@pytest.mark.parametrize("kind", ["tied", "full"])
def test_what_rounding_leaves_of_a_redundant_feature_is_not_information(kind):
    """Far from the origin a sum is rounded: the residual, 1e-8 of its deviation, must not count."""
    X, y = standardised(load_wine)
    X = X + 1e8
    P = GaussianGenerativeClassifier(kind).fit(X, y).predict_proba(X)
    wide = np.c_[X, X[:, :3].sum(axis=1)]
    model = GaussianGenerativeClassifier(kind).fit(wide, y)
    assert max_change(model.predict_proba(wide), P) < 1e-6


@pytest.mark.parametrize("floor", [0.2, 0.4])
@pytest.mark.parametrize("more", [0, 40])
def test_the_floor_lifts_variances_below_a_fraction_of_the_total_ones(floor, more):
    X, y = standardised(load_wine)
    X = np.c_[X, np.random.default_rng(0).normal(size=(178, more))]
    model = GaussianGenerativeClassifier("full", reg_covar=floor).fit(X, y)
    total = np.cov(X.T, bias=True)
    for k in range(3):
        fraction, V = eigh(np.cov(X[y == k].T, bias=True), total)  # V' total V = I
        assert fraction.min() < floor < fraction.max()
        U = np.linalg.inv(V)
        assert_allclose(model.covariance_[k], U.T * np.maximum(fraction, floor) @ U, atol=1e-12)


@pytest.mark.parametrize("m", [1, 3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("long", [0, 400])
def test_products_do_not_depend_on_how_rows_are_stored(m, dtype, long, monkeypatch):
    monkeypatch.setattr(_rows, "LONG_ROW", long)
    monkeypatch.setattr(_rows, "SMALL", 5 * m * 70)  # blocks of 70 rows
    rng = np.random.default_rng(0)
    X, W = rng.normal(size=(200, 5)).astype(dtype), rng.normal(size=(5, m)).astype(dtype)
    Z = X.astype(float) @ W.astype(float)
    for stored in (X, np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2], sparse.csr_array(X)):
        found = _rows.product(stored, W)
        assert found.dtype == dtype
        assert_allclose(found, Z, atol=10 * np.finfo(dtype).eps)


@pytest.mark.parametrize("kind", TYPES)
def test_singular_covariances_give_finite_decisive_posteriors(kind):
    rng = np.random.default_rng(0)
    X, y = make_blobs(30, 50, centers=3, cluster_std=1, random_state=0)  # more columns than rows
    model = GaussianGenerativeClassifier(kind).fit(X, y)
    assert_array_equal(model.predict(X), y)
    assert np.isfinite(model.predict_log_proba(rng.normal(size=(20, 50)))).all()
    assert np.isfinite(model.score_samples(X)).all()
    X, y = load_iris(return_X_y=True)
    X = np.vstack([X, [[20, 20, 20, 20]]])  # a class of one row
    y = np.append(y, 7)
    model = GaussianGenerativeClassifier(kind).fit(X, y)
    assert model.predict(X[-1:]) == 7
    assert np.isfinite(model.predict_log_proba(X)).all()
    X[y == 1, 2] = 5  # constant within a class
    model = GaussianGenerativeClassifier(kind).fit(X, y)
    assert model.score(X, y) > model.class_prior_.max()
    assert np.isfinite(model.predict_log_proba(X)).all()
    nothing = GaussianGenerativeClassifier(kind).fit(np.ones((6, 2)), [0, 0, 0, 0, 1, 1])
    assert_allclose(nothing.predict_proba([[1, 1], [2, 3]]), 2 * [[2 / 3, 1 / 3]])


def test_the_floor_is_a_share_of_the_total_variance_in_each_direction():
    """Two points per class: no variance within, so the floor is all there is; any units."""
    X, y = np.array([[0.0], [0.0], [2.0], [2.0]]), [0, 0, 1, 1]
    for scale in (1, 1e-9):
        model = GaussianGenerativeClassifier(reg_covar=1e-3).fit(scale * X, y)
        assert_allclose(model.covariance_, [[1e-3 * scale**2]])  # total variance 1
        z = 2 * 0.1 / 1e-3  # w = (mu1 - mu0) / variance, at a tenth right of the middle
        assert_allclose(model.decision_function([[1.1 * scale]]), [z], rtol=1e-9)
    tight = GaussianGenerativeClassifier(reg_covar=1e-3).fit(
        X + [[-1e-6], [1e-6], [-1e-6], [1e-6]], y
    )
    assert_allclose(tight.covariance_, [[1e-3]], rtol=1e-9)  # there is some variance, but less
    for kind in TYPES:
        A = np.r_[X, X + 0.5]
        plain = GaussianGenerativeClassifier(kind, reg_covar=0).fit(A, y + y)
        floored = GaussianGenerativeClassifier(kind, reg_covar=1e-2).fit(A, y + y)
        assert_allclose(floored.covariance_, plain.covariance_, rtol=1e-13)  # not an addition


# Rows, labels, weights


@pytest.mark.parametrize("kind", TYPES)
def test_weights_count_as_repetitions(kind):
    X, y = load_iris(return_X_y=True)
    w = np.random.default_rng(0).integers(0, 4, 150)
    for shrinkage in (None, "auto"):
        weighted = GaussianGenerativeClassifier(kind, shrinkage=shrinkage).fit(X, y, w)
        repeated = GaussianGenerativeClassifier(kind, shrinkage=shrinkage)
        repeated.fit(np.repeat(X, w, axis=0), np.repeat(y, w))
        assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-12)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("make", [sparse.csr_array, sparse.csr_matrix])
def test_sparse_rows_are_rows(kind, make):
    X, y = load_digits(return_X_y=True)
    plain, stored = GaussianGenerativeClassifier(kind), GaussianGenerativeClassifier(kind)
    plain.fit(X, y)
    stored.fit(make(X), y)
    assert_allclose(stored.predict_log_proba(make(X)), plain.predict_log_proba(X), rtol=1e-6)
    assert_allclose(stored.score_samples(make(X)), plain.score_samples(X), rtol=1e-9)
    assert_allclose(stored.mahalanobis(make(X)), plain.mahalanobis(X), rtol=1e-7)
    if kind in SHARED:
        assert_allclose(stored.transform(make(X)), plain.transform(X), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("kind", TYPES)
def test_float32_stays_float32(kind):
    X, y = load_iris(return_X_y=True)
    model = GaussianGenerativeClassifier(kind).fit(X.astype(np.float32), y)
    double = GaussianGenerativeClassifier(kind).fit(X.astype(np.float32).astype(float), y)
    X32 = X.astype(np.float32)
    for method in ("predict_proba", "predict_log_proba", "decision_function", "score_samples"):
        found = getattr(model, method)(X32)
        assert found.dtype == np.float32
        assert_allclose(found, getattr(double, method)(X32.astype(float)), rtol=1e-3, atol=1e-5)
    names = ["means_", "covariance_"] + (["coef_", "intercept_"] if kind in SHARED else [])
    assert all(getattr(model, name).dtype == np.float32 for name in names)
    assert model.sample(3, random_state=0)[0].dtype == np.float32


@pytest.mark.parametrize("labels", [["no", "yes"], [False, True], [3, 7], [-1.0, 2.0]])
def test_labels_of_any_type(labels):
    X, y = load_breast_cancer(return_X_y=True)
    model = GaussianGenerativeClassifier().fit(X, np.array(labels)[y])
    assert_array_equal(model.classes_, labels)
    assert_array_equal(
        model.predict(X), np.array(labels)[GaussianGenerativeClassifier().fit(X, y).predict(X)]
    )


def test_a_failed_fit_leaves_the_old_model():
    X, y = load_iris(return_X_y=True)
    model = GaussianGenerativeClassifier().fit(X, y)
    before = dict(vars(model))
    bad = X.copy()
    bad[3, 2] = np.nan
    for call, message in [
        (lambda: model.fit(bad, y), "NaN"),
        (lambda: model.partial_fit(bad, y), "NaN"),
        (lambda: model.fit(X, np.zeros(150)), "one class"),
        (lambda: model.fit(X[:, :2] * 1e200, y), "overflow"),
        (lambda: model.partial_fit(X, y, sample_weight=np.zeros(150)), "zero"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
        assert vars(model).keys() == before.keys()
        assert all(vars(model)[name] is before[name] for name in before)


@pytest.mark.parametrize("kind", ["full", "diag", "spherical"])
def test_only_tied_types_transform(kind):
    X, y = load_iris(return_X_y=True)
    model = GaussianGenerativeClassifier(kind).fit(X, y)
    for name in ("transform", "fit_transform", "get_feature_names_out", "to_logistic"):
        with pytest.raises(AttributeError):
            getattr(model, name)
    assert not hasattr(model, "coef_")
    refitted = GaussianGenerativeClassifier().fit(X, y).set_params(covariance_type=kind).fit(X, y)
    assert not hasattr(refitted, "coef_")


def test_a_parameter_changed_after_fit_waits_for_the_next():
    X, y = load_iris(return_X_y=True)
    for before, after in permutations(["tied", "full", "diag", "tied_diag"], 2):
        model = GaussianGenerativeClassifier(before).fit(X, y)
        expected = model.predict_proba(X)
        model.set_params(covariance_type=after)
        assert_array_equal(model.predict_proba(X), expected)
        assert_array_equal(model.with_priors(model.class_prior_).predict_proba(X), expected)
        if before in ("full", "diag") and after in SHARED:
            with pytest.raises(ValueError, match="fit anew"):
                model.transform(X)
            with pytest.raises(NotFittedError):
                model.to_logistic()


def test_transform_in_a_pipeline_keeps_names():
    X, y = load_iris(return_X_y=True, as_frame=True)
    pipeline = make_pipeline(GaussianGenerativeClassifier(), GaussianNB())
    pipeline.set_output(transform="pandas").fit(X, y)
    assert list(pipeline[:-1].transform(X).columns) == [
        "gaussiangenerativeclassifier0",
        "gaussiangenerativeclassifier1",
    ]


def test_pickles_keep_learning():
    X, y = load_wine(return_X_y=True)
    half = GaussianGenerativeClassifier().fit(X[::2], y[::2])
    restored = pickle.loads(pickle.dumps(half)).partial_fit(X[1::2], y[1::2])
    whole = GaussianGenerativeClassifier().fit(X, y)
    assert max_change(restored.predict_proba(X), whole.predict_proba(X)) < 1e-12


# Missing values


def marginal_oracle(model, X):
    """Posterior of each row from the sub-vectors and sub-matrices of what is known."""
    K, joint = len(model.classes_), np.zeros((len(X), len(model.classes_)))
    for i, x in enumerate(X):
        known = ~np.isnan(x)
        for k in range(K):
            S = model.covariance_ if model.covariance_type in SHARED else model.covariance_[k]
            S = np.diag(np.full(len(x), S) if S.ndim == 0 else S) if S.ndim < 2 else S
            log = 0.0
            if known.any():
                S, mean = S[np.ix_(known, known)], model.means_[k, known]
                log = multivariate_normal(mean, S).logpdf(x[known])
            joint[i, k] = np.log(model.class_prior_[k]) + log
    return joint


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("classes", [2, 3])
def test_missing_values_are_integrated_out(kind, classes):
    X, y = load_iris(return_X_y=True)
    X, y = X[y < classes], y[y < classes]
    model = GaussianGenerativeClassifier(kind, allow_nan=True).fit(X, y)
    holes = X.copy()
    holes[np.random.default_rng(0).random(X.shape) < 0.4] = np.nan
    holes[0] = np.nan
    joint = marginal_oracle(model, holes)
    log_density = np.logaddexp.reduce(joint, axis=1)
    assert_allclose(model.predict_proba(holes), np.exp(joint - log_density[:, None]), atol=1e-10)
    assert_allclose(model.score_samples(holes), log_density, rtol=1e-10, atol=1e-10)
    assert_allclose(model.predict_proba(holes[:1]), [model.class_prior_])
    with pytest.raises(ValueError, match="NaN"):
        GaussianGenerativeClassifier(kind).fit(X, y).predict(holes)
    incomplete = np.isnan(holes).any(axis=1)
    assert_array_equal(np.isnan(model.mahalanobis(holes)).all(axis=1), incomplete)


@pytest.mark.parametrize("kind", ["diag", "tied_diag"])
def test_diagonal_types_learn_from_the_values_that_are_there(kind):
    X, y = load_iris(return_X_y=True)
    X[np.random.default_rng(0).random(X.shape) < 0.3] = np.nan
    model = GaussianGenerativeClassifier(kind, allow_nan=True).fit(X, y)
    var = np.array([np.nanvar(X[y == k], axis=0) for k in range(3)])
    known = np.array([(~np.isnan(X[y == k])).sum(axis=0) for k in range(3)])
    if kind == "tied_diag":
        var = (known * var).sum(axis=0) / known.sum(axis=0)
    assert_allclose(model.covariance_, var, rtol=1e-12)
    assert_allclose(model.means_, [np.nanmean(X[y == k], axis=0) for k in range(3)], rtol=1e-12)
    assert_allclose(model.class_prior_, 1 / 3)
    stream = GaussianGenerativeClassifier(kind, allow_nan=True)
    for i in np.array_split(np.random.default_rng(1).permutation(150), 6):
        stream.partial_fit(X[i], y[i])
    assert max_change(stream.predict_proba(X), model.predict_proba(X)) < 1e-12
    X[y == 1, 2] = np.nan  # nothing known of a feature in one class
    model.fit(X, y)
    assert np.isfinite(model.predict_log_proba(X)).all()


@pytest.mark.parametrize("kind", ["tied", "full"])
@pytest.mark.parametrize("seed", range(5))
def test_missing_values_beside_a_redundant_column(kind, seed):
    rng = np.random.default_rng(seed)
    y = np.arange(300) % 2
    X = rng.normal(size=(300, 4)) @ rng.normal(size=(4, 4)) + y[:, None]
    with_sum = np.column_stack([X, X[:, :2].sum(axis=1)])
    P = []
    for rows in (X, with_sum):
        model = GaussianGenerativeClassifier(kind, allow_nan=True).fit(rows, y)
        rows = rows.copy()
        rows[:, 3] = np.nan
        P.append(model.predict_proba(rows))
    assert max_change(*P) < 1e-8


@pytest.mark.parametrize("kind", ["tied", "full"])
@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_redundant_column_stands_in_for_a_missing_one(kind, missing):
    rng = np.random.default_rng(0)
    y = np.arange(300) % 2
    X = rng.normal(size=(300, 2)) * [10, 1] + y[:, None]
    X = np.column_stack([X.sum(axis=1), X])  # each is told by the two others
    P = GaussianGenerativeClassifier(kind).fit(X[:, 1:], y).predict_proba(X[:, 1:])
    model = GaussianGenerativeClassifier(kind, allow_nan=True).fit(X, y)
    X[:, missing] = np.nan
    assert max_change(model.predict_proba(X), P) < 1e-8


@pytest.mark.parametrize("kind", ["tied", "full"])
@pytest.mark.parametrize("seed", range(10))
def test_rounding_beside_a_redundant_column_changes_little(kind, seed):
    """Rows off the span by rounding are those on the span, whatever whitening magnifies."""
    rng = np.random.default_rng(seed)
    y = np.arange(1000) % 2
    X = rng.normal(size=(1000, 4)) @ rng.normal(size=(4, 4)) + rng.normal(size=(2, 4))[y]
    with_sum = np.column_stack([X, X.sum(axis=1)])
    P = GaussianGenerativeClassifier(kind).fit(X, y).predict_proba(X)
    model = GaussianGenerativeClassifier(kind).fit(with_sum, y)
    assert max_change(model.predict_proba(with_sum), P) < 1e-8
    assert max_change(model.predict_proba(np.round(with_sum, 5)), P) < 1e-3
    drawn, k = model.sample(500, random_state=0)
    assert model.mahalanobis(drawn)[np.arange(500), k].mean() < 5  # 4 directions
    single, alone = with_sum.astype(np.float32), X.astype(np.float32)
    pair = [GaussianGenerativeClassifier(kind).fit(Z, y).predict_proba(Z) for Z in (single, alone)]
    assert max_change(*pair) < 1e-4


@pytest.mark.parametrize("missing", [0, 0.4])
@pytest.mark.parametrize("outlier", [False, True])
def test_variances_far_from_the_origin(missing, outlier):
    rng = np.random.default_rng(0)
    y, X = rng.integers(2, size=300), rng.normal(size=(300, 3)) + 1e6
    X[rng.random(X.shape) < missing] = np.nan
    if outlier:  # beside which the other class is narrow
        X[y.argmax()] = 0
    model = GaussianGenerativeClassifier("diag", allow_nan=True, reg_covar=0).fit(X, y)
    long = X.astype(np.longdouble)
    assert_allclose(
        model.covariance_, [np.nanvar(long[y == k], axis=0) for k in (0, 1)], rtol=1e-13
    )


@pytest.mark.parametrize("kind", ["diag", "tied_diag", "spherical"])
def test_a_feature_unknown_in_a_class_says_nothing_of_it_whatever_the_weights(kind):
    rng = np.random.default_rng(0)
    y, X = rng.integers(2, size=500), rng.normal(size=(500, 2))
    X[y == 0, 1] = np.nan
    model = GaussianGenerativeClassifier(kind, allow_nan=True).fit(X, y)
    for weight in (0.1, 1e-200):
        light = clone(model).fit(X, y, np.full(500, weight))
        assert max_change(light.predict_proba([[0, 1]]), model.predict_proba([[0, 1]])) < 1e-12


def test_the_single_variance_of_a_class_is_that_of_maximum_likelihood():
    """All known values of a class, each about the mean of its feature, divided by their number."""
    X, y = load_iris(return_X_y=True)
    X[np.random.default_rng(0).random(X.shape) < 0.3] = np.nan
    X[y == 0, 1] = np.nan
    model = GaussianGenerativeClassifier("spherical", allow_nan=True).fit(X, y)
    means = np.array(
        [[np.nanmean(x) if k or j != 1 else 0 for j, x in enumerate(X[y == k].T)] for k in range(3)]
    )
    assert_allclose(model.covariance_, [np.nanmean((X - means[y])[y == k] ** 2) for k in range(3)])
    changed = X.copy()
    changed[:, 1] = 2.0  # known in prediction: then each class needs a variance for it
    S = model.covariance_
    squares = (changed - model.means_[:, None]) ** 2
    joint = -0.5 * np.nansum(squares, axis=2) / S[:, None]
    joint -= 0.5 * np.log(S)[:, None] * (~np.isnan(changed)).sum(axis=1)
    expected = np.exp(joint) * model.class_prior_[:, None]
    assert_allclose(model.predict_proba(changed), (expected / expected.sum(axis=0)).T, atol=1e-12)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("classes", [2, 3])
def test_missing_values_may_be_stored_sparsely(kind, classes):
    X, y = load_iris(return_X_y=True)
    model = GaussianGenerativeClassifier(kind, allow_nan=True).fit(X[y < classes], y[y < classes])
    X[np.random.default_rng(0).random(X.shape) < 0.4] = np.nan
    for stored in (sparse.csr_array(X), sparse.csr_matrix(X)):
        assert max_change(model.predict_proba(stored), model.predict_proba(X)) < 1e-12


@pytest.mark.parametrize("kind", ["tied", "full"])
@pytest.mark.parametrize("c", [1e4, 1e6])
def test_missing_values_beside_columns_that_nearly_agree(kind, c):
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=1000)
    X = rng.standard_normal((1000, 4)) + 0.5 * y[:, None]
    X[:, 1] = X[:, 0] + X[:, 1] / c
    reference = GaussianGenerativeClassifier(kind).fit(X[:, :3], y)
    model = GaussianGenerativeClassifier(kind, allow_nan=True).fit(X, y)
    known, X[:, 3] = X[:, :3].copy(), np.nan
    assert max_change(model.predict_proba(X), reference.predict_proba(known)) < 1e-8
    assert_allclose(model.score_samples(X), reference.score_samples(known), atol=1e-7)


@pytest.mark.parametrize("kind", ["tied", "full"])
@pytest.mark.parametrize("constant", [0.0, 3.7, -0.12675079303338618, 125764561.47905578])
@pytest.mark.parametrize("stream", [False, True])
def test_missing_values_beside_a_constant_column(kind, constant, stream):
    """What rounding leaves of a constant column is no variance to judge rows by."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=700)
    X = rng.standard_normal((700, 4)) @ rng.standard_normal((4, 4)) + 0.5 * y[:, None]
    X[:, 1] = X[:, 0] + 1e-4 * X[:, 1]
    P, S = [], []
    for rows in (X, np.column_stack([X, np.full(700, constant)])):
        model = GaussianGenerativeClassifier(kind, allow_nan=True)
        for part in np.array_split(np.arange(700), 3 if stream else 1):
            model.partial_fit(rows[part], y[part])
        missing = np.random.default_rng(1).random((700, 5))[:, : rows.shape[1]] < 0.3
        rows = np.where(missing, np.nan, rows)
        P.append(model.predict_proba(rows))
        S.append(model.score_samples(rows))
    assert max_change(*P) < 1e-8
    assert_allclose(*S, atol=1e-6)


@pytest.mark.parametrize("kind", ["tied", "full"])
def test_missing_values_where_every_column_is_constant(kind):
    X, y = np.ones((6, 2)), np.array([0, 1, 1, 0, 1, 1])
    model = GaussianGenerativeClassifier(kind, allow_nan=True).fit(X, y)
    X[::2, 0] = np.nan
    assert_allclose(model.predict_proba(X), [[1 / 3, 2 / 3]] * 6)


@pytest.mark.parametrize("kind", ["tied", "full"])
def test_correlations_cannot_be_learnt_from_incomplete_rows(kind):
    X, y = load_iris(return_X_y=True)
    X[0, 0] = np.nan
    with pytest.raises(ValueError, match="diagonal type"):
        GaussianGenerativeClassifier(kind, allow_nan=True).fit(X, y)


# Search


GRID = [
    {"covariance_type": ["full", "diag"], "pooling": [0, 0.3, 1], "shrinkage": [None, "auto", 0.2]},
    {"covariance_type": ["tied"], "shrinkage": [None, "auto", 0.2], "reg_covar": [1e-6, 0.1]},
]


@pytest.mark.parametrize(
    "cv", [None, 3, KFold(4, shuffle=True, random_state=0), ShuffleSplit(3, random_state=0)]
)
@pytest.mark.parametrize("scoring", [None, "neg_log_loss"])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_search_gives_the_scores_of_grid_search(cv, scoring, weighted):
    X, y = load_wine(return_X_y=True)
    w = np.random.default_rng(0).uniform(0.1, 2, len(X)) if weighted else None
    plain = GaussianGenerativeClassifier()
    rival = GridSearchCV(plain, GRID, cv=cv, scoring=scoring).fit(X, y, sample_weight=w)
    found = gaussian_grid_search(plain, X, y, GRID, cv=cv, scoring=scoring, sample_weight=w)
    for name in ("mean_test_score", "std_test_score", "split0_test_score"):
        assert_allclose(found.cv_results_[name], rival.cv_results_[name], rtol=0, atol=1e-12)
    assert found.cv_results_["rank_test_score"][found.best_index_] == 1
    assert found.cv_results_["params"] == rival.cv_results_["params"]
    assert found.best_params_ == rival.best_params_
    expected = rival.best_estimator_
    assert found.best_estimator_.get_params() == expected.get_params()
    assert max_change(found.best_estimator_.predict_proba(X), expected.predict_proba(X)) < 1e-12
    assert not hasattr(plain, "classes_")


def test_the_search_reads_each_row_once(monkeypatch):
    X, y = load_wine(return_X_y=True)
    read = []
    monkeypatch.setattr(
        "sklearn_lhy.gaussian.gather",
        lambda X, *args, **kw: (read.append(len(X)), gather(X, *args, **kw))[1],
    )
    grid = {"shrinkage": [None, 0.1, 0.2, 0.5], "pooling": [0, 0.5, 1]}
    gaussian_grid_search(GaussianGenerativeClassifier("full"), X, y, grid)
    assert sum(read) == len(X)


# Other estimators of this package


def objective(model, X, y):
    return len(y) * log_loss(y, model.predict_proba(X)) + (model.coef_**2).sum() / 2


@pytest.mark.parametrize("classes", [2, 3])
def test_the_same_rule_as_a_logistic_regression(classes):
    """[L16-L17] the same function set; descent can go on from the generative solution."""
    X, y = standardised(load_iris)
    X, y = X[y >= 3 - classes], y[y >= 3 - classes]
    model = GaussianGenerativeClassifier().fit(X, y)
    logistic = model.to_logistic()
    assert type(logistic).__name__ == ("GDLogisticRegression" if classes == 2 else "SoftmaxGD")
    assert_array_equal(logistic.coef_, model.coef_)
    assert_allclose(logistic.predict_proba(X), model.predict_proba(X), rtol=1e-12)
    before = model.coef_.copy()
    start = objective(logistic, X, y)
    logistic.set_params(warm_start=True).fit(X, y)
    assert objective(logistic, X, y) < start
    assert_array_equal(model.coef_, before)
    named = GaussianGenerativeClassifier().fit(pd.DataFrame(X, columns=list("abcd")), y)
    assert list(named.to_logistic().feature_names_in_) == list("abcd")


@pytest.mark.parametrize("scoring", [None, "neg_log_loss"])
def test_the_search_keeps_classes_without_weight(scoring):
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    X, weight = rng.normal(size=(90, 3)) + y[:, None], np.where(y == 2, 0.0, 1.0)
    plain = GaussianGenerativeClassifier("full", priors=[0.4, 0.4, 0.2])
    with config_context(enable_metadata_routing=True):
        routed = clone(plain).set_fit_request(sample_weight=True)
        scorer = get_scorer(scoring or "accuracy").set_score_request(sample_weight=True)
        slow = GridSearchCV(routed, {"pooling": [0, 0.5]}, scoring=scorer, error_score="raise")
        slow.fit(X, y, sample_weight=weight)
    fast = gaussian_grid_search(
        plain, X, y, {"pooling": [0, 0.5]}, scoring=scoring, sample_weight=weight
    )
    assert_allclose(
        fast.cv_results_["mean_test_score"], slow.cv_results_["mean_test_score"], rtol=1e-10
    )


def test_priors_are_copied_and_must_name_a_class_with_rows():
    X, y = load_iris(return_X_y=True)
    priors = np.array([0.2, 0.3, 0.5])
    model = GaussianGenerativeClassifier("full", priors=priors).fit(X, y)
    before = model.predict_proba(X)
    priors[:] = [0.98, 0.01, 0.01]
    assert_array_equal(model.predict_proba(X), before)
    model = GaussianGenerativeClassifier(priors=[0, 0, 1])
    with pytest.raises(ValueError, match="without rows"):
        model.partial_fit(X[y < 2], y[y < 2], classes=[0, 1, 2])


def test_transform_is_centred_before_it_is_projected():
    X, y = load_iris(return_X_y=True)
    model = GaussianGenerativeClassifier()
    near = model.fit(X, y).transform(X)
    far = (X + 1e5).astype(np.float32)
    assert_allclose(
        GaussianGenerativeClassifier().fit(far, y).transform(far),
        GaussianGenerativeClassifier().fit(far - np.float32(1e5), y).transform(far - 1e5),
        atol=1e-4,
    )
    assert_allclose(near.T @ near / 150 - np.diag(near.var(axis=0)), 0, atol=1e-10)


def test_late_classes_of_a_whitened_stream():
    rng = np.random.default_rng(0)
    y = np.arange(2000) % 2
    y[-40:] = 2 + np.arange(40) % 2
    X, late = rng.normal(size=(2000, 3)), y > 1
    X[:, 2] = X[:, 0] + X[:, 1] + 0.01 * X[:, 2]
    X[-40:, 2] += 30
    X[y == 3, 2] += 0.01
    whole = GaussianGenerativeClassifier("full").fit(X, y)
    stream = GaussianGenerativeClassifier("full").partial_fit(X[~late], y[~late])
    stream.partial_fit(X[late], y[late])
    between = X[late] + rng.normal(size=(40, 3)) * [0, 0, 0.01]
    assert max_change(stream.predict_proba(between), whole.predict_proba(between)) < 1e-11


@pytest.mark.parametrize("pooling", [0.5, 1.0])
def test_pooling_covers_a_feature_unknown_in_a_class(pooling):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(43, 2)), np.append(np.arange(40) % 2, [2, 2, 2])
    X[y == 1, 0] += 5
    X[y == 2, 0] = np.nan
    model = GaussianGenerativeClassifier("diag", pooling=pooling, allow_nan=True).fit(X, y)
    shared = GaussianGenerativeClassifier("tied_diag", allow_nan=True).fit(X, y).covariance_
    assert_allclose(model.covariance_[2, 0], shared[0])


@pytest.mark.parametrize("kind", SHARED)
def test_decisions_about_incomplete_rows_are_on_the_scale_of_complete_ones(kind):
    """A feature that says nothing may as well be missing."""
    rng = np.random.default_rng(0)
    y = np.arange(3000) % 3
    X = np.column_stack([rng.normal(size=3000) + 2 * y, np.tile([-1.0, 1.0], 1500)])
    X = np.vstack([X, X * [1, -1]])  # the second feature is independent of all else
    y = np.tile(y, 2)
    model = GaussianGenerativeClassifier(kind, allow_nan=True).fit(X, y)
    holes = X.copy()
    holes[:, 1] = np.nan
    assert_allclose(model.decision_function(holes), model.decision_function(X), atol=1e-9)


def test_covariances_of_single_precision_may_exceed_its_range():
    X, y = load_iris(return_X_y=True)
    model = GaussianGenerativeClassifier("diag").fit((X * 1e22).astype(np.float32), y)
    assert np.isfinite(model.covariance_).all()
    assert model.score((X * 1e22).astype(np.float32), y) > 0.9


@pytest.mark.parametrize("kind", ["diag", "tied_diag"])
def test_shrinkage_of_variances_goes_to_their_mean(kind):
    X, y = load_iris(return_X_y=True)
    own = GaussianGenerativeClassifier(kind, reg_covar=0).fit(X, y).covariance_
    shrunk = GaussianGenerativeClassifier(kind, shrinkage=0.3, reg_covar=0).fit(X, y).covariance_
    assert_allclose(shrunk, 0.7 * own + 0.3 * own.mean(axis=-1, keepdims=True))
