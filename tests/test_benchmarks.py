"""The benchmarks still run: they reach into the package, and nothing else would notice."""

import importlib
from functools import partial
from pathlib import Path

import pytest
from sklearn.datasets import load_breast_cancer, make_moons


@pytest.fixture
def benchmark(monkeypatch):
    """Function that imports a benchmark by its name."""
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "1")  # what they set themselves would outlive them
    return importlib.import_module


def test_networks_race(benchmark):
    network = benchmark("network")
    rows = make_moons(4500, noise=0.1, random_state=0)  # enough to start on parts of them
    case = network.Case(*network.standard(rows), (8,), target=0.1)
    for trainer in (network.ours, partial(network.mlp, solver="lbfgs", rate=0.001)):
        race = network.run(trainer, case, seed=0, cap=20)
        assert 0 < race.reached[0.5] <= race.reached[0.1] < 20


def test_linear_classifiers_are_measured(benchmark, capsys):
    linear = benchmark("linear")
    load = partial(linear.standard, load_breast_cancer(return_X_y=True))
    _, medians, memory = linear.measure("breast cancer", "dense", 1.0, load, repeat=1)
    assert {"ours", "lbfgs", "newton-cholesky"} <= medians.keys()
    assert min(medians.values()) > 0 and memory > 0
    assert capsys.readouterr().out.startswith("breast cancer")


@pytest.mark.parametrize("part", ["compare_fit", "compare_predict"])
def test_gaussians_are_compared(benchmark, capsys, part):
    gaussian = benchmark("gaussian")
    getattr(gaussian, part)([(150, 4, 3)], budget=0.01)
    assert capsys.readouterr().out.count("geometric mean") >= 1


def test_calls_are_timed(benchmark, capsys):
    calls = benchmark("calls")
    calls.compare(calls.PAIRS[:1], budget=0.01)
    assert capsys.readouterr().out.count("GaussianGenerativeClassifier") == 2
