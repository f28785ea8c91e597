"""Fits on a cluster of two processes: equal to those in memory, also where a worker dies."""

import logging
import os
import signal
from contextlib import suppress

import dask
import dask.array as da
import distributed
import joblib
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from sklearn_lhy import GaussianGenerativeClassifier, GDLogisticRegression, SoftmaxGD

pytestmark = [
    pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="needs signals of POSIX"),
    # distributed looks for a free port and leaves the socket that it tried to the collector
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

MODELS = [GaussianGenerativeClassifier("full"), GDLogisticRegression(), SoftmaxGD()]
LOG = logging.getLogger("sklearn_lhy.dask")


@pytest.fixture(scope="module")
def client():
    """A client of two worker processes; nannies start new ones for those that die."""
    quiet = {"distributed.logging": {"distributed": "critical"}}
    with (
        dask.config.set(quiet),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=logging.CRITICAL
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(autouse=True)
def not_for_ever():
    """Whatever takes a minute hangs."""

    def stop(*_):
        raise TimeoutError

    previous = signal.signal(signal.SIGALRM, stop)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, previous)


def data(K=2, n=4000, d=4):
    """Overlapping Gaussian classes."""
    rng = np.random.default_rng(0)
    y = rng.integers(K, size=n)
    return rng.normal(size=(n, d)) + rng.normal(size=(K, d))[y], y


def lazy(X, y, before=lambda block: block):
    """Blocks of 700 rows, each through `before` whenever it is read."""
    return da.from_array(X, chunks=(700, -1)).map_blocks(before), da.from_array(y, chunks=500)


def deadly(order):
    """A function of a block that kills its process if it finds the file `order`, and takes it."""

    def dies(block):
        with suppress(FileNotFoundError):
            os.remove(order)
            os.kill(os.getpid(), signal.SIGKILL)
        return block

    return dies


@pytest.fixture
def in_round():
    """A function that has a file written at the start of a certain round."""
    handler = logging.Handler()
    handler.seen = 0

    def write_at(number, path):
        def emit(record):
            handler.seen += 1
            if handler.seen == number:
                path.touch()

        handler.emit = emit
        LOG.addHandler(handler)
        LOG.setLevel(logging.DEBUG)

    yield write_at
    LOG.removeHandler(handler)
    LOG.setLevel(logging.NOTSET)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_fits_equal_those_in_memory(client, model):
    X, y = data(K=3 if isinstance(model, SoftmaxGD) else 2)
    expected = model.fit(X, y).predict_proba(X)
    exact = isinstance(model, GaussianGenerativeClassifier)
    curve = None if exact else model.loss_curve_
    model.fit(*lazy(X, y))
    np.testing.assert_allclose(model.predict_proba(X), expected, atol=1e-10 if exact else 1e-6)
    assert exact or abs(model.loss_curve_[-1] - curve[-1]) < 1e-8
    blocks, _ = lazy(X, y)
    np.testing.assert_array_equal(model.predict(blocks).compute(), model.predict(X))


@pytest.mark.parametrize(("model", "number"), [(MODELS[0], 1), (MODELS[1], 3)], ids=["1", "3"])
def test_a_worker_that_dies_in_some_round_changes_nothing(
    client, model, number, in_round, tmp_path
):
    X, y = data()
    expected = model.fit(*lazy(X, y)).predict_proba(X)
    order = tmp_path / "die"
    in_round(number, order)
    before = set(client.scheduler_info()["workers"])
    model.fit(*lazy(X, y, deadly(order)))
    assert not order.exists()  # somebody died of it
    client.wait_for_workers(2, timeout=30)
    assert set(client.scheduler_info()["workers"]) != before
    np.testing.assert_allclose(model.predict_proba(X), expected, rtol=1e-12)  # the BLAS may round


def test_a_block_that_kills_every_worker_ends_in_one_error(client, in_round, tmp_path):
    """The model is then what it was before."""
    X, y = data()
    model = GDLogisticRegression().fit(X, y)
    expected = model.coef_
    in_round(3, tmp_path / "die")
    scheduler = client.cluster.scheduler
    allowed, scheduler.allowed_failures = scheduler.allowed_failures, 0
    try:
        with pytest.raises(distributed.KilledWorker, match="died while"):
            model.fit(*lazy(X, 1 - y, deadly(tmp_path / "die")))
    finally:
        scheduler.allowed_failures = allowed
    np.testing.assert_array_equal(model.coef_, expected)


def test_grid_search_by_joblib_on_the_cluster(client):
    X, y = data(n=600)
    grid = {"C": [1e-3, 1.0]}
    expected = GridSearchCV(GDLogisticRegression(), grid, cv=3).fit(X, y)
    with joblib.parallel_config("dask"):
        found = GridSearchCV(GDLogisticRegression(), grid, cv=3).fit(X, y)
    for key in ("mean_test_score", "params"):
        np.testing.assert_array_equal(found.cv_results_[key], expected.cv_results_[key])
