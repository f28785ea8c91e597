"""The lecture page: each slide is in the docs, a docstring and a test; nothing there is stale."""

import ast
import importlib
import re
from pathlib import Path

import pytest

import sklearn_lhy

ROOT = Path(__file__).parents[1]
LECTURE = {
    language: (ROOT / "docs" / f"lecture{language}.md").read_text(encoding="utf-8")
    for language in ("", ".zh-TW")
}
SLIDES = {f"C{n}" for n in (6, 7, 9, 18, 23, 26, 27, 29, 30, 31, 33)} | {
    f"L{n}" for n in (3, *range(5, 31))
}
WIDEST = 4  # slides of a range; a wider one names a chapter


def slides(text):
    """Slides that a text names, as in [C33], [L8, L12], [L5-L7] and [L16-17]."""
    for group in re.findall(r"\[((?:[CL]\d+(?:-[CL]?\d+)?(?:, )?)+)\]", text):
        for deck, first, last in re.findall(r"([CL])(\d+)(?:-[CL]?(\d+))?", group):
            numbers = range(int(first), int(last or first) + 1)
            if len(numbers) <= WIDEST:
                yield from (f"{deck}{n}" for n in numbers)


def docstrings(path, kinds):
    """Docstrings of a Python file's functions, classes or the module itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = (node for node in ast.walk(tree) if isinstance(node, kinds))
    return "\n".join(ast.get_docstring(node) or "" for node in nodes)


def test_ids_are_read_as_they_are_written():
    text = "[C33], [L8, L12], [L5-L7], [L16-17], but not the chapter [L3-L14], L1, (L2) or [D4]"
    assert sorted(slides(text)) == sorted(["C33", "L8", "L12", "L5", "L6", "L7", "L16", "L17"])


@pytest.mark.parametrize("language", LECTURE)
def test_every_slide_has_its_place_on_the_lecture_page(language):
    headings = "\n".join(re.findall(r"^### .*$", LECTURE[language], re.MULTILINE))
    found = list(slides(headings))
    assert len(found) == len(set(found))
    assert set(found) == SLIDES


def test_every_slide_is_in_a_docstring():
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    paths = Path(sklearn_lhy.__file__).parent.glob("*.py")
    found = {slide for path in paths for slide in slides(docstrings(path, kinds))}
    assert sorted(SLIDES - found) == []


def test_every_slide_is_in_the_docstring_of_a_test():
    paths = (ROOT / "tests").glob("test_*.py")
    found = {slide for path in paths for slide in slides(docstrings(path, ast.FunctionDef))}
    assert sorted(SLIDES - found) == []


@pytest.mark.parametrize("language", LECTURE)
def test_the_lecture_page_names_tests_and_code_that_exist(language):
    text = LECTURE[language]
    tests = re.findall(r"`(tests/\w+\.py)::(\w+)`", text)
    assert len(tests) > 20
    for path, name in tests:
        assert f"\ndef {name}(" in (ROOT / path).read_text(encoding="utf-8"), name
    code = re.findall(r"`(_\w+)\.(\w+)`", text)
    assert len(code) > 10
    for module, name in code:
        assert hasattr(importlib.import_module(f"sklearn_lhy.{module}"), name), (module, name)
    methods = re.findall(r"`([A-Z]\w+)\.(\w+)`", text)
    assert len(methods) > 4
    for estimator, name in methods:
        assert hasattr(getattr(sklearn_lhy, estimator), name), (estimator, name)


@pytest.mark.parametrize("path", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.name)
def test_links_lead_to_pages_and_examples(path):
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (ROOT / "docs" / link).is_file(), link


@pytest.mark.parametrize(
    "pattern",
    [r"^\$\$\n.*?^\$\$", r"^### \[.*?\]", r"tests/[\w.:]+", r"plot_\w+"],
    ids=["formulas", "slides", "tests", "pictures"],
)
def test_the_translation_has_the_same(pattern):
    found = [re.findall(pattern, text, re.MULTILINE | re.DOTALL) for text in LECTURE.values()]
    assert len(found[0]) > 10
    assert found[0] == found[1]


def test_the_contributing_page_names_every_module():
    text = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    named = re.findall(r"`(\w+)\.py`", text)
    modules = {path.stem for path in Path(sklearn_lhy.__file__).parent.glob("*.py")}
    assert modules - {"__init__"} - set(named) == set()


@pytest.mark.parametrize("page", ["index", "network"])
def test_python_blocks_run(page, capsys):
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    exec(compile(code, f"{page}.md", "exec"), {})
    assert capsys.readouterr().out
