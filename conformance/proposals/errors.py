"""Errors: what all their bodies share, and which statuses carry it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.contract import Validator
from conformance.proposals.evidence import Abstained, Finding, Findings, Proposal, Votes, settled
from conformance.proposals.material import Material, described, plain, token, tokens_of, types_of

_TEXTS = (
    *("message", "detail", "details", "description", "errordescription", "errormessage", "msg", "title", "reason"),
    *("error", "errors", "fault", "faultstring", "userMessage".lower(), "developermessage", "text"),
)
"""Names, without case and signs, of a text for people, the likeliest first."""

_CODES = ("code", "errorcode", "type", "error", "errortype", "slug", "key", "id", "name", "reason", "errorid")
_MARKS = frozenset(("error", "errors"))
_WORDS = frozenset((*_TEXTS, *_CODES, "status", "statuscode", "instance", "success", "httpstatus", "errorcodes"))
"""What errors are told with: another member that a few errors share may be of their kind alone."""

MOST_KINDS = 3
A_KIND = 3
"""Kinds of error bodies that an envelope has at most, and bodies from which on they are one."""


def errors(material: Material) -> Findings:
    """The error envelope and what goes with it."""
    told = [each for each in material.errors if isinstance(each.response.json, dict) and each.response.json]
    known = _envelopes(material)
    if not told and not known:
        nothing = Abstained("no error with a JSON body was recorded", "calls that are refused: with 400, 401, 404")
        return {"errors.envelope": nothing, "errors.unknown": _unknown(material)}
    bodies = [each.response.json for each in told]
    envelope = _envelope(bodies, known)
    found: dict[str, Finding] = {"errors.envelope": envelope}
    if isinstance(envelope, Proposal):
        found["errors.classes"] = _classes(material, envelope.value)
        # Where bodies are of several kinds, most of them tell.
        schema = envelope.value.get("anyOf", [envelope.value])[0]
        bodies = [body for body in bodies if all(name in body for name in schema["required"])]
        found["errors.message"] = message = _text(bodies, schema)
        found |= _code(bodies, schema, message)
        found["errors.in_success"] = _marks(material, schema)
    found["errors.unknown"] = _unknown(material)
    found["errors.malformed"] = _malformed(material)
    return found


def _envelopes(material: Material) -> dict[str, tuple[str, ...]]:
    """JSON pointer → where the document says it, of members that its error bodies have."""
    found: dict[str, list[str]] = {}
    for operation in material.operations:
        for status in operation.answers:
            if status[0] in "45" or status == "default":
                schema = operation.responses.get(status)
                for place, _ in described(schema, 1):
                    found.setdefault(place, []).append(material.pointer_to(operation, "responses", status))
    return {place: tuple(places) for place, places in found.items()}


def _envelope(bodies: list[Any], known: Mapping[str, tuple[str, ...]]) -> Finding:
    if not bodies:
        # What a document says of errors is judged by its schemas; of an envelope only recordings tell.
        return Abstained("no error with a JSON body was recorded", "calls that are refused: with 400, 401, 404")
    if any(token(name) in known for name in bodies[0]):
        # What a document does not name beside what it does may be left out tomorrow.
        bodies = [{name: value for name, value in body.items() if token(name) in known} for body in bodies]
    schema = _shape(bodies, "")
    if schema["required"]:
        said = next((known[token(name)] for name in schema["required"] if token(name) in known), ())
        return Proposal(schema, len(bodies), 0, "error bodies", said)
    kinds: dict[frozenset[str], list[Any]] = {}
    for body in bodies:
        kinds.setdefault(frozenset(name for name in body if plain(name) in _WORDS), []).append(body)
    shapes = [_shape(those, "") for those in sorted(kinds.values(), key=lambda those: (-len(those), str(those[0])))]
    told = "; ".join(f"{', '.join(sorted(names)) or 'other members'} in {len(those)}" for names, those in kinds.items())
    if (
        len(shapes) <= MOST_KINDS
        and all(each["required"] for each in shapes)
        and min(map(len, kinds.values())) >= A_KIND
    ):
        return Proposal({"type": "object", "anyOf": shapes}, len(bodies), 0, "error bodies", but=(told,))
    return Abstained(f"error bodies have no member in common that tells of an error: {told}")


def _shape(values: list[Any], place: str) -> dict[str, Any]:
    """A schema of the members, of those that errors are told with, that all of some objects have."""
    properties: dict[str, Any] = {}
    for name in values[0]:
        if plain(name) in _WORDS and all(isinstance(value, dict) and name in value for value in values):
            member = _member([value[name] for value in values], place + token(name))
            if member is not None:
                properties[name] = member
    return {"type": "object", "required": list(properties), "properties": properties}


def _member(values: list[Any], place: str) -> dict[str, Any] | None:
    """A schema of values that stand at one place; None where they are of several types, or null in all."""
    kinds = {_kind(value) for value in values}
    if kinds == {"string"}:
        return {"type": "string", **({"minLength": 1} if all(values) else {})}
    if kinds == {"object"} and len(tokens_of(place)) < 2:
        inner = _shape(values, place)
        return inner if inner["required"] else {"type": "object"}
    if kinds == {"array"}:
        items = [item for value in values for item in value]
        item_kinds = sorted({_kind(item) for item in items})
        filled = {"minItems": 1} if all(values) else {}
        return {"type": "array", **filled, **({"items": {"type": item_kinds[0]}} if len(item_kinds) == 1 else {})}
    return {"type": kinds.pop()} if len(kinds) == 1 and kinds != {"null"} else None


def _kind(value: Any) -> str:
    for kind, types in (("boolean", bool), ("integer", int), ("number", float), ("string", str), ("array", list)):
        if isinstance(value, types):
            return kind
    return "object" if isinstance(value, dict) else "null"


def _classes(material: Material, schema: Mapping[str, Any]) -> Finding:
    """The status classes in which every body is the envelope."""
    found, held, against, validator = [], 0, 0, Validator(schema)
    for status_class in (4, 5):
        bodies = [
            each
            for each in material.known
            if each.response.status_class == status_class and each.request.method != "HEAD"
        ]
        wearing = [
            each for each in bodies if each.response.is_json and not validator.errors(each.response.json, limit=1)
        ]
        if bodies and len(wearing) == len(bodies):
            found.append(status_class)
            held += len(wearing)
        elif bodies:
            against += len(bodies) - len(wearing)
    if found:
        return Proposal(found, held, 0, "errors", but=(f"{against} others without it",) if against else ())
    return Abstained(f"{against} errors have another body or none", "errors of the API itself")


def _places(schema: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, member in schema.get("properties", {}).items():
        at = place + token(name)
        yield at, member
        yield from _places(member, at)


def _at(body: Any, place: str) -> Any:
    for name in tokens_of(place):
        if isinstance(body, list):
            body = body[int(name)] if name.isdigit() and int(name) < len(body) else None
        else:
            body = body.get(name) if isinstance(body, dict) else None
    return body


def _text(bodies: list[Any], schema: Mapping[str, Any]) -> Finding:
    """Where the text for people is: a text that every error body has, by its name."""
    places = [place for place, member in _places(schema) if types_of(member) == {"string"}]
    for place, member in _places(schema):
        if types_of(member) == {"array"}:
            firsts = [_at(body, f"{place}/0") for body in bodies]
            if all(isinstance(each, str) and each for each in firsts):
                places.append(f"{place}/0")
            elif all(isinstance(each, dict) for each in firsts):
                names = [name for name in firsts[0] if all(isinstance(each.get(name), str) for each in firsts)]
                places += [f"{place}/0{token(name)}" for name in names]

    def rank(place: str) -> tuple[int, int]:
        name = next((plain(part) for part in reversed(tokens_of(place)) if not part.isdigit()), "")
        return (_TEXTS.index(name) if name in _TEXTS else len(_TEXTS), place.count("/"))

    places = sorted((place for place in places if rank(place)[0] < len(_TEXTS)), key=rank)
    # A single word is a code and no text.
    texts = [
        place
        for place in places
        if any(" " in str(_at(body, place)) for body in bodies) or "message" in plain(place) or place.endswith("/0")
    ]
    if not texts:
        return Abstained("no member of the error bodies is a text for people", "further errors")
    return Proposal(texts[0], len(bodies), 0, "error bodies")


def _code(bodies: list[Any], schema: Mapping[str, Any], message: Finding) -> Findings:
    """Where the code of an error is: a word that says of which kind it is."""
    taken = message.value if isinstance(message, Proposal) else None
    candidates = []
    for place, member in _places(schema):
        name = plain(tokens_of(place)[-1])
        if name in _CODES and place != taken and types_of(member) == {"string"}:
            values = [_at(body, place) for body in bodies]
            if all(re.fullmatch(r"[A-Za-z0-9][\w.:/-]*", str(value)) for value in values):
                candidates.append((_CODES.index(name), place))
    if not candidates:
        return {}
    holder, _, member_name = min(candidates)[1].rpartition("/")
    held = len(bodies)
    return {
        "errors.error": Proposal(holder, held, 0, "error bodies"),
        "errors.code": Proposal(tokens_of(f"/{member_name}")[0], held, 0, "error bodies"),
    }


def _marks(material: Material, schema: Mapping[str, Any]) -> Finding:
    """Members of errors that no success has at its top."""
    bodies = [
        each.response.json
        for exchanges in material.answers.values()
        for each in exchanges
        if isinstance(each.response.json, dict)
    ]
    marks = [name for name in schema["required"] if plain(name) in _MARKS]
    against = sum(any(name in body for name in marks) for body in bodies)
    if marks and bodies and not against:
        return Proposal(marks, len(bodies), 0, "successes that are objects")
    why = "successes have it, too" if against else "no member of the envelope marks an error by its name"
    return Abstained(why)


def _unknown(material: Material) -> Finding:
    """The status of what is not there."""
    missing = [
        each
        for each in material.known
        if each.request.method == "GET"
        and each.operation is not None
        and each.operation.path_parameters
        and each.response.status in (400, 404, 410, 422)
        and not each.request.query
    ]
    votes = Votes.of(each.response.status for each in missing)
    if votes.total and votes.first not in (404, 410):
        return Abstained(f"a GET of what may be unknown was answered {votes.first}", "a GET of an id that nothing has")
    said: dict[Any, tuple[str, ...]] = {}
    for operation in material.operations:
        if "404" in operation.answers and operation.path_parameters:
            said[404] = (*said.get(404, ()), material.pointer_to(operation, "responses", "404"))
    return settled(votes, "calls", said, Abstained("nothing unknown was asked for", "a GET of an id that nothing has"))


def _malformed(material: Material) -> Finding:
    """The status of a body that is no JSON."""
    votes = Votes.of(
        each.response.status
        for each in material.known
        if each.request.body and not each.request.is_json and (each.request.media_type or "").endswith("json")
        if each.response.status_class == 4 and each.response.status not in (401, 403, 404, 429)
    )
    said: dict[Any, tuple[str, ...]] = {}
    for operation in material.operations:
        for status in (400, 422) if operation.request_schema is not None else ():
            if str(status) in operation.answers:
                said[status] = (*said.get(status, ()), material.pointer_to(operation, "responses", str(status)))
    otherwise = Abstained("no malformed body was sent", "a create with a body that is cut off")
    # Without a document that says so another refusal would do as well.
    return settled(votes, "calls", said, otherwise) if votes.total and said else otherwise
