"""README: its code runs, its commands are those of .ci/run, and translations have kept up."""

import re
import tomllib
from pathlib import Path

import pytest

import sklearn_lhy

ROOT = Path(__file__).parents[1]
READMES = {"English": "README.md", "繁體中文": "README.zh-TW.md", "简体中文": "README.zh-CN.md"}
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language, text=README):
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(params=READMES)
def readme(request):
    return request.param, (ROOT / READMES[request.param]).read_text(encoding="utf-8")


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


def test_translations_have_the_same_code_headings_and_tables(readme):
    _, text = readme
    assert blocks("[a-z]*", text) == blocks("[a-z]*")
    lecture_terms = [] if text == README else ["## "]
    shape = re.findall(r"^#+ |^!\[", README, re.MULTILINE) + lecture_terms
    assert sorted(re.findall(r"^#+ |^!\[", text, re.MULTILINE)) == sorted(shape)


def test_the_switcher_names_all_languages(readme):
    own, text = readme
    links = [name if name == own else f"[{name}]({path})" for name, path in READMES.items()]
    assert text.splitlines()[2] == " | ".join(links)


@pytest.mark.parametrize("path", [path for path in READMES.values() if path != "README.md"])
def test_lecture_terms_name_things_that_exist(path):
    terms = (ROOT / path).read_text(encoding="utf-8").split("| English |")[1].split("\n## ")[0]
    classes = [getattr(sklearn_lhy, name) for name in sklearn_lhy.__all__]
    known = "".join(sklearn_lhy.__all__) + "".join(c.__doc__ + " ".join(dir(c)) for c in classes)
    names = [name for span in re.findall(r"`(.+?)`", terms) for name in re.findall(r"\w+", span)]
    assert len(names) > 20
    assert [name for name in names if name not in known] == []


def test_links_to_files_lead_somewhere(readme):
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", readme[1])
    assert len(links) >= 4
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert sklearn_lhy.__version__ == project["version"]
    assert re.search(r"^version: (.*)$", citation, re.MULTILINE).group(1) == project["version"]


def test_table_names_every_classifier(readme):
    named = re.findall(r"^\| `(\w+)` \|", readme[1], re.MULTILINE)
    classes = [name for name in sklearn_lhy.__all__ if isinstance(getattr(sklearn_lhy, name), type)]
    assert sorted(named) == sorted(classes)
