"""README: its code runs, its links lead somewhere, and its commands are those of .ci/run."""

import re
import tomllib
from pathlib import Path

import pytest

import sklearn_lhy

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def test_python_block_runs(capsys):
    (code,) = blocks("python")
    exec(compile(code, "README.md", "exec"), {})
    best, score = re.fullmatch(r"(\{.*\}) (\S+)\n", capsys.readouterr().out).groups()
    assert "hidden_layer_sizes" in best
    assert float(score) > 0.63  # the share of the larger class


@pytest.mark.parametrize("name", ["test_command", "main_command"])
def test_ci_runs_the_commands_of_the_readme(name):
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    pattern = re.search(rf"^{name}=\$\(grep -x '(.*)' README.md\)$", script, re.MULTILINE).group(1)
    found = [line for line in README.splitlines() if re.fullmatch(pattern, line)]
    assert len(found) == 1 and found[0] + "\n" in blocks("sh")


def test_links_to_files_lead_somewhere():
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert len(links) >= 4
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert sklearn_lhy.__version__ == project["version"]
    assert re.search(r"^version: (.*)$", citation, re.MULTILINE).group(1) == project["version"]


def test_table_names_every_classifier():
    named = re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)
    classes = [name for name in sklearn_lhy.__all__ if isinstance(getattr(sklearn_lhy, name), type)]
    assert sorted(named) == sorted(classes)
