"""Files of recorded traffic, from bytes to plain data: YAML or JSON, whatever it holds, within bounds.

Nothing is loaded that can run code, hang or fill the memory. Of YAML's tags those are read that vcrpy's own safe loader
reads.
"""

from __future__ import annotations

import errno
import json
import math
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import yaml

from conformance.contract import ConformanceError
from conformance.contract.nesting import MAX_NESTING, exceeded, nests_deeper
from conformance.traffic import foreign

MAX_FILE = 64 * 1024 * 1024
MAX_NODES = 2_000_000
MAX_DIGITS = 4000
"""Of a number that stands outside of text; int() needs quadratic time for more."""


class CassetteError(ConformanceError):
    """A cassette cannot be read: the text names the file, what is wrong and what to do."""


class Chunks(list[Any]):
    """The pieces that a body was sent in."""


def load(path: Path) -> Any:
    """The content of a YAML or JSON file.

    A number of more than `MAX_DIGITS` digits comes as a Decimal, and a body that was sent in pieces as `Chunks`.

    Raises:
        CassetteError: it cannot be read, and why, in one line.
    """
    content = _content(path)
    text = _text(path, content)
    if not text.strip():
        raise CassetteError(f"{path}: is empty; record it again")
    if text.lstrip().startswith(("{", "[")):
        try:
            return _json(path, text)
        except json.JSONDecodeError as error:
            if error.msg == "Extra data" and (name := foreign.of_data(_first_of(text))):
                raise not_read(path, name) from None
            # YAML in flow style begins in the same way.
            if path.suffix.lower() in (".json", ".har") or error.msg == "Extra data":
                raise CassetteError(f"{path}: line {error.lineno}: {_not_json(error)}") from None
    return yaml_of(path, text)


def mentions(path: Path, word: bytes) -> bool:
    """Whether a file that could be loaded has a word in it; asking costs far less than loading it."""
    try:
        return word in _content(path)
    except CassetteError:
        return False


def not_read(path: Path | str, name: str) -> CassetteError:
    """The error for a file in a format that is not read, or not read where a cassette is needed."""
    if name in (foreign.HAR, foreign.GO_VCR):
        return CassetteError(f"{path}: is {name}, which can be judged but not replayed; record with vcrpy")
    return CassetteError(
        f"{path}: is {name}, which is not read; cassettes of vcrpy and go-vcr, HAR files and folders of raw HTTP "
        "messages are: convert it, or record with vcrpy"
    )


_KINDS = {
    stat.S_ISDIR: "is a folder; name the files in it",
    stat.S_ISFIFO: "is a pipe, not a file",
    stat.S_ISSOCK: "is a socket, not a file",
    stat.S_ISCHR: "is a device, not a file",
    stat.S_ISBLK: "is a device, not a file",
}


@contextmanager
def opened(path: Path, limit: float = math.inf) -> Iterator[BinaryIO]:
    """A file of at most so many bytes, open to be read.

    Raises:
        CassetteError: it is none, or it cannot be read; also while it is.
    """
    try:
        # What a name leads to is asked twice: opening a pipe or a device may already do something.
        _checked(path, path.stat(), limit)
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except ValueError:
        raise CassetteError(f"{str(path)!r}: no file can have this name") from None
    except OSError as error:
        raise _unreadable(path, error) from None
    with file:
        try:
            _checked(path, os.fstat(file.fileno()), limit)
            yield file
        except OSError as error:
            raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> CassetteError:
    if isinstance(error, FileNotFoundError):
        return CassetteError(f"{path}: no such file")
    why = "its links lead in a circle" if error.errno == errno.ELOOP else error.strerror
    return CassetteError(f"{path}: cannot be read: {why}")


def _content(path: Path) -> bytes:
    with opened(path, MAX_FILE) as file:
        content = file.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        raise _too_large(path)
    return content


def _checked(path: Path, found: os.stat_result, limit: float) -> None:
    for is_so, said in _KINDS.items():
        if is_so(found.st_mode):
            raise CassetteError(f"{path}: {said}")
    if found.st_size > limit:
        raise _too_large(path)


def _too_large(path: Path) -> CassetteError:
    return CassetteError(f"{path}: is larger than {MAX_FILE // 2**20} MiB; split it")


_BOMS = ((b"\xff\xfe\0\0", "UTF-32"), (b"\0\0\xfe\xff", "UTF-32"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))


def _text(path: Path, content: bytes) -> str:
    if name := foreign.of_bytes(content):
        raise not_read(path, name)
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            raise CassetteError(f"{path}: is {encoding} text; save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CassetteError(f"{path}: is not text: byte {error.start} is not UTF-8") from None


def _too_deep(path: Path | str) -> CassetteError:
    return CassetteError(f"{path}: nests too deep to be a cassette")


def _too_many(path: Path | str) -> CassetteError:
    return CassetteError(f"{path}: holds too many values to be a cassette; split it")


def _json(path: Path, text: str) -> Any:
    if text.count("[") + text.count("{") + text.count(",") > 4 * MAX_NODES:
        raise _too_many(path)
    try:
        content = json.loads(text, parse_int=number_of)
    except RecursionError:
        raise _too_deep(path) from None
    if nests_deeper(content, MAX_NESTING):
        raise _too_deep(path)
    return content


def _first_of(text: str) -> Any:
    """The first of several JSON documents, as reports have one a line."""
    return json.JSONDecoder(parse_int=number_of).raw_decode(text.lstrip())[0]


def _not_json(error: json.JSONDecodeError) -> str:
    if error.msg == "Extra data":
        return "several JSON documents follow one another; a cassette is one: split it"
    return f"is not JSON, or was cut off: {error.msg}"


def number_of(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= MAX_DIGITS else Decimal(digits)


class _Refused(yaml.YAMLError):
    """A node that is not constructed: where, and why."""

    def __init__(self, node: yaml.Node, why: str, format_name: str | None = None) -> None:
        super().__init__(why)
        self.line, self.why, self.format_name = node.start_mark.line + 1, why, format_name


class _Loader(yaml.CSafeLoader):
    """PyYAML's safe loader with the tags that vcrpy's safe loader adds to it."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        super().flatten_mapping(node)
        # Mappings merged into mappings grow with each level, whatever the size of the file.
        if len(node.value) > MAX_DIGITS:
            raise _Refused(node, "merges more members than a cassette has")


def _scalar(loader: _Loader, node: Any) -> Any:
    return loader.construct_scalar(node)


def _list(loader: _Loader, node: Any) -> Any:
    # A tuple could be the key of a mapping, and one of aliases takes forever to hash.
    return loader.construct_sequence(node, deep=True)


def _integer(loader: _Loader, node: Any) -> Any:
    text = str(loader.construct_scalar(node))
    if len(text) <= MAX_DIGITS:
        return loader.construct_yaml_int(node)
    return Decimal(text) if re.fullmatch("[-+]?[0-9]+", text) else text


def _float(loader: _Loader, node: Any) -> Any:
    text = str(loader.construct_scalar(node))
    try:
        return loader.construct_yaml_float(node) if len(text) <= MAX_DIGITS else text
    except OverflowError:
        return text


def _file(loader: _Loader, node: yaml.Node) -> Any:
    """A file that was sent as a body: its state begins with its content."""
    state = _member(loader, node, "state")
    content = state[0] if isinstance(state, list) and state else b""
    return content.encode() if isinstance(content, str) else content or b""


def _pieces(loader: _Loader, node: yaml.Node) -> Any:
    """A generator that was sent as a body: its only argument is what it went through."""
    arguments = _member(loader, node, "args")
    pieces = arguments[0] if isinstance(arguments, list) and arguments else []
    return Chunks(pieces if isinstance(pieces, list) else [pieces])


def _member(loader: _Loader, node: yaml.Node, name: str) -> Any:
    if not isinstance(node, yaml.MappingNode):
        raise _Refused(node, f"holds a body without its {name}")
    return loader.construct_mapping(node, deep=True).get(name)


_PYTHON = "tag:yaml.org,2002:python/"


def _unknown(_: _Loader, node: yaml.Node) -> NoReturn:
    if name := foreign.of_tag(node.tag):
        raise _Refused(node, "", name)
    tag = node.tag.replace("tag:yaml.org,2002:", "!!")[:80]
    if node.tag.startswith(_PYTHON):
        raise _Refused(node, f"holds {tag}, which could run code if it were loaded; it is not; record it again")
    raise _Refused(node, f"holds the tag {tag}, which no cassette of vcrpy has")


for _tag, _construct in {
    "tag:yaml.org,2002:int": _integer,
    "tag:yaml.org,2002:float": _float,
    "tag:yaml.org,2002:timestamp": _scalar,
    f"{_PYTHON}str": _scalar,
    f"{_PYTHON}unicode": _scalar,
    f"{_PYTHON}tuple": _list,
    f"{_PYTHON}object/new:_io.BytesIO": _file,
    f"{_PYTHON}object/apply:builtins.iter": _pieces,
    None: _unknown,
}.items():
    _Loader.add_constructor(_tag, _construct)


_NOT_OF_ITS_KIND = "a value is not of the kind that its form or tag says"


def yaml_of(path: Path | str, text: str) -> Any:
    try:
        if much := exceeded(text, MAX_NODES):
            raise _too_deep(path) if much == "nesting" else _too_many(path)
        return yaml.load(text, Loader=_Loader)
    except _Refused as error:
        if error.format_name:
            raise not_read(path, error.format_name) from None
        raise CassetteError(f"{path}: line {error.line}: {error.why}") from None
    except yaml.composer.ComposerError as error:
        if "single document" in str(error.context):
            raise CassetteError(
                f"{path}: several YAML documents follow one another; a cassette is one: split it"
            ) from None
        raise _not_yaml(path, error) from None
    except yaml.constructor.ConstructorError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CassetteError(f"{path}: line {line}: is not YAML: {_NOT_OF_ITS_KIND}") from None
    except yaml.YAMLError as error:
        raise _not_yaml(path, error) from None
    except RecursionError:
        raise CassetteError(f"{path}: holds itself") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        # What a constructor of PyYAML raises for a value that its tag does not fit.
        raise CassetteError(f"{path}: is not YAML: {_NOT_OF_ITS_KIND}") from None


def _not_yaml(path: Path | str, error: yaml.YAMLError) -> CassetteError:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark else ""
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "what follows is no YAML"
    return CassetteError(f"{path}: {where}is not YAML or was cut off: {problem}")
