"""Every example asks a question, runs without a screen, and answers with a labelled picture."""

import csv
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

pyplot = pytest.importorskip("matplotlib.pyplot")

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("plot_*.py"))
QUESTIONS = [path for path in EXAMPLES if path.stem != "plot_readme"]


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    pyplot.close("all")


def run(path, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", [str(path), *arguments])
    return runpy.run_path(str(path), run_name="__main__")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs_and_draws(path, monkeypatch):
    run(path, monkeypatch)
    figures = [pyplot.figure(number) for number in pyplot.get_fignums()]
    assert figures
    for figure in figures:
        figure.canvas.draw()
        panels = [ax for ax in figure.axes if ax.axison and ax.get_label() != "<colorbar>"]
        assert all(ax.get_title() or ax.get_xlabel() for ax in panels)


@pytest.mark.parametrize("path", QUESTIONS, ids=lambda path: path.stem)
def test_example_is_a_question_about_the_lecture(path):
    text = path.read_text(encoding="utf-8")
    title, rule = text.splitlines()[1:3]
    assert title.endswith("?") and rule == "=" * len(title)
    assert re.search(r"\[[CL]\d", text)
    assert text.count("\n# %%\n") >= 2


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_pictures_are_drawn_in_the_cell_that_makes_them(path):
    """The gallery shows and closes a figure at the end of its cell."""
    for cell in path.read_text(encoding="utf-8").split("\n# %%\n"):
        if re.search(r"^ *(figure|axes)\b", cell, re.MULTILINE):
            assert "plt.subplots(" in cell or "savefig" in cell


def test_homework2_reads_its_file(tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 9, (200, 12)).astype(np.int32)
    y = (X[:, 0] + rng.integers(0, 5, 200) > 6).astype(np.int8)
    arrays = {"X_train": X[:150], "y_train": y[:150], "X_test": X[150:], "y_test": y[150:]}
    names = np.array([f"column {j}" for j in range(12)])
    np.savez(tmp_path / "adult106.npz", feature_names=names, **arrays)
    path = next(path for path in EXAMPLES if path.stem == "plot_homework2")
    drawn = run(path, monkeypatch, "--data", str(tmp_path))
    assert "150 rows, 12 columns of rank 12" in capsys.readouterr().out
    assert drawn["names"][drawn["top"][-1]] == "column 0"


def test_pokemon_reads_its_file(tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(0)
    stats = ["HP", "Attack", "Defense", "Sp. Atk", "Sp. Def", "Speed"]
    with open(tmp_path / "pokemon.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["#", "Name", "Type 1", "Total", *stats])
        for number in range(350, 450):
            kind = ("Water", "Normal", "Fire")[number % 3]
            values = rng.integers(20, 100, 6) + 40 * (kind == "Water")
            table.writerow([number, "name", kind, values.sum(), *values])
    path = next(path for path in EXAMPLES if path.stem == "plot_pokemon")
    drawn = run(path, monkeypatch, "--data", str(tmp_path))
    assert drawn["X"].shape[1] == 7 and len(drawn["X"]) == len(drawn["X_test"]) == 33
    assert drawn["sizes"] == [2, 6, 7]
    for name in ("separate covariances", "shared covariance", "shared, equal priors"):
        _, all_six, and_their_sum = drawn["accuracy"][name]
        assert all_six == and_their_sum
