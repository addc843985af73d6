"""How lists are cut into pages: by cursors that name a record, by time, or by number."""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from urllib.parse import urlencode

from attrs import evolve, field, frozen, mutable

from conformance.reference.messages import Problem, Record, Request


@frozen
class Page:
    """A part of a list: its items, the length of the whole list, and its cursors, empty at the ends."""

    items: Sequence[Record]
    total: int
    next: str
    prev: str
    last: str = ""


@frozen
class Cut:
    """Where a page that was asked for begins and ends in its list.

    `records` is the whole list in its order, and `keys` what cursors tell its records apart by, as text.
    """

    request: Request
    records: Sequence[Record]
    keys: Sequence[str]
    size: int
    start: int
    end: int
    after: Callable[[int], str] = field(eq=False, repr=False)
    """The cursor of the page that begins at an index."""

    @property
    def left(self) -> int:
        """How many records follow the page."""
        return len(self.records) - self.end

    @property
    def next(self) -> bool:
        """Whether there is a page behind this one."""
        return self.start < self.end < len(self.records)

    @property
    def prev(self) -> bool:
        """Whether there is a page in front of this one."""
        return 0 < self.start < self.end


@mutable
class Paginator(ABC):
    """How a list is cut into pages; `default` and `maximum` are page sizes."""

    default: int
    maximum: int
    size_parameter: str = "limit"
    size_refusal: str = "{parameter} must be an integer, 1 to {maximum}."
    refused: int = 400
    """The status of a bad size or cursor."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        """The page of the records that the request asks for; `key` is the member that tells them apart.

        A Problem for a bad size or cursor.
        """
        return self.shown(self.cut(request, records, key))

    def cut(self, request: Request, records: Sequence[Record], key: str) -> Cut:
        """Where this page begins and ends."""
        keys = [str(record[key]) for record in records]
        size = self.size(request)
        start, end = self.span(request, keys, size)
        return Cut(request, records, keys, size, start, end, partial(self.after, keys))

    def shown(self, cut: Cut) -> Page:
        """The page that lies there."""
        return Page(
            items=cut.records[cut.start : cut.end],
            total=len(cut.records),
            next=cut.after(cut.end) if cut.next else "",
            prev=self.before(cut.keys, cut.start) if cut.prev else "",
        )

    def size(self, request: Request) -> int:
        """The page size asked for, or the default."""
        text = request.query.get(self.size_parameter)
        if text is None:
            return self.default
        if not (is_number(text, 9) and 1 <= int(text) <= self.maximum):
            message = self.size_refusal.format(parameter=self.size_parameter, maximum=self.maximum)
            raise Problem(self.refused, "page-size", message, parameter=self.size_parameter)
        return int(text)

    @abstractmethod
    def span(self, request: Request, keys: Sequence[str], size: int) -> tuple[int, int]:
        """The index of the first record of the page, and that behind its last one.

        A page in front of a record that has fewer than `size` before it begins with the list.
        """

    @abstractmethod
    def after(self, keys: Sequence[str], index: int) -> str:
        """The cursor of the page that begins at this index."""

    @abstractmethod
    def before(self, keys: Sequence[str], index: int) -> str:
        """The cursor of the page that ends in front of this index."""


@mutable
class CursorPaginator(Paginator):
    """Pages by opaque cursors that name a record, not a position: `next__<id>` or `prev__<id>` in base64url.

    The text is ASCII, so that base64url leaves letters and digits only; padding is left out.
    """

    size_parameter: str = "per_page"
    cursor_parameter: str = "cursor"

    def span(self, request: Request, keys: Sequence[str], size: int) -> tuple[int, int]:
        """Where the page behind the cursor lies; without a cursor, or with an empty one, that is the first."""
        cursor = request.query.get(self.cursor_parameter, "")
        start = 0
        if cursor:
            direction, anchor = self.decode(cursor)
            if anchor not in keys:
                raise Problem(400, "cursor", "The cursor does not belong to this list.")
            index = keys.index(anchor)
            start = index + 1 if direction == "next" else max(0, index - size)
        return start, min(start + size, len(keys))

    def after(self, keys: Sequence[str], index: int) -> str:
        """The cursor of the page next to the record before this index, or of the first page."""
        return self.encode("next", keys[index - 1]) if index else self.encode("prev", keys[0])

    def before(self, keys: Sequence[str], index: int) -> str:
        """The cursor of the page previous to the record at this index."""
        return self.encode("prev", keys[index])

    def encode(self, direction: str, anchor: str) -> str:
        """The cursor for the page "next" to, or "prev"ious of, the record with this id."""
        return base64.urlsafe_b64encode(f"{direction}__{anchor}".encode()).decode().rstrip("=")

    def decode(self, cursor: str) -> tuple[str, str]:
        """Direction and id of a cursor; a Problem with 400 when it was not made here."""
        try:
            padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
            text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
        except ValueError:
            text = ""
        direction, _, anchor = text.partition("__")
        if direction not in {"next", "prev"}:
            raise Problem(400, "cursor", "The cursor is not one that this API gave out.")
        return direction, anchor


@mutable
class TimestampPaginator(Paginator):
    """Pages by time, newest first: `until` gives the records before a time, `since` the page in front of one.

    The times are integers of milliseconds. Each record has a time of its own to page by, so that none is lost
    or repeated where records share their time of creation.
    """

    size_refusal: str = "The parameter '{parameter}' must be an integer from 1 to {maximum}."

    def cut(self, request: Request, records: Sequence[Record], key: str) -> Cut:
        """Where the page begins and ends in the list, newest first."""
        return super().cut(request, sorted(records, key=lambda record: int(record[key]), reverse=True), key)

    def span(self, request: Request, keys: Sequence[str], size: int) -> tuple[int, int]:
        """Where the page before `until` lies, or the one in front of `since`."""
        times = [int(key) for key in keys]
        until, since = self.time(request, "until"), self.time(request, "since")
        if until is not None and since is not None:
            raise Problem(400, "cursor", "The parameters 'until' and 'since' exclude each other.")
        if since is not None:
            start = max(0, sum(time > since for time in times) - size)
        else:
            start = 0 if until is None else sum(time >= until for time in times)
        return start, min(start + size, len(times))

    def time(self, request: Request, name: str) -> int | None:
        """The time that a query parameter gives, None without it."""
        text = request.query.get(name)
        if text is None:
            return None
        if not is_number(text, 16):
            raise Problem(400, "cursor", f"The parameter '{name}' must be a time in milliseconds.")
        return int(text)

    def after(self, keys: Sequence[str], index: int) -> str:
        """The `until` that leads to this record: the time of the one before it."""
        return keys[index - 1] if index else str(int(keys[0]) + 1)

    def before(self, keys: Sequence[str], index: int) -> str:
        """The `since` that leads to the page in front of this record: its time."""
        return keys[index]


@mutable
class PageNumberPaginator(Paginator):
    """Pages by number, from 1, whose cursors are told as links (RFC 8288); a size above the maximum is the maximum.

    A page behind the last one is empty and leads nowhere.
    """

    size_parameter: str = "per_page"
    page_parameter: str = "page"

    def size(self, request: Request) -> int:
        """The page size asked for, at most the maximum, or the default."""
        return min(self.number(request, self.size_parameter, self.default), self.maximum)

    def number(self, request: Request, parameter: str, default: int) -> int:
        """A query parameter that is a number from 1; a Problem for another value."""
        text = request.query.get(parameter)
        if text is None:
            return default
        if not (is_number(text, 9) and int(text) >= 1):
            cause = "page-size" if parameter == self.size_parameter else "cursor"
            raise Problem(self.refused, cause, "must be an integer from 1", parameter=parameter)
        return int(text)

    def cut(self, request: Request, records: Sequence[Record], key: str) -> Cut:
        """Where this page begins and ends; its cursors are the numbers of pages of its size."""
        cut = super().cut(request, records, key)
        return evolve(cut, after=lambda index: str(index // cut.size + 1))

    def span(self, request: Request, keys: Sequence[str], size: int) -> tuple[int, int]:
        """Where the page of this number lies; behind the list for one that it does not have."""
        start = min((self.number(request, self.page_parameter, 1) - 1) * size, len(keys))
        return start, min(start + size, len(keys))

    def shown(self, cut: Cut) -> Page:
        """The page that lies there, with the number of the last one, which the last one itself does not tell."""
        return Page(
            items=cut.records[cut.start : cut.end],
            total=len(cut.records),
            next=cut.after(cut.end) if cut.next else "",
            prev=str(cut.start // cut.size) if cut.prev else "",
            last=self.last(cut) if cut.next else "",
        )

    def last(self, cut: Cut) -> str:
        """The number of the last page."""
        return str(-(-len(cut.records) // cut.size))

    def after(self, keys: Sequence[str], index: int) -> str:
        """Not known without a size (`cut`)."""
        raise NotImplementedError

    before = after

    def links(self, request: Request, page: Page) -> str:
        """The Link header that leads to the other pages; empty when there are none."""
        rels = {"next": page.next, "last": page.last, "prev": page.prev}
        return ", ".join(f'<{self.link(request, number)}>; rel="{rel}"' for rel, number in rels.items() if number)

    def link(self, request: Request, number: str) -> str:
        """The URL of a page: that of the request with another number."""
        query = [item for item in request.query.items(multi=True) if item[0] != self.page_parameter]
        return f"{request.url}?{urlencode([(self.page_parameter, number), *query])}"


def is_number(text: str, digits: int) -> bool:
    """Whether a text is a number of so many digits at the most."""
    return text.isascii() and text.isdigit() and len(text) <= digits
