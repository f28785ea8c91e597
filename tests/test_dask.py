"""The same call on Dask collections and on memory-mapped files as on arrays in memory."""

import logging
import subprocess
import sys
import tracemalloc
import warnings

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lhy import (
    GaussianGenerativeClassifier,
    GDLogisticRegression,
    SoftmaxGD,
    StackedLogisticMLP,
    _parts,
)
from sklearn_lhy._rows import blocks_of

LINEAR = [GDLogisticRegression(), SoftmaxGD()]
NETWORK = StackedLogisticMLP((8,), alpha=1.0, random_state=0, tol=1e-9, max_iter=600)
NEAR = 1e-3  # of probabilities: a network that starts elsewhere stops a little elsewhere
TYPES = ["tied", "full", "diag", "tied_diag", "spherical"]


def name(value):
    """The class of a model as the id of a test."""
    return type(value).__name__ if hasattr(value, "fit") else None


@pytest.fixture(autouse=True)
def in_this_thread():
    """Run every task here, in order."""
    with dask.config.set(scheduler="synchronous"):
        yield


@pytest.fixture
def rounds():
    """The rounds over all blocks that were taken, as a list to look at or to clear."""
    taken, logger = [], logging.getLogger("sklearn_lhy.dask")
    handler = logging.Handler()
    handler.emit = taken.append
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield taken
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def data(n=3000, d=6, K=2, condition=1.0, seed=0):
    """Overlapping Gaussian classes, off the origin."""
    rng = np.random.default_rng(seed)
    y = rng.integers(K, size=n)
    X = rng.normal(size=(n, d)) + 0.7 * rng.normal(size=(K, d))[y]
    U, V = (np.linalg.qr(rng.normal(size=(d, d)))[0] for _ in range(2))
    return (X @ U * np.geomspace(1, condition, d)) @ V + 3, y


def chunked(X, y, rows=700, labels=None):
    return da.from_array(X, chunks=(rows, -1)), da.from_array(y, chunks=labels or rows)


# ---- fits equal those in memory -----------------------------------------------------------------


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("shrinkage", [None, "auto"])
def test_gaussian_equals_in_memory_in_one_round(kind, shrinkage, rounds):
    X, y = data(K=3)
    model = GaussianGenerativeClassifier(kind, shrinkage=shrinkage)
    expected = model.fit(X, y).predict_proba(X)
    model.fit(*chunked(X, y, 700, 450))
    assert len(rounds) == 1
    np.testing.assert_allclose(model.predict_proba(X), expected, rtol=0, atol=1e-10)
    assert type(model.means_) is np.ndarray


@pytest.mark.parametrize(("rows", "most"), [(1500, 1), (8, 2), ((3000, 10, 2990), 2)])
def test_gaussian_on_badly_conditioned_rows(rows, most, rounds):
    """Blocks too small to find it out are gathered twice, and then to full precision."""
    X, y = data(n=6000, condition=1e6)
    expected = GaussianGenerativeClassifier().fit(X, y).predict_proba(X)
    model = GaussianGenerativeClassifier().fit(*chunked(X, y, rows))
    assert len(rounds) == most
    np.testing.assert_allclose(model.predict_proba(X), expected, rtol=0, atol=1e-9)


def test_gaussian_partial_fit_equals_fit():
    X, y = data(K=3)
    whole = GaussianGenerativeClassifier("full").fit(X, y)
    model = GaussianGenerativeClassifier("full")
    for part in (slice(0, 1000), slice(1000, None)):
        model.partial_fit(*chunked(X[part], y[part], 300), classes=[0, 1, 2])
    np.testing.assert_allclose(model.covariance_, whole.covariance_, atol=1e-13)


@pytest.mark.parametrize("model", LINEAR, ids=name)
@pytest.mark.parametrize("condition", [1.0, 1e4])
@pytest.mark.parametrize("weighted", [False, True])
def test_linear_models_reach_the_optimum_in_few_rounds(model, condition, weighted, rounds):
    """One round for a sample of rows, and at most ten over all of them."""
    X, y = data(n=60_000, condition=condition)
    weight = np.random.default_rng(1).integers(3, size=len(y)) if weighted else None
    model = model.set_params(class_weight="balanced" if weighted else None)
    expected = model.fit(X, y, weight).loss_curve_[-1]
    P = model.predict_proba(X)
    model.fit(*chunked(X, y, 9000, 5500), weight)
    assert abs(model.loss_curve_[-1] - expected) < 1e-8 and model.converged_
    np.testing.assert_allclose(model.predict_proba(X), P, rtol=0, atol=1e-6)
    assert len(rounds) <= 11


def test_softmax_of_many_classes(rounds):
    X, y = data(n=60_000, K=5)
    expected = SoftmaxGD().fit(X, y)
    model = SoftmaxGD().fit(*chunked(X, y, 9000))
    np.testing.assert_allclose(model.coef_, expected.coef_, atol=1e-6)
    assert len(rounds) <= 11


def test_network_goes_on_where_the_fit_in_memory_stands():
    """Of one start the descents on all rows are the same, but for rounding."""
    X, y = data(n=3000, d=3, K=3)
    start = StackedLogisticMLP((4,), alpha=0.1, random_state=0, max_iter=300).fit(X[:500], y[:500])
    init = {"coefs_init": start.coefs_, "intercepts_init": start.intercepts_}
    model = StackedLogisticMLP((4,), alpha=0.1, random_state=0, tol=1e-8)
    expected = model.fit(X, y, **init).loss_curve_[-1]
    model.fit(*chunked(X, y, 700, 450), **init)
    assert model.loss_curve_[-1] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("y", ["two", "three"])
def test_network_from_its_own_start(y, rounds):
    """All rows are in the sample, so the descent on it has found the optimum."""
    X, y = data(n=2000, d=3, K=2 if y == "two" else 3)
    expected = NETWORK.fit(X, y).loss_curve_[-1]
    model = NETWORK.fit(*chunked(X, y, 450))
    assert model.loss_curve_[-1] == pytest.approx(expected, rel=1e-5)
    assert len(rounds) <= 2 * model.n_iter_ + 4


def test_network_without_hidden_layers_is_logistic_regression():
    X, y = data()
    expected = GDLogisticRegression().fit(X, y)
    network = StackedLogisticMLP((), alpha=1.0).fit(*chunked(X, y))
    np.testing.assert_allclose(network.coefs_[0].T, expected.coef_, atol=1e-6)


def test_warm_start_goes_on():
    X, y = data()
    model = GDLogisticRegression(warm_start=True).fit(*chunked(X, y))
    expected = model.coef_
    np.testing.assert_allclose(model.fit(*chunked(X, y)).coef_, expected, atol=1e-7)
    assert model.n_iter_ <= 2


@pytest.mark.parametrize("positive", [1.0, 0.6])
def test_blocks_send_few_rows_and_the_sample_is_that_of_all(positive, monkeypatch):
    """Of rows whose number is known a block sends its share; of others all that could be chosen."""
    monkeypatch.setattr("sklearn_lhy._parts.SAMPLE_ROWS", 2000)
    survey, sent = _parts._survey_block, []

    def watched(*args):
        found = survey(*args)
        sent.append(len(found.y))
        return found

    monkeypatch.setattr("sklearn_lhy._parts._survey_block", watched)
    X, y = data(n=100_000)
    y[:3] = 2  # a class of three rows
    weight = (np.random.default_rng(1).random(len(y)) < positive).astype(float)
    weight[:3] = 1
    lazy, labels = chunked(X, y, 5000)
    weights = da.from_array(weight, chunks=5000)
    few = _parts.Parts(blocks_of(lazy, labels, weights), {}, "")
    assert max(sent) < 2 * (2000 * _parts.SPARE / 20 + 2 * _parts.LEAST_OF_CLASS)
    keep = da.from_array(np.ones(len(y), bool), chunks=5000)
    many = _parts.Parts(blocks_of(lazy[keep], labels[keep], weights[keep]), {}, "")
    assert max(sent) >= 2000
    for a, b in zip(few.data, many.data, strict=True):
        np.testing.assert_array_equal(a, b)
    assert 2000 <= len(few.data[0]) <= 2003 and (few.data[1] == 2).sum() == 3
    assert few.data[2].sum() == pytest.approx(weight.sum())


# ---- predictions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model",
    [GaussianGenerativeClassifier(), GaussianGenerativeClassifier("full"), *LINEAR, NETWORK],
    ids=name,
)
def test_predictions_on_dask_are_lazy_and_equal(model):
    X, y = data(n=500)
    y = np.array(["no", "yes"])[y]
    model.fit(X, y)
    lazy = da.from_array(X, chunks=((100, 0, 400), (2, 4)))
    methods = ["predict", "predict_proba", "predict_log_proba", "decision_function", "transform"]
    for method in filter(lambda m: hasattr(model, m), methods):
        expected, found = getattr(model, method)(X), getattr(model, method)(lazy)
        assert isinstance(found, da.Array) and found.dtype == expected.dtype, method
        assert found.shape == expected.shape, method
        np.testing.assert_allclose(found.compute(), expected, atol=1e-12) if (
            found.dtype.kind == "f"
        ) else np.testing.assert_array_equal(found.compute(), expected)
    assert model.score(lazy, da.from_array(y, chunks=90)) == model.score(X, y)


def test_layers_on_dask_are_lazy_by_name_and_by_position():
    X, y = data(n=500)
    model = StackedLogisticMLP((4, 3), alpha=1.0, random_state=0).fit(X, y)
    expected, lazy = model.layer_output(X, 0), da.from_array(X, chunks=(100, -1))
    for found in (model.layer_output(lazy, 0), model.layer_output(lazy, layer=0)):
        assert isinstance(found, da.Array)
        np.testing.assert_allclose(found.compute(), expected, atol=1e-12)


def test_a_later_fit_does_not_change_a_lazy_prediction():
    X, y = data(n=500)
    model = GDLogisticRegression().fit(X, y)
    expected, lazy = model.predict(X), model.predict(da.from_array(X, chunks=(100, -1)))
    model.fit(X, 1 - y)
    np.testing.assert_array_equal(lazy.compute(), expected)


# ---- what Dask arrays may be like ---------------------------------------------------------------

EACH = [GaussianGenerativeClassifier(), GDLogisticRegression(), NETWORK]


@pytest.mark.parametrize("model", EACH, ids=name)
@pytest.mark.parametrize(
    "chunks",
    [((2000,), (3, 3)), ((1000, 0, 1000), (6,)), ((1, 1999), (6,)), ((2000,), (6,))],
    ids=["columns", "empty", "single", "one"],
)
def test_chunks_of_any_kind(model, chunks):
    X, y = data(n=2000)
    expected = model.fit(X, y).predict_proba(X)
    model.fit(da.from_array(X, chunks=chunks), da.from_array(y, chunks=300))
    np.testing.assert_allclose(model.predict_proba(X), expected, atol=NEAR)


@pytest.mark.parametrize("model", EACH, ids=name)
def test_unknown_chunk_sizes(model):
    X, y = data(n=2000)
    expected = model.fit(X[X[:, 0] > 1], y[X[:, 0] > 1]).predict_proba(X)
    lazy, labels = chunked(X, y, 500)
    keep = lazy[:, 0] > 1
    model.fit(lazy[keep], labels[keep])
    np.testing.assert_allclose(model.predict_proba(X), expected, atol=NEAR)
    with pytest.raises(ValueError, match=r"Block \d of X has .* compute_chunk_sizes"):
        model.fit(lazy[keep], labels)
    with pytest.raises(ValueError, match=r"X has 4 blocks and y 8.* compute_chunk_sizes"):
        model.fit(lazy[keep], labels.rechunk(250)[keep.rechunk(250)])
    with pytest.raises(TypeError, match=r"y an array: call X.compute_chunk_sizes\(\)"):
        model.fit(lazy[keep], y)


@pytest.mark.parametrize("model", EACH, ids=name)
def test_lengths_that_differ_are_refused(model):
    X, y = data(n=2000)
    lazy, labels = chunked(X, y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples: X has 2000 rows, y 1"):
        model.fit(lazy, labels[:-1])
    with pytest.raises(ValueError, match="sample_weight 3"):
        model.fit(lazy, labels, np.ones(3))


@pytest.mark.parametrize("model", [GaussianGenerativeClassifier(), SoftmaxGD(), NETWORK], ids=name)
def test_classes_that_chunks_lack_and_rare_classes(model):
    """Rows ordered by class, and a class of three rows that no small sample would hold."""
    X, y = data(n=3000, K=3)
    y[y == 2] = 1
    y[:3] = 2
    order = np.argsort(y)
    X, y = X[order], np.array(["a", "bb", "ccc"], object)[y[order]]
    expected = model.fit(X, y).predict_proba(X)
    model.fit(*chunked(X, y, 400))
    assert list(model.classes_) == ["a", "bb", "ccc"]
    np.testing.assert_allclose(model.predict_proba(X), expected, atol=1e-3)


@pytest.mark.parametrize("model", EACH, ids=name)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_value_that_is_not_finite_is_found_in_its_block(model, bad, rounds):
    X, y = data(n=2000)
    X[1234, 3] = bad
    with pytest.raises(ValueError, match="Block 2 of the rows: Input X contains"):
        model.fit(*chunked(X, y, 500))
    assert len(rounds) == 1


@pytest.mark.parametrize("model", EACH, ids=name)
def test_targets_and_weights_that_are_unfit(model):
    X, y = data(n=2000)
    lazy, labels = chunked(X, y, 500)
    with pytest.raises(ValueError, match=r"Block \d .*Unknown label type"):
        model.fit(lazy, lazy[:, 0])
    with pytest.raises(ValueError, match="one class only"):
        model.fit(lazy, da.zeros_like(labels))
    with pytest.raises(ValueError, match="Block 1 .*Negative values"):
        model.fit(lazy, labels, np.where(np.arange(2000) == 700, -1, 1))
    with pytest.raises(ValueError, match="weight"):
        model.fit(lazy, labels, np.zeros(2000))
    with pytest.raises(TypeError, match="y has 2 dimensions"):
        model.fit(lazy, lazy[:, :2] > 0)
    with pytest.raises(ValueError, match="0 sample"):
        model.fit(lazy[:0], labels[:0])
    with pytest.raises(TypeError, match="two dimensions"):
        model.fit(lazy[:, 0], labels)


# not the network: equal rows change which rows its start is screened on
@pytest.mark.parametrize("model", EACH[:-1], ids=name)
def test_a_weight_counts_like_equal_rows_and_may_be_zero_in_a_block(model):
    X, y = data(n=2000)
    weight = np.random.default_rng(0).integers(3, size=2000)
    weight[500:1000] = 0
    expected = model.fit(np.repeat(X, weight, axis=0), np.repeat(y, weight)).predict_proba(X)
    model.fit(*chunked(X, y, 500), da.from_array(weight, chunks=300))
    np.testing.assert_allclose(model.predict_proba(X), expected, atol=NEAR)


@pytest.mark.parametrize("model", EACH, ids=name)
def test_sparse_chunks_stay_sparse(model):
    X, y = data(n=2000)
    X = np.where(np.abs(X - 3) < 1, 0, X)
    expected = model.fit(sparse.csr_array(X), y).predict_proba(X)
    lazy, labels = chunked(X, y, 500)
    lazy = lazy.map_blocks(sparse.csr_array)
    model.fit(lazy, labels)
    np.testing.assert_allclose(model.predict_proba(X), expected, atol=NEAR)
    np.testing.assert_allclose(model.predict_proba(lazy).compute(), model.predict_proba(X))


@pytest.mark.parametrize("model", EACH, ids=name)
def test_dataframes_keep_their_names(model):
    X, y = data(n=2000)
    frame = pd.DataFrame(X, columns=list("abcdef")).assign(label=np.array(["no", "yes"])[y])
    expected = model.fit(frame[list("abcdef")], frame["label"]).predict_proba(frame[list("abcdef")])
    lazy = dd.from_pandas(frame, npartitions=3)
    model.fit(lazy[list("abcdef")], lazy["label"])
    assert list(model.feature_names_in_) == list("abcdef")
    found = model.predict_proba(lazy[list("abcdef")])
    assert isinstance(found, da.Array)
    np.testing.assert_allclose(found.compute(), expected, atol=NEAR)
    assert set(model.predict(lazy[list("abcdef")]).compute()) == {"no", "yes"}
    with pytest.raises(ValueError, match="feature names"):
        model.predict(lazy[list("fedcba")])


def test_float32_stays():
    X, y = data(n=2000)
    lazy, labels = chunked(X.astype(np.float32), y)
    for model in (*EACH, SoftmaxGD()):
        assert model.fit(lazy, labels).predict_proba(lazy).dtype == np.float32
        assert model.predict_proba(lazy).compute().dtype == np.float32


# ---- never one array ----------------------------------------------------------------------------


def test_no_task_ever_holds_all_rows():
    """Blocks that count their rows, and an array that cannot become one of numpy's."""
    X, y = data(n=4000)
    seen = []

    def watched(block):
        seen.append(len(block))
        return block

    lazy, labels = chunked(X, y, 500)
    lazy = lazy.map_blocks(watched, meta=np.empty((0, 0)))
    for model in (*EACH, SoftmaxGD()):
        model.fit(lazy, labels)
        model.predict(lazy).compute()
        assert model.fit(lazy, labels).n_features_in_ == 6
    assert max(seen) == 500


@pytest.mark.filterwarnings("ignore:The `numpy.may_share_memory` function:FutureWarning")
@pytest.mark.parametrize("model", EACH, ids=name)
def test_what_left_dask_on_the_way_is_refused(model):
    X, y = data(n=2000)
    lazy, labels = chunked(X, y)
    with pytest.raises(TypeError, match=r"y is a Dask collection, but X .*map_blocks"):
        make_pipeline(StandardScaler(), model).fit(lazy, labels)
    with pytest.raises(TypeError, match="sample_weight is a Dask collection"):
        model.fit(X, y, labels)


RULES = [
    GDLogisticRegression(solver="gd", learning_rate=0.05, max_iter=3, tol=0),
    SoftmaxGD(solver="adam", C=0.1, max_iter=3, tol=0),
    StackedLogisticMLP((4,), solver="momentum", learning_rate=0.1, max_iter=3, random_state=0),
]


def layers_of(model):
    """Weights and intercepts in one list."""
    if hasattr(model, "coefs_"):
        return model.coefs_ + model.intercepts_
    return [model.coef_, model.intercept_]


@pytest.mark.filterwarnings("ignore:Stopped after max_iter")
@pytest.mark.parametrize("model", RULES, ids=name)
def test_rules_by_full_batches_are_those_in_memory(model):
    X, y = data()
    weight = np.random.default_rng(1).uniform(0.5, 2, len(y))
    if hasattr(model, "hidden_layer_sizes"):
        model = clone(model).set_params(batch_size=len(y))
        lazy, labels = chunked(X, y, rows=len(y))
    else:
        lazy, labels = chunked(X, y)
    expected = layers_of(model.fit(X, y, sample_weight=weight))
    found = layers_of(model.fit(lazy, labels, sample_weight=weight))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.filterwarnings("ignore:Stopped after max_iter")
def test_a_mini_batch_is_a_block():
    """Gradients by hand, block after block in the order of the seed."""
    X, y = data(n=2100)
    lazy, labels = chunked(X, y, rows=(700, 0, 700, 700))  # one is empty
    model = GDLogisticRegression(
        solver="gd", learning_rate=0.05, batch_size=700, max_iter=1, random_state=3
    )
    model.fit(lazy, labels)
    seed = np.random.RandomState(3).randint(np.iinfo(np.int32).max)
    w, b = np.zeros(6), 0.0
    for number in np.random.default_rng([seed, 0]).permutation(4):
        rows = [slice(0, 700), slice(0), slice(700, 1400), slice(1400, 2100)][number]
        error = 1 / (1 + np.exp(-X[rows] @ w - b)) - y[rows]
        step = X[rows].T @ error / max(len(error), 1) + w / len(y)
        w, b = w - 0.05 * step, b - 0.05 * error.sum() / max(len(error), 1)
    np.testing.assert_allclose(model.coef_[0], w, rtol=1e-12)
    assert model.intercept_[0] == pytest.approx(b, rel=1e-12)


def test_networks_learn_by_blocks_and_stop_early(rounds):
    X, y = data(n=4000)
    lazy, labels = chunked(X[:3000], y[:3000], rows=250)
    model = StackedLogisticMLP(
        (8,), solver="adam", early_stopping=True, n_iter_no_change=3, random_state=0
    )
    model.fit(lazy, labels, X_val=X[3000:], y_val=y[3000:])
    assert model.stop_reason_ == "early_stopping"
    assert len(rounds) == 2 + 13 * model.n_iter_  # the survey, the start; 12 blocks, the loss
    expected = GDLogisticRegression().fit(X[:3000], y[:3000]).score(X[3000:], y[3000:])
    assert model.score(X[3000:], y[3000:]) > expected - 0.02


def test_descents_that_need_the_rows_here_are_refused():
    lazy, labels = chunked(*data())
    model = SoftmaxGD(early_stopping=True)
    with pytest.raises(TypeError, match="cannot set rows aside"):
        model.fit(lazy, labels)
    with pytest.raises(TypeError, match=r"X is a .* of Dask"):
        model.partial_fit(lazy, labels, classes=[0, 1])
    model = GDLogisticRegression(solver="adam", batch_size=32)
    with pytest.raises(ValueError, match=r"rechunk X, or set batch_size=700; got batch_size=32"):
        model.fit(lazy, labels)
    assert not hasattr(model, "classes_")


@pytest.mark.parametrize("flipped", [[], [1500]])
def test_separable_is_said_of_all_rows_not_of_a_sample(flipped, monkeypatch):
    monkeypatch.setattr(_parts, "sample_size", lambda d: 100)
    monkeypatch.setattr(_parts, "LEAST_OF_CLASS", 10)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 3))
    y = X[:, 0] > 0
    X[:, 0] += np.where(y, 0.5, -0.5)
    y[flipped] ^= True
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        GDLogisticRegression(C=np.inf).fit(*chunked(X, y))
    assert any("are separable" in str(w.message) for w in said) == (not flipped)


def test_validation_rows_are_watched_and_must_be_here():
    X, y = data()
    lazy, labels = chunked(X, y)
    model = SoftmaxGD().fit(lazy, labels, X_val=X[:100], y_val=y[:100])
    assert len(model.validation_loss_curve_) == model.n_iter_
    with pytest.raises(TypeError, match=r"X is a .* of Dask"):
        model.fit(lazy, labels, X_val=lazy, y_val=labels)


def test_dask_is_imported_for_dask_collections_only():
    code = (
        "import sys, numpy as np, sklearn_lhy as s\n"
        "X, y = np.random.rand(50, 2), np.arange(50) % 2\n"
        "s.GDLogisticRegression().fit(X, y).predict(X)\n"
        "sys.exit('dask' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_memory_maps_are_read_in_blocks(tmp_path, monkeypatch):
    """The descent of a network goes by blocks where a copy of the rows would be too large."""
    X, y = data(n=20_000)
    np.save(tmp_path / "X.npy", X.astype(np.float32))
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    for model in EACH[:2]:
        expected = model.fit(X.astype(np.float32), y).coef_
        np.testing.assert_array_equal(model.fit(mapped, y).coef_, expected)
    expected = NETWORK.fit(mapped, y).loss_curve_[-1]
    monkeypatch.setattr("sklearn_lhy.stacked.LARGE", 1000)
    monkeypatch.setattr("sklearn_lhy._rows.LARGE_BLOCK_BYTES", 1 << 16)
    monkeypatch.setattr("sklearn_lhy._parts.SAMPLE_ROWS", 2000)
    model = NETWORK.fit(mapped, y)
    assert model.loss_curve_[-1] == pytest.approx(expected, rel=1e-2)
    assert model.loss_curve_[0] > model.loss_curve_[-1]


def test_a_column_that_is_constant_in_the_sample_is_learnt_from_the_others(monkeypatch):
    monkeypatch.setattr("sklearn_lhy.stacked.LARGE", 1000)
    monkeypatch.setattr("sklearn_lhy._parts.SAMPLE_ROWS", 2000)
    X, y = data(n=20_000)
    X = np.insert(X, 2, 0, axis=1)
    X[[7000, 13_000], 2] = 1
    assert StackedLogisticMLP((4,), alpha=1.0, random_state=0).fit(X, y).coefs_[0][2].any()


def test_networks_of_memory_maps_need_memory_for_blocks_and_sample_only(tmp_path, monkeypatch):
    """Four times the rows take the same memory, beside a byte for each label."""
    monkeypatch.setattr("sklearn_lhy.stacked.LARGE", 1000)
    monkeypatch.setattr("sklearn_lhy._rows.LARGE_BLOCK_BYTES", 1 << 18)
    monkeypatch.setattr("sklearn_lhy._parts.SAMPLE_ROWS", 2000)
    X, y = data(n=80_000)
    np.save(tmp_path / "X.npy", X.astype(np.float32))
    X, y = np.load(tmp_path / "X.npy", mmap_mode="r"), y.astype(np.int8)
    model, peaks = StackedLogisticMLP((8,), alpha=1.0, random_state=0), []
    for n in (20_000, 80_000):
        tracemalloc.start()
        model.fit(X[:n], y[:n])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert model.n_iter_ > 3
    assert max(peaks) < X.nbytes, "more than the file"
    assert peaks[1] < 1.2 * peaks[0] + len(y)
