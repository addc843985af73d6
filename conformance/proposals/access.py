"""Who is let in, and in which media types they speak."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import evolve, frozen

from conformance.proposals.evidence import Abstained, Finding, Findings, Proposal, Votes, settled
from conformance.proposals.material import Material, resolved, token
from conformance.traffic.exchange import Exchange
from conformance.traffic.secrets import is_secret_name

_WORD = re.compile(r"([A-Za-z][A-Za-z0-9_-]{1,30}) +[^ =]+=*")
ENOUGH = 0.9
"""The share of what was recorded from which on the rest is taken for something else."""


@frozen
class Carrier:
    """What carries a credential: a header, or a query parameter, and the word before it."""

    header: str = "Authorization"
    parameter: str | None = None
    scheme: str | None = ""
    said: str = ""

    def sent(self, exchange: Exchange) -> str | None:
        """What a request sends there."""
        request = exchange.request
        return request.parameter(self.parameter) if self.parameter else request.header(self.header)


def schemes_of(root: Mapping[str, Any]) -> Iterator[tuple[str, Carrier]]:
    """The security schemes of a document, by name."""
    components = root.get("components")
    place = "#/components/securitySchemes"
    schemes = components.get("securitySchemes") if isinstance(components, dict) else None
    if not isinstance(schemes, dict):
        place, schemes = "#/securityDefinitions", root.get("securityDefinitions")
    for name, scheme in schemes.items() if isinstance(schemes, dict) else ():
        told = resolved(root, scheme)
        carrier = _carrier(told, f"{place}{token(name)}")
        if carrier is not None:
            yield str(name), carrier


def _carrier(scheme: Mapping[str, Any], said: str) -> Carrier | None:
    kind, word = str(scheme.get("type", "")).lower(), str(scheme.get("scheme", "")).lower()
    if kind == "basic" or (kind == "http" and word == "basic"):
        return Carrier(scheme="Basic", said=said)
    if kind in ("oauth2", "openidconnect") or (kind == "http" and word == "bearer"):
        return Carrier(scheme="Bearer", said=said)
    if kind == "http" and word:
        return Carrier(scheme=str(scheme["scheme"]), said=said)
    if kind == "apikey" and scheme.get("name"):
        name = str(scheme["name"])
        if scheme.get("in") == "query":
            return Carrier(parameter=name, said=said)
        if scheme.get("in") == "header":
            # What stands before the key there is no part of such a scheme; people write it into its description.
            return Carrier(header=name, scheme=None if name.lower() == "authorization" else "", said=said)
    return None


def carrier_of(material: Material) -> Carrier | Abstained:
    """What carries the credential of most operations: as recorded, else as the document says."""
    documented = dict(schemes_of(material.root))
    used = _used(material)
    ranked = sorted(documented, key=lambda name: (-used.counts[name], list(documented).index(name)))
    recorded = Votes.of(
        name.lower()
        for each in material.known
        for name in {name.title() for name, _ in each.request.headers}
        if each.response.ok and (name.lower() == "authorization" or _is_key(name))
    )
    for name in ranked:
        if documented[name].parameter is None and recorded.counts[documented[name].header.lower()]:
            return documented[name]
        if documented[name].parameter and any(documented[name].sent(each) for each in material.known):
            return documented[name]
    served = sum(each.response.ok for each in material.known)
    if recorded.total and recorded.counts[recorded.first] >= ENOUGH * served:
        if documented:
            return Abstained(f"requests carry {recorded.first}, which the document does not name")
        header = next(
            name for each in material.known for name, _ in each.request.headers if name.lower() == recorded.first
        )
        return Carrier(header=header, scheme=None)
    if ranked and not recorded.total:
        others = _alternatives(material, documented, ranked[0], used)
        if not others:
            return documented[ranked[0]]
        why = f"the document takes {' or '.join((ranked[0], *others))}, and no request was recorded with its credential"
        return Abstained(why, "requests with their credentials, which are redacted")
    why = "requests carry a credential in several places" if recorded.total else "the document names no security scheme"
    return Abstained(why, "requests with their credentials, which are redacted")


def _is_key(name: str) -> bool:
    return is_secret_name(name) and name.lower() not in ("cookie", "x-csrf-token", "x-xsrf-token")


def _alternatives(material: Material, documented: Mapping[str, Carrier], name: str, used: Votes) -> tuple[str, ...]:
    """Schemes that as many operations take in place of one, and that carry something else."""
    together = {other for wanted in _wanted(material) if name in wanted for other in wanted}
    return tuple(
        other
        for other, carrier in documented.items()
        if other not in together
        and used.counts[other] == used.counts[name]
        and evolve(carrier, said="") != evolve(documented[name], said="")
    )


def _wanted(material: Material) -> list[Mapping[str, Any]]:
    """What operations ask for, each of the ways that they can be called in by itself."""
    found: list[Mapping[str, Any]] = []
    for operation in material.operations:
        wanted = material.entry(operation).get("security", material.root.get("security"))
        found += [each for each in wanted if isinstance(each, dict) and each] if isinstance(wanted, list) else []
    return found


def _beside(material: Material, carrier: Carrier) -> Mapping[str, str]:
    """Headers of other schemes that go with a credential: in one way of calling, and in what was recorded."""
    documented = dict(schemes_of(material.root))
    own = next((name for name, each in documented.items() if each == carrier), None)
    together = {other for wanted in _wanted(material) if own in wanted for other in wanted} - {own}
    served = [each for each in material.known if each.response.ok and carrier.sent(each) is not None]
    found = {}
    for name in sorted(together & set(documented)):
        other = documented[name]
        held = sum(other.sent(each) is not None for each in served)
        if other.parameter is None and held >= ENOUGH * len(served):
            found[other.header] = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-") or "other"
    return found


def _used(material: Material) -> Votes:
    """How many operations ask for each security scheme."""
    return Votes.of(str(name) for wanted in _wanted(material) for name in wanted)


def auth(material: Material, name: str) -> Findings:
    """How requests are authenticated."""
    carrier = carrier_of(material)
    if isinstance(carrier, Abstained):
        return {"auth.header": carrier, "auth.refused": refused(material, None)}
    said = (carrier.said,) if carrier.said else ()
    sent = [value for each in material.known if (value := carrier.sent(each)) is not None and each.response.ok]
    found: dict[str, Finding] = {}
    if carrier.parameter:
        found["auth.parameter"] = Proposal(carrier.parameter, len(sent), 0, "requests", said)
    else:
        found["auth.header"] = Proposal(carrier.header, len(sent), 0, "requests", said)
    found["auth.scheme"] = _scheme(carrier, sent, said)
    found["auth.refused"] = refused(material, carrier)
    variable = re.sub("[^A-Z0-9]+", "_", name.upper())
    beside = _beside(material, carrier)
    if beside:
        found["auth.beside"] = Proposal(dict(beside), len(sent), 0, "requests", said)
    others = {each: f"{variable}_{re.sub('[^A-Z0-9]+', '_', each.upper())}" for each in beside.values()}
    found["auth.credentials"] = Proposal({"default": f"{variable}_TOKEN", **others})
    return found


def _scheme(carrier: Carrier, sent: list[str], said: tuple[str, ...]) -> Finding:
    """The word before the credential."""
    words = Votes.of(
        match[1] if (match := _WORD.fullmatch(value)) else "" for value in sent if " " in value or "_" in value
    )
    clear = words.total and words.counts[words.first] * 3 >= words.total * 2
    if clear and words.first and carrier.parameter is None:
        same = carrier.scheme is not None and carrier.scheme.lower() == words.first.lower()
        return words.proposal(words.first, "requests", said if same else ())
    if carrier.scheme is not None:
        return Proposal(carrier.scheme, said=said)
    return Abstained("the document does not say what stands before the key", "requests with their Authorization")


def refused(material: Material, carrier: Carrier | None) -> Finding:
    """The status of a request whose credential is missing or wrong."""
    bare = [
        each
        for each in material.known
        if each.operation is not None and each.operation.authorized == "required" and each.response.status in (401, 403)
    ]
    keeps = carrier is not None and any(carrier.sent(each) and each.response.ok for each in material.known)
    # Without any credential in the recording a 403 may be one for lack of rights.
    telling = [each for each in bare if keeps and carrier is not None and carrier.sent(each) is None]
    votes = Votes.of(each.response.status for each in telling or [each for each in bare if each.response.status == 401])
    said: dict[Any, tuple[str, ...]] = {}
    for operation in material.operations:
        if "401" in operation.answers:
            said[401] = (*said.get(401, ()), material.pointer_to(operation, "responses", "401"))
    return settled(
        votes,
        "refusals",
        said,
        Abstained("no refusal was recorded, and the document has no 401", "a call without a credential"),
    )


def media_types(material: Material) -> Findings:
    """The media types of bodies."""
    spoken = [each for each in material.exchanges if each.response.is_json and each.request.method != "HEAD"]
    types = Votes.of(each.response.media_type or "none" for each in spoken)
    documented: dict[Any, tuple[str, ...]] = {}
    for operation in material.operations:
        for status, answer in operation.answers.items():
            for media_type in answer.content if status.startswith("2") else ():
                place = material.pointer_to(operation, "responses", status)
                documented[media_type.lower()] = (*documented.get(media_type.lower(), ()), place)
    # A type that most answers have and the document names, or nearly all of them have.
    chosen = [t for t, count in types.counts.items() if t != "none" and count >= ENOUGH * types.total]
    return {
        "media_types.request": _sent(material),
        "media_types.response": _several(types, chosen, documented),
    }


def _several(types: Votes, chosen: list[str], documented: Mapping[Any, tuple[str, ...]]) -> Finding:
    if chosen:
        held = sum(types.counts[t] for t in chosen)
        rest = tuple(name for name in types.others(chosen[0]))
        return Proposal(chosen, held, types.total - held, "JSON bodies", documented.get(chosen[0], ()), rest)
    if types.total:
        return Abstained(f"JSON bodies are typed differently: {', '.join(types.others(None)[:3])}")
    only = [media_type for media_type in documented if "json" in media_type]
    if len(only) == 1:
        return Proposal(only, said=documented[only[0]])
    return Abstained("no answer with a JSON body was recorded", "any call")


def _sent(material: Material) -> Finding:
    """What request bodies are typed, of requests that were accepted."""
    sent = Votes.of(
        each.request.media_type
        for each in material.known
        if each.request.body and each.request.media_type and each.response.ok and each.request.method != "GET"
    )
    documented: dict[Any, tuple[str, ...]] = {}
    for operation in material.operations:
        for media_type in operation.body:
            place = material.pointer_to(operation, "requestBody")
            documented[str(media_type).lower()] = (*documented.get(str(media_type).lower(), ()), place)
    ranked = sorted(documented, key=lambda media_type: -len(documented[media_type]))
    if not sent.total and len(ranked) > 1 and len(documented[ranked[0]]) > ENOUGH * sum(map(len, documented.values())):
        return Proposal(ranked[0], said=documented[ranked[0]], but=tuple(ranked[1:]))
    return settled(sent, "bodies", documented, Abstained("no body was sent", "a call with a body that is accepted"))
