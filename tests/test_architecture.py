"""Arrows point down only: what each module may import, and where private things may live."""

import ast
import importlib.util
from pathlib import Path

import pytest

import sklearn_lhy

ROOT = Path(sklearn_lhy.__file__).parent
LEVELS = [  # a module imports from earlier levels only
    {"_version", "_compat", "_units", "_rows", "_dask_rows", "_descent", "_plotting", "_csv"},
    {"_loss", "_checks", "_centred_rows", "_stack_sample", "_first_guess", "_moments", "_resume"},
    {"_posterior", "_parts", "_objective", "_stack", "_whitened_stack", "_gather", "_report"},
    {"_metric", "_steps", "_start", "_standard", "_gaussians"},
    {"_penalty_path", "_gaussian_model"},
    {"_whitened", "_stack_solver", "_gaussian_scores"},
    {"_linear_solver", "_summed_stack"},
    {"_training"},
    {"_descending"},
    {"_linear"},
    {"gaussian", "logistic", "softmax", "stacked"},
    {"_folds", "_gaussian_search", "inspection"},
    {"comparison"},
    {"__init__", "__main__"},
]
LEVEL = {name: level for level, names in enumerate(LEVELS) for name in names}


def modules():
    return sorted(path.stem for path in ROOT.glob("*.py"))


def imported(name):
    """Modules of the package that this one imports when it is loaded."""
    for node in ast.parse((ROOT / f"{name}.py").read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module == "sklearn_lhy":
            yield from (alias.name for alias in node.names if alias.name in LEVEL)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sklearn_lhy."):
            yield node.module.split(".")[1]


@pytest.mark.parametrize("name", modules())
def test_imports_point_down(name):
    assert name in LEVEL, f"give {name} a level"
    for other in imported(name):
        assert LEVEL[other] < LEVEL[name], f"{name} imports {other}"


@pytest.mark.parametrize("name", [name for name in modules() if name != "_compat"])
def test_private_scikit_learn_only_in_compat(name):
    for node in ast.walk(ast.parse((ROOT / f"{name}.py").read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sklearn."):
            parts = node.module.split(".")[1:] + [alias.name for alias in node.names]
            assert not any(part.startswith("_") for part in parts), ast.unparse(node)


@pytest.mark.parametrize("formula", ["np.reciprocal(P", "np.exp(Z - top)"])
def test_sigmoid_and_softmax_are_written_once(formula):
    places = [path.name for path in ROOT.glob("*.py") if formula in path.read_text()]
    assert places == ["_units.py"]


def test_every_break_of_the_mutation_benchmark_is_still_there():
    path = Path(__file__).parents[1] / "benchmarks" / "mutations.py"
    spec = importlib.util.spec_from_file_location("mutations", path)
    mutations = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(mutations)
    for module, line, *_ in mutations.BREAKS:
        assert (ROOT / f"{module}.py").read_text(encoding="utf-8").count(line) == 1, (module, line)
