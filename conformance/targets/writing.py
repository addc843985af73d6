"""Writing a named target into a TOML file, beside whatever else that holds."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from conformance.targets.config import TargetRecord
from conformance.targets.errors import TargetError
from conformance.traffic.files import write_whole

_WAY = ("tool", "conformance", "targets")


def write_target(path: Path, name: str, record: TargetRecord) -> None:
    """Writes `[tool.conformance.targets.<name>]` into a file, in place of one of that name; all else stays as it is.

    Raises:
        TargetError: the file cannot be read as TOML or written, or holds something else under that name.
    """
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        data = tomllib.loads(before)
    except OSError as error:
        raise TargetError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:  # of UTF-8 and of TOML, both
        raise TargetError(f"{path}: is not TOML, nothing was written: {error}") from None
    stated = record.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    due = _merged(deepcopy(data), name, stated, path)
    try:
        text = tomlkit.dumps(_merged(tomlkit.parse(before), name, stated, path))
        kept = tomllib.loads(text) == due
    except (TOMLKitError, ValueError):
        kept = False
    if not kept:
        raise TargetError(f"{path}: the table cannot be put in without a loss; name another file")
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise TargetError(f"{path}: cannot be written: {error.strerror}") from None


def _merged(document: Any, name: str, stated: dict[str, Any], path: Path) -> Any:
    """A document with the table in it."""
    table = document
    for key in _WAY:
        if key not in table:
            table[key] = {} if type(document) is dict else tomlkit.table(is_super_table=True)
        table = table[key]
        if not isinstance(table, dict):
            raise TargetError(f"{path}: {key} is no table")
    table[name] = stated
    return document
