"""Files that people write under `specs/`: YAML, and the records it holds, with an error for each mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from conformance.contract.errors import ContractError
from conformance.contract.nesting import exceeded

MAX_NODES = 1_000_000

M = TypeVar("M", bound=BaseModel)


def label(path: Path) -> str:
    """A file of an API as errors name it: `specs/<api>/<file>`."""
    return "/".join(path.parts[-3:]).replace("//", "/")


def read_text(path: Path) -> str:
    """The text of a file; a byte order mark is no part of it.

    Raises:
        ContractError: it cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ContractError(f"{label(path)}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ContractError(f"{label(path)}: cannot be read: byte {error.start} is not UTF-8") from None


def yaml_mistake(error: yaml.YAMLError) -> str:
    """What is wrong with a text that is not YAML, and in which line."""
    mark = getattr(error, "problem_mark", None)
    where = f" line {mark.line + 1}" if mark else ""
    problem = getattr(error, "problem", None) or getattr(error, "reason", None)
    if isinstance(error, yaml.constructor.ConstructorError) or not problem:
        problem = "a value is not of the kind that its form or tag says"
    return f"{where} is not YAML: {problem}"


def read_yaml(path: Path) -> Any:
    """The content of a YAML file that people write.

    Raises:
        ContractError: it is missing or is not YAML.
    """
    text = read_text(path)
    try:
        if much := exceeded(text, MAX_NODES):
            why = "nests too deep" if much == "nesting" else f"holds more than {MAX_NODES} values"
            raise ContractError(f"{label(path)}: {why}")
        content = yaml.load(text, Loader=yaml.CSafeLoader)
        if _size(content, {}) > MAX_NODES:
            raise ContractError(f"{label(path)}: its aliases make it larger than {MAX_NODES} values")
        return content
    except yaml.YAMLError as error:
        raise ContractError(f"{label(path)}:{yaml_mistake(error)}") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        # What a constructor of PyYAML raises for a value that its tag does not fit.
        problem = "a value is not of the kind that its form or tag says"
        raise ContractError(f"{label(path)}: is not YAML: {problem}") from None
    except RecursionError:
        raise ContractError(f"{label(path)}: holds itself") from None


def _size(node: Any, sizes: dict[int, int]) -> int:
    """How many values there are once every alias is written out."""
    if not isinstance(node, dict | list):
        return 1
    if id(node) not in sizes:
        sizes[id(node)] = MAX_NODES + 1  # what holds itself never ends
        within = node.values() if isinstance(node, dict) else node
        sizes[id(node)] = 1 + sum(_size(value, sizes) for value in within)
    return sizes[id(node)]


def validated(model: type[M], data: Any, where: str) -> M:
    """`data` as a record of `model`.

    Raises:
        ContractError: naming the file, the record and the field of the first mistake.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place, problem = _place(data, first["loc"]), _PROBLEMS.get(first["type"], first["msg"])
        raise ContractError(f"{where}: {place}: {problem.removeprefix('Value error, ')}") from None


# What pydantic says of these in words of Python.
_PROBLEMS = {
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type", "mapping_type"), "should be a mapping"),
    **dict.fromkeys(("list_type", "tuple_type", "set_type"), "should be a list"),
    "bool_type": "should be true or false",
}


def _place(data: Any, location: tuple[int | str, ...]) -> str:
    parts = []
    for part in location:
        data = _child(data, part)
        name = data.get("id") or data.get("requirement") if isinstance(data, dict) else None
        parts.append(name[:80] if isinstance(part, int) and isinstance(name, str) and name else str(part)[:80])
    return ".".join(parts) or "file"


def _child(data: Any, part: int | str) -> Any:
    try:
        return data[part]
    except (KeyError, IndexError, TypeError):
        return None


def read(path: Path, model: type[M]) -> M:
    """A file of an API as a record of `model`.

    Raises:
        ContractError: as `read_yaml` and `validated`.
    """
    return validated(model, read_yaml(path), label(path))
