"""Names that APIs give to the same things, without case and signs."""

from __future__ import annotations

_PAGE_WORDS = ("paging", "pagination", "page", "pages", "links", "meta", "cursors", "resultinfo", "responsemetadata")

NEXT = frozenset(
    (
        *("next", "nextpage", "nextcursor", "nextpagetoken", "nexttoken", "nextpageuri", "nextpageurl", "nexturl"),
        *("nexturi", "nextlink", "odatanextlink", "nextstart", "nextoffset", "nextkey", "nextmarker", "nexthref"),
        *("continuationtoken", "nextcontinuationtoken", "endcursor", "nextpagenumber", "nextpagecursor", "nextid"),
    )
)
PREV = frozenset(
    (
        *("prev", "previous", "prevpage", "previouspage", "prevcursor", "previouscursor", "previouspageuri", "prevurl"),
        *("previousurl", "prevlink", "previouslink", "previouspageurl", "prevpageurl", "prevpagetoken", "prevtoken"),
        *("previouspagetoken", "startcursor"),
    )
)
TOTAL = frozenset(
    (
        *("total", "totalcount", "totalentries", "totalresults", "totalitems", "totalrecords", "totalelements"),
        *("totalsize", "totalhits", "odatacount", "totalobjects", "recordcount", "totalnumber", "results", "count"),
    )
)
PAGES = frozenset(
    ("lastpage", "totalpages", "pages", "pagecount", "totalpage", "numpages", "pagetotal", "numberofpages")
)
COUNT = frozenset(("count", "itemcount", "numberofelements", "resultcount", "size", "pagecount", "returned", "length"))
MORE = frozenset(("more", "hasmore", "hasnext", "hasnextpage", "hasmoreitems", "moreitemsincollection", "istruncated"))
LAST = frozenset(("islast", "islastpage", "last", "lastpage", "done"))
PLACE = frozenset(
    ("page", "currentpage", "pagenumber", "pageindex", "offset", "start", "startat", "startindex", "skip")
)

SIZE = (
    *("perpage", "pagesize", "limit", "maxresults", "size", "pagelimit", "top", "resultsperpage", "pagelen"),
    *("recordsperpage", "itemsperpage", "maxitems", "maxpagesize", "rows", "count", "first", "num"),
)
CURSOR = (
    *("cursor", "pagetoken", "pagecursor", "startingafter", "nexttoken", "continuationtoken", "continuation", "marker"),
    *("startcursor", "pageafter", "skiptoken", "after", "nextcursor", "exclusivestartkey", "until", "next", "pageid"),
)
NUMBER = ("page", "pagenumber", "pageno", "pagenum", "pageindex", "currentpage", "p")
OFFSET = ("offset", "startat", "skip", "startindex", "pageoffset", "start", "startfrom", "from")
BEFORE = ("endingbefore", "before", "pagebefore", "previouscursor", "prevcursor", "previous", "prev")
SORT = ("sort", "sortby", "orderby", "order", "ordering")
URLS = ("url", "uri", "link", "href")


def is_of_pages(place: list[str]) -> bool:
    """Whether what holds a member, by its name, is there to tell of pages."""
    return bool(place) and place[-1] in _PAGE_WORDS
