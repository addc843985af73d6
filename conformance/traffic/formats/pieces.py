"""The elements of a large JSON array, one after another, as bytes.

Brackets and strings alone are looked at, so that what is wrong within an element stays its own matter: a parser that
stops at the first wrong character would lose all that follow.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from attrs import define

from conformance.traffic.formats.base import MAX_ITEM, Told, too_large
from conformance.traffic.interactions import BadInteraction
from conformance.traffic.loading import CassetteError, opened

_PIECE = 1024 * 1024

# Not possessive as a whole: Python before 3.11.5 keeps what a turn that failed had taken
# (https://github.com/python/cpython/issues/106052).
_PLAIN = rb'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*'
_TO_BRACKET = re.compile(_PLAIN + rb"[{}\[\]]", re.DOTALL)
_WHOLE = re.compile(_PLAIN, re.DOTALL)
_IN_STRING = re.compile(rb"(?:[^\"\\]++|\\.)*", re.DOTALL)
_SPACE = re.compile(rb"[\s,]*+")
_SCALAR = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[^",\]}\s]++(?=[,\]}\s])', re.DOTALL)
_TOKEN = re.compile(
    rb'\s*+(?:(?P<key>"(?:[^"\\]++|\\.)*+")\s*+(?P<colon>:)?(?=\s*+[^\s:])|(?P<open>[\[{])|(?P<close>[\]}])|(?P<other>[^\s"\[\]{}]++))',
    re.DOTALL,
)


def elements(path: Path, told: Told, *names: str) -> Iterator[bytes | BadInteraction]:
    """The elements of the first array that stands under these names, each in an object under the one before.

    An element that is too large comes as an error.

    Raises:
        CassetteError: there is no such array, or the file was cut off before its end.
    """
    with opened(path) as file:
        size = max(1, os.fstat(file.fileno()).st_size)
        window = _Window(file)
        if not window.find(tuple(f'"{name}"'.encode() for name in names)):
            raise CassetteError(f"{path}: has no list {'.'.join(names)}, or was cut off before it; record it again")
        count = 0
        while True:
            try:
                element = window.element()
            except EOFError:
                raise CassetteError(
                    f"{path}: was cut off after {count} whole elements of {'.'.join(names)}; record it again"
                ) from None
            if element is None:
                return
            count += 1
            told(min(1.0, window.read / size))
            yield element


@define
class _Window:
    """The part of a file that is looked at: what lies before `at` is done with."""

    file: BinaryIO
    data: bytes = b""
    at: int = 0
    read: int = 0

    def more(self, keep: int | None = None) -> None:
        """Drops what lies before `keep` and reads on, the more the longer one piece is.

        Raises:
            EOFError: there is no more.
        """
        rest = self.data[self.at if keep is None else keep :]
        piece = self.file.read(max(_PIECE, len(rest)))
        if not piece:
            raise EOFError
        self.read += len(piece)
        self.data, self.at = rest + piece, 0

    def find(self, names: tuple[bytes, ...]) -> bool:
        """Goes to the first element of the array under these names; whether there is one."""
        stack: list[bytes] = []
        key = b""
        while True:
            token = _TOKEN.match(self.data, self.at)
            if token is None or token.end() == len(self.data):
                if len(self.data) - self.at > MAX_ITEM:
                    return False
                try:
                    self.more()
                except EOFError:
                    return False
                continue
            self.at = token.end()
            if token["open"]:
                stack.append(key)
                if token["open"] == b"[" and tuple(stack[1:]) == names:
                    return True
                key = b""
            elif token["close"]:
                if not stack or len(stack) == 1:
                    return False
                stack.pop()
                key = b""
            elif token["key"] and token["colon"]:
                key = token["key"]
            else:
                key = b""

    def element(self) -> bytes | BadInteraction | None:
        """The next element, None behind the last."""
        while (space := _SPACE.match(self.data, self.at)) and space.end() == len(self.data):
            self.at = space.end()
            self.more()
        self.at = space.end() if space else self.at
        first = self.data[self.at : self.at + 1]
        if first in (b"]", b"}"):
            return None
        return self._container() if first in (b"[", b"{") else self._scalar()

    def _scalar(self) -> bytes | BadInteraction:
        while (scalar := _SCALAR.match(self.data, self.at)) is None:
            if len(self.data) - self.at > MAX_ITEM:
                raise EOFError
            self.more()
        self.at = scalar.end()
        return scalar.group()

    def _container(self) -> bytes | BadInteraction:
        depth, position = 0, self.at
        while True:
            found = _TO_BRACKET.match(self.data, position)
            if found is None:
                if len(self.data) - self.at > MAX_ITEM:
                    return self._skip(depth, position)
                position -= self.at
                self.more()
                continue
            position = found.end()
            depth += 1 if self.data[position - 1] in b"[{" else -1
            if not depth:
                element, self.at = self.data[self.at : position], position
                return element if len(element) <= MAX_ITEM else too_large()

    def _skip(self, depth: int, position: int) -> BadInteraction:
        """Goes behind an element that is not kept."""
        while depth:
            found = _TO_BRACKET.match(self.data, position)
            if found is not None:
                position = found.end()
                depth += 1 if self.data[position - 1] in b"[{" else -1
                continue
            whole = _WHOLE.match(self.data, position)
            position = whole.end() if whole else position
            if position == len(self.data):
                self.more(keep=position)
                position = 0
                continue
            # A string that does not end in the window.
            position += 1
            while (
                not (inner := _IN_STRING.match(self.data, position)) or self.data[inner.end() : inner.end() + 1] != b'"'
            ):
                self.more(keep=inner.end() if inner else position)
                position = 0
            position = inner.end() + 1
        self.at = position
        return too_large()
