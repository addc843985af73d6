"""Versions: what carries them, as the document and recorded requests show it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from conformance.proposals.evidence import Abstained, Finding, Findings, Proposal, Votes
from conformance.proposals.material import Material, plain

_SEGMENT = re.compile(r"v[0-9]+(?:\.[0-9]+)*(?:(?:alpha|beta)[0-9]*)?")
_NAMES = frozenset(("version", "apiversion", "v", "ver"))
_HEADER = re.compile(r"(?:x-)?(?:[a-z]+-)*(?:api-)?version", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER = re.compile(r"v?\d+(\.\d+)*")
_NOT_OF_APIS = frozenset(
    ("x-client-version", "x-app-version", "sec-websocket-version", "x-http-version", "mime-version")
)


def versioning(material: Material) -> Findings:
    """What carries the version."""
    documented, sent = _documented_headers(material), _sent_headers(material)
    return (
        _in_query(material)
        or _in_header(material, documented.first, documented)
        or _in_path(material)
        or _in_header(material, sent.first, sent)
        or {"versioning": _NOTHING}
    )


_NOTHING = Abstained("no path, parameter or header carries a version by its name")


def _pattern(values: Votes) -> str | None:
    for form in (_DATE, _NUMBER):
        if values.total and all(form.fullmatch(str(value)) for value in values.counts):
            return form.pattern
    return None


def _in_query(material: Material) -> Findings:
    asking = Votes.of(
        parameter["name"]
        for operation in material.operations
        for parameter in operation.parameters
        if parameter["in"] == "query" and plain(parameter["name"]) in _NAMES
    )
    name = asking.first
    if name is None or asking.counts[name] * 2 <= len(material.operations):
        return {}
    values = Votes.of(value for each in material.known if (value := each.request.parameter(name)) is not None)
    said = tuple(
        material.pointer_to(operation, "parameters")
        for operation in material.operations
        if any(p["name"] == name and p["in"] == "query" for p in operation.parameters)
    )
    served = Votes.of(
        value for each in material.known if each.response.ok and (value := each.request.parameter(name)) is not None
    )
    found: dict[str, Finding] = {
        "versioning.carrier": Proposal("query", values.total, len(material.known) - values.total, "requests", said),
        "versioning.parameter": Proposal(name, values.total, 0, "requests", said),
    }
    return {**found, **_values(material, values, served)}


def _values(material: Material, values: Votes, served: Votes) -> Findings:
    del material
    pattern = _pattern(served)
    found: dict[str, Finding] = {}
    if pattern is None:
        # Dates with a word behind them are common, and any other text is a version as well.
        dated = served.total and all(_DATE.match(str(value)) for value in served.counts)
        pattern = r"\d{4}-\d{2}-\d{2}.*" if dated else r"\S+"
    found["versioning.pattern"] = Proposal(pattern, served.total, 0, "accepted versions")
    if served.total:
        found["versioning.default"] = served.proposal(served.first, "accepted requests")
    else:
        why = "no request with a version was accepted" if values.total else "no request carries a version"
        found["versioning.default"] = Abstained(why, "a call that asks for a version")
    return found


def _documented_headers(material: Material) -> Votes:
    """Headers for a version that most operations take, by the document."""
    names = Votes.of(
        parameter["name"].lower()
        for operation in material.operations
        for parameter in operation.parameters
        if parameter["in"] == "header" and _HEADER.fullmatch(parameter["name"])
    )
    most = names.first is not None and names.counts[names.first] * 2 > len(material.operations)
    return names if most else Votes()


def _sent_headers(material: Material) -> Votes:
    """Headers for a version that nearly all accepted requests carry."""
    served = [each for each in material.known if each.response.ok]
    names = Votes.of(
        name
        for each in served
        for name in {name.lower() for name, _ in each.request.headers}
        if _HEADER.fullmatch(name) and name not in _NOT_OF_APIS
    )
    return names if names.first is not None and names.counts[names.first] * 10 >= 9 * len(served) else Votes()


def _in_header(material: Material, name: str | None, among: Votes) -> Findings:
    if name is None or not among.total:
        return {}
    served = Votes.of(
        value for each in material.known if each.response.ok and (value := each.request.header(name)) is not None
    )
    written = next(
        (n for each in material.known for n, _ in each.request.headers if n.lower() == name),
        next((p["name"] for o in material.operations for p in o.parameters if p["name"].lower() == name), name),
    )
    found: dict[str, Finding] = {
        "versioning.carrier": Proposal("header", served.total, len(material.known) - served.total, "requests"),
        "versioning.header": Proposal(written, served.total, 0, "requests"),
    }
    return {**found, **_values(material, served, served)}


def _in_path(material: Material) -> Findings:
    """A segment that every template begins with, or the base URL ends with."""
    templates = [operation.path.strip("/").split("/") for operation in material.operations]
    for depth in range(3):
        versioned = [parts for parts in templates if len(parts) > depth and _SEGMENT.fullmatch(parts[depth])]
        before = {tuple(parts[:depth]) for parts in versioned}
        if templates and len(versioned) == len(templates) and len(before) == 1:
            words = sorted({parts[depth] for parts in versioned})
            one = re.escape(words[0]) if len(words) == 1 else "v[0-9]+"
            pattern = "/" + "/".join((*next(iter(before)), one)) + "/.*"
            held = sum(bool(re.fullmatch(pattern, each.path)) for each in material.exchanges)
            return {
                "versioning.carrier": Proposal("path", held, len(material.exchanges) - held, "requests", ("#/paths",)),
                "versioning.pattern": Proposal(pattern, held, len(material.exchanges) - held, "requests", ("#/paths",)),
            }
    base = urlsplit(material.contract.conventions.origin).path.strip("/").split("/")
    if any(_SEGMENT.fullmatch(part) for part in base):
        count = len(material.known)
        shown = (f"the base URL has the segment {next(part for part in base if _SEGMENT.fullmatch(part))}",)
        return {
            "versioning.carrier": Proposal("path", count, 0, "requests", ("#/servers",)),
            "versioning.pattern": Proposal("/.*", count, 0, "requests", but=shown),
        }
    return {}
