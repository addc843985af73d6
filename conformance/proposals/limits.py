"""Rate limits: the headers that tell of them, and the number that the document names."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from conformance.proposals.evidence import Abstained, Finding, Findings, Proposal, Votes
from conformance.proposals.material import Material
from conformance.traffic.dates import seconds_of

_HEADER = re.compile(r"((?:x-)?(?:[a-z]+-)*rate-?limit(?:-[a-z]+)*?)-(limit|remaining|reset)", re.IGNORECASE)
_SECONDS = {"second": 1, "sec": 1, "s": 1, "minute": 60, "min": 60, "m": 60, "hour": 3600, "h": 3600, "day": 86400}
_RATE = re.compile(
    r"(\d{1,3}(?:[,.\u2009]\d{3})+|\d+)\s+(?:api\s+)?(?:requests?|calls?|queries)\s*(?:/|per|every|in an?|an?|each)\s*"
    r"(\d+)?\s*(second|sec|minute|min|hour|day|s|m|h)s?\b",
    re.IGNORECASE,
)
_DAYS = 31 * 86400
_EPOCH = 10**9


def rate_limit(material: Material) -> Findings:
    """How often the API may be called."""
    headers = _headers(material)
    found: dict[str, Finding] = dict(headers)
    found |= _number(material)
    refused = sum(each.response.status == 429 for each in material.exchanges)
    said = tuple(
        material.pointer_to(operation, "responses", "429")
        for operation in material.operations
        if "429" in operation.answers
    )
    if refused or said:
        found["rate_limit.exceeded"] = Proposal(429, refused, 0, "refusals", said)
    if not any(isinstance(finding, Proposal) for finding in found.values()):
        return {"rate_limit": Abstained("no answer tells of a rate limit, nor does the document", "any call")}
    return found


def _headers(material: Material) -> Findings:
    """The three headers of one family that most answers have."""
    families: Counter[str] = Counter()
    names: dict[tuple[str, str], str] = {}
    for each in material.exchanges:
        kinds: dict[str, set[str]] = {}
        for name, value in each.response.headers:
            match = _HEADER.fullmatch(name)
            if match and value.strip().isdigit():
                family, kind = match[1].lower(), match[2].lower()
                kinds.setdefault(family, set()).add(kind)
                names.setdefault((family, kind), name)
        families.update(family for family, told in kinds.items() if len(told) == 3)
    if not families:
        return {"rate_limit.headers": Abstained("no answer has headers for limit, rest and reset", "any call")}
    family = min(families, key=lambda name: (-families[name], name))
    held, total = families[family], len(material.exchanges)
    form = _reset_form(material, names[family, "reset"])
    if isinstance(form, Abstained):
        return {"rate_limit.headers": form}
    found: dict[str, Finding] = {
        f"rate_limit.headers.{kind}": Proposal(names[family, kind], held, total - held)
        for kind in ("limit", "remaining", "reset")
    }
    return {**found, "rate_limit.headers.reset_in": form}


def _reset_form(material: Material, header: str) -> Finding:
    """Whether a reset is a moment, which lies near the answer's Date, or so many seconds from now."""
    forms: list[str] = []
    for each in material.exchanges:
        text = (each.response.header(header) or "").strip()
        if not text.isdigit() or len(text) > 15:
            continue
        value, date = int(text), seconds_of(each.response.header("date"))
        if value >= _EPOCH * 1000:
            forms.append("milliseconds")
        elif value >= _EPOCH:
            near = date is None or date - 120 <= value <= date + _DAYS
            forms.append("epoch" if near else "elsewhere")
        elif value <= _DAYS:
            forms.append("delta")
    votes = Votes.of(forms)
    if len(votes.counts) == 1 and votes.first in ("epoch", "delta"):
        return votes.proposal(votes.first, "resets")
    return Abstained(f"{header} is told in no one form: {', '.join(votes.others(None))}", "calls at known times")


def _number(material: Material) -> Findings:
    """The number of requests in a window that the document names, where it names one."""
    texts = _texts(material)
    found: dict[tuple[int, float], list[str]] = {}
    for place, text in texts:
        for match in _RATE.finditer(text):
            requests = int(re.sub(r"\D", "", match[1]))
            seconds = float(_SECONDS[match[3].lower()] * int(match[2] or 1))
            if requests:
                found.setdefault((requests, seconds), []).append(place)
    if len(found) != 1:
        why = "the document names several" if found else "the document names no number of requests"
        told = "; ".join(f"{requests} in {seconds:g} s" for requests, seconds in found)
        return {"rate_limit.requests": Abstained(f"{why}{f': {told}' if told else ''}")}
    (requests, seconds), places = next(iter(found.items()))
    return {
        "rate_limit.requests": Proposal(requests, said=tuple(places)),
        "rate_limit.seconds": Proposal(int(seconds) if seconds == int(seconds) else seconds, said=tuple(places)),
    }


def _texts(material: Material) -> list[tuple[str, str]]:
    """What the document says in words of the API as a whole, or of calls that are refused for their rate."""
    root, found = material.root, list[tuple[str, str]]()
    info = root.get("info")
    if isinstance(info, dict):
        found.append(("#/info/description", str(info.get("description", ""))))
    for number, tag in enumerate(root.get("tags") or ()):
        if isinstance(tag, dict):
            found.append((f"#/tags/{number}/description", str(tag.get("description", ""))))
    components = root.get("components")
    responses: Any = (components.get("responses") if isinstance(components, dict) else None) or root.get("responses")
    for name, response in responses.items() if isinstance(responses, dict) else ():
        if isinstance(response, dict):
            found.append((f"#/responses/{name}", str(response.get("description", ""))))
    return found
