"""Pages: how an API cuts its lists, read from `specs/<api>/conventions.yaml`."""

from __future__ import annotations

from typing import Literal

from conformance.contract.errors import ContractError
from conformance.contract.requirement import Record


class PageSize(Record):
    """The query parameter for the size of a page, in records.

    Attributes:
        parameter: its name; empty where nobody can ask for a size.
        default: as documented, None where no document gives one.
        minimum, maximum, step: the sizes that may be asked for; the maximum is None where nothing tells.
        fallback: the most records that an answer to an invalid size may hold, None where nothing tells.
        fallback_may_be_empty: whether it may hold none, although the list has some.
    """

    parameter: str = ""
    default: int | None = None
    minimum: int = 1
    maximum: int | None = None
    step: int = 1
    fallback: int | None = None
    fallback_may_be_empty: bool = False

    @property
    def largest(self) -> int:
        """The largest size that is known to be served."""
        return self.maximum or self.default or self.minimum

    @property
    def documented_default(self) -> int:
        """The size of a page that was asked for without one.

        Raises:
            ContractError: no document gives it.
        """
        if self.default is None:
            raise ContractError("the conventions give no default page size")
        return self.default


class Pagination(Record):
    """How lists are cut into pages.

    Attributes:
        style: where a page names its neighbours: `cursor-in-body` and `timestamp` give a value for a query
            parameter, `cursor-in-header` the same in a header, `cursor-links` a URL in the body, `link-header` a URL
            in a header (RFC 8288). Where a page only says whether more follow, `page-number`, `offset` and `last-id`
            tell what is asked for next. A list that is `whole` has none.
        page_size: the query parameter for the size of a page.
        cursor: query parameter that takes the cursor of the next page.
        previous: query parameter that takes the cursor of the previous page; None where no document names it.
        prev_promised: whether the document promises that every page but the first names the one before it.
        sort: query parameter that asks for another order, which voids what is promised of walks.
        next, prev: JSON pointers of the neighbours in the body, or the names of the headers that hold them.
        more: JSON pointer of a boolean that says whether more follow.
        last: JSON pointer of a boolean that says whether none do.
        pages: JSON pointer of the number of the last page.
        first: the number of the first page, or the first offset.
        total: JSON pointer of the number of records in the whole list, where the document promises one.
        envelope: top-level member that carries them; None where there is none.
        records: JSON pointer of the records, where every list has them at the same place.
        count: JSON pointer of the number of records on the page, where the document promises one.
        ordered: whether the document's walks promise one order, whatever the page size, besides completeness.
        end: the forms in which `next` may say that nothing follows.
        alphabet: regular expression a cursor matches, where the document describes it.
        numbered: whether a cursor is the number of a page, that of the first being 1. It stays with the place then, and
            not with the records: what is added or deleted during a walk moves records from page to page.
    """

    style: Literal[
        "cursor-in-body",
        "timestamp",
        "cursor-in-header",
        "cursor-links",
        "link-header",
        "page-number",
        "offset",
        "last-id",
        "whole",
    ]
    page_size: PageSize = PageSize()
    cursor: str
    previous: str | None = None
    prev_promised: bool = True
    sort: str | None = None
    next: str = ""
    prev: str = ""
    more: str | None = None
    last: str | None = None
    pages: str | None = None
    first: int = 1
    total: str | None = None
    count: str | None = None
    ordered: bool = True
    envelope: str | None = None
    records: str | None = None
    end: tuple[Literal['""', "null", "absent"], ...] = ("null", "absent")
    alphabet: str | None = None
    numbered: bool = False

    @property
    def by_link(self) -> bool:
        """Whether neighbours are named by URL."""
        return self.style in ("cursor-links", "link-header")

    @property
    def counted(self) -> bool:
        """Whether the next page is told by what was asked for and what came, and not by a cursor of the server's."""
        return self.style in ("page-number", "offset", "last-id")

    @property
    def whole(self) -> bool:
        """Whether a list comes in one answer, and nobody is asked for its size."""
        return self.style == "whole"


WHOLE = Pagination(style="whole", page_size=PageSize(maximum=1, fallback=1), cursor="")
"""How lists come where a document knows no pages."""
