"""A CSV file as numbers: which columns are numbers and which categories, and what is missing."""

import csv
import io
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

MISSING = {"", "?", "na", "n/a", "nan", "null"}  # in any case, with blanks around
MANY = 20  # as many texts may a small table's category have; a large one's: a tenth of the rows


class Table(NamedTuple):
    """X (n, d) with codes for categories and NaN where missing, labels y, a preprocessor, notes."""

    X: np.ndarray
    y: np.ndarray
    preprocessor: Any
    notes: list[str]


class Column(NamedTuple):
    """The texts of one column, None where missing, and the line of the file each one ends on."""

    name: str
    texts: list
    lines: list


def read_csv(path, target, categorical=(), *, scale=True):
    """Read a table whose column `target` holds the classes; each error is one line of text."""
    columns = {column.name: column for column in _columns(Path(path))}
    for name in [target, *categorical]:
        if name not in columns:
            names = ", ".join(filter(None, columns))
            raise ValueError(f"no column {name!r} in {path}: the columns are {names}.")
    columns, notes = _drop_rows_without(columns, target)
    y = _labels(columns.pop(target))
    inputs, levels = [], []  # levels: number of categories, 0 for a column of numbers
    for column in columns.values():
        values, n_levels = _encode(column, column.name in categorical)
        reason = _useless(column, values, n_levels)
        if reason:
            notes.append(f"left out: column {column.name!r}, {reason}")
            continue
        inputs.append(column._replace(texts=values))
        levels.append(n_levels)
    if not inputs:
        raise ValueError(f"{path} has no usable column beside {target!r}: {'; '.join(notes)}.")
    X = np.column_stack([column.texts for column in inputs])
    notes += _missing_note(X, [column.name for column in inputs])
    return Table(X, y, _preprocessor(levels, scale), notes)


def _columns(path):
    """Columns of the file, all as text."""
    rows = _split(path, _decoded(path))
    names = [name.strip() for name in rows[0][1]]
    _check_header(path, names)
    if len(rows) < 2:
        raise ValueError(f"{path} has a header but no rows.")
    for line, row in rows[1:]:
        if len(row) != len(names):
            raise ValueError(
                f"{path}, line {line}: {len(row)} fields, but the header has {len(names)}."
            )
    lines = [line for line, _ in rows[1:]]
    cells = zip(*(row for _, row in rows[1:]), strict=True)
    return [
        Column(name, [_present(text) for text in texts], lines)
        for name, texts in zip(names, cells, strict=True)
    ]


def _check_header(path, names):
    """Refuse names given twice, and a first line of numbers, which would be lost as a row."""
    numbers = [number for number in map(_number, names) if number is not None]
    counted = all(number.is_integer() for number in numbers) and set(np.diff(numbers)) <= {1}
    if 2 * len(numbers) > len(names) and not counted:  # 0, 1, 2, ... are names, too
        raise ValueError(
            f"{path} starts with numbers ({', '.join(names[:3])}, ...): its first line must name"
            " the columns."
        )
    for name in names:
        if name and names.count(name) > 1:
            raise ValueError(
                f"{path}: {names.count(name)} columns are named {name!r}: rename them."
            )


def _decoded(path):
    """Text of the file, which must be UTF-8 and not blank."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{path}, line {line}: byte {data[error.start]:#04x} is not UTF-8:"
            " save the file as UTF-8."
        ) from error
    if not text.strip():
        raise ValueError(f"{path} is empty.")
    return text


def _split(path, text):
    """(line, fields) of each row that is not blank, cut at what cuts the header most often."""
    header = re.sub('"[^"]*"', "", text.lstrip().split("\n", 1)[0])  # what is quoted does not cut
    delimiter = max(",;\t|", key=header.count)  # the comma wins a tie
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: {error}.") from error


def _present(text):
    text = text.strip()
    return None if text.lower() in MISSING else text


def _drop_rows_without(columns, target):
    """Rows that have a label, since a row without one teaches nothing, and a note on the others."""
    keep = [i for i, text in enumerate(columns[target].texts) if text is not None]
    n_lost = len(columns[target].texts) - len(keep)
    if not keep:
        raise ValueError(f"column {target!r} holds no values.")
    if not n_lost:
        return columns, []
    columns = {
        name: Column(name, [c.texts[i] for i in keep], [c.lines[i] for i in keep])
        for name, c in columns.items()
    }
    return columns, [f"left out: {n_lost} rows without a value in {target!r}"]


def _labels(column):
    """Classes as integers where all are, else as texts; numbers with decimals are no classes.

    A text such as 01 is a code, which is not the same as 1.
    """
    numbers = [_number(text) for text in column.texts]
    if None in numbers or any(re.match("0[0-9]", text) for text in column.texts):
        return np.array(column.texts)
    for number, text, line in zip(numbers, column.texts, column.lines, strict=True):
        if not number.is_integer():
            raise ValueError(
                f"column {column.name!r} is continuous ({text} in line {line}): a classifier needs"
                " classes, such as labels or a few integers."
            )
    codes = np.array(numbers)
    exact = np.abs(codes).max() < 2**53  # beyond, neighbours would become one class
    return codes.astype(int) if exact else np.array(column.texts)


def _number(text):
    """Value of a text, None if it is not a number (Python would also take 1_000)."""
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def _encode(column, categorical):
    """Values as floats, NaN where missing, and how many categories they encode, 0 for numbers."""
    present = [text for text in column.texts if text is not None]
    numbers = [] if categorical else [n for n in map(_number, present) if n is not None]
    if 2 * len(numbers) > len(present):
        return np.array([_checked_number(column, *entry) for entry in _entries(column)]), 0
    commas = [t for t in present if not categorical and _number(t.replace(",", ".", 1)) is not None]
    if 2 * len(commas) > len(present):
        raise ValueError(
            f"column {column.name!r} has decimal commas, such as {commas[0]!r}: write points."
        )
    levels = sorted(set(present))
    codes = {text: float(code) for code, text in enumerate(levels)} | {None: np.nan}
    return np.array([codes[text] for text in column.texts]), len(levels)


def _entries(column):
    return zip(column.texts, column.lines, strict=True)


def _checked_number(column, text, line):
    """Number of a cell in a column of numbers; a text among them is an error at that line."""
    value = np.nan if text is None else _number(text)
    if value is None:
        raise ValueError(
            f"line {line}: column {column.name!r} holds {text!r}, but most of its values are"
            f" numbers: correct it, leave it empty, or add --categorical {column.name!r}."
        )
    if np.isinf(value):
        raise ValueError(
            f"line {line}: column {column.name!r} holds {text}: numbers must be finite."
        )
    return value


def _useless(column, values, n_levels):
    """Why a column is left out, None if it is not."""
    if not column.name:
        return "which has no name (numbers of the rows, perhaps)"
    if np.isnan(values).all():
        return "which holds no values"
    if n_levels == 1:
        return "which holds one text only"
    if n_levels > max(MANY, len(values) // 10):
        return f"whose {n_levels} different texts in {len(values)} rows are no categories"
    return None


def _missing_note(X, names):
    counts = np.isnan(X).sum(axis=0)
    if not counts.any():
        return []
    listed = ", ".join(f"{n} in {name!r}" for name, n in zip(names, counts, strict=True) if n)
    return [
        f"missing values: {listed}; numbers get the median, categories the most frequent value"
        " of the training rows"
    ]


def _preprocessor(levels, scale):
    """Numbers: median for missing ones, then scaled; categories: most frequent one, then one-hot.

    One column less than categories: all of them add up to one, and QuadraticDiscriminantAnalysis
    cannot fit collinear columns. The categories are those of the whole file, so that every fold
    has the same columns.
    """
    levels = np.array(levels)
    steps = []
    if (levels == 0).any():
        fill = SimpleImputer(strategy="median", keep_empty_features=True)
        numbers = make_pipeline(fill, StandardScaler()) if scale else fill
        steps.append((numbers, np.flatnonzero(levels == 0)))
    if levels.any():
        fill = SimpleImputer(strategy="most_frequent", keep_empty_features=True)
        categories = [np.arange(n, dtype=float) for n in levels[levels > 0]]
        one_hot = OneHotEncoder(categories=categories, drop="first", sparse_output=False)
        steps.append((make_pipeline(fill, one_hot), np.flatnonzero(levels)))
    return make_column_transformer(*steps)
