"""Contracts with one mistake each, anywhere: one line for people, or a contract that judges."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.checks import Judge
from conformance.contract import SPECS, ConformanceError, load

FILES = ("openapi.yaml", "requirements.yaml", "conventions.yaml")
DOCUMENTS = {name: yaml.load((SPECS / "vultr" / name).read_text("utf-8"), Loader=yaml.CSafeLoader) for name in FILES}
VALUES: tuple[Any, ...] = (
    None, 0, -1, "", "x", [], {}, [None], True, 1.5, float("nan"), ["x"], {"a": None}, "GET /nope", [[]], {1: 2},
    {"$ref": 3}, {"$ref": "#/x"}, {"$ref": "#/paths"}, "2026-01-01", "x" * 10_000,
)  # fmt: skip
OF_PYTHON = re.compile(
    r"NoneType|[A-Z]\w+Error|object has no|iterable|subscriptable|Traceback|<class|hashable|\b(dict|tuple)\b'|Errno"
)


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


PLACES = {name: list(places(document)) for name, document in DOCUMENTS.items()}


def mistaken(name: str, draw: random.Random) -> Any:
    """The content of a file with one value removed, renamed or replaced, near its root as often as deep inside."""
    document = copy.deepcopy(DOCUMENTS[name])
    deepest = draw.choice((2, 4, 6, 9, 30))
    *path, last = draw.choice([place for place in PLACES[name] if len(place) <= deepest])
    node = document
    for part in path:
        node = node[part]
    kind = draw.choice(("remove", "rename", "replace", "replace"))
    if kind == "remove":
        del node[last]
    elif kind == "rename" and isinstance(node, dict):
        node[draw.choice(("zzz", 1, "$ref"))] = node.pop(last)
    else:
        node[last] = draw.choice(VALUES)
    return document


@pytest.mark.parametrize("seed", range(100))
def test_one_mistake_anywhere_is_one_line_or_none(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    name = draw.choice(FILES)
    folder = tmp_path / "vultr"
    folder.mkdir()
    for other in FILES:
        if other != name:
            (folder / other).symlink_to(SPECS / "vultr" / other)
    text = yaml.dump(mistaken(name, draw), Dumper=yaml.CSafeDumper, allow_unicode=True)
    (folder / name).write_text(text, encoding="utf-8")
    said = told(tmp_path)
    assert "\n" not in said
    assert not OF_PYTHON.search(said), said


def told(specs: Path) -> str:
    """What is wrong with the contract in a folder; empty where it judges."""
    try:
        Judge(load("vultr", specs))
    except ConformanceError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: &a [*a]", "its aliases make it larger than"),
        ("a0: &a0 x\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, 12)), "its aliases"),
        ("a: " + "[" * 300 + "]" * 300, "specs/vultr/requirements.yaml: nests too deep"),
        ("a: " + "[" * 100_000, "nests too deep"),
        ("\n".join(" " * depth + "a:" for depth in range(300)), "nests too deep"),
        ("when: 2026-13-45", "is not YAML: a value is not of the kind that its form or tag says"),
    ],
)
def test_what_never_ends_is_refused(tmp_path: Path, text: str, line: str) -> None:
    (tmp_path / "specs" / "vultr").mkdir(parents=True)
    (tmp_path / "specs" / "vultr" / "requirements.yaml").write_text(text, encoding="utf-8")
    assert line in told(tmp_path / "specs")
