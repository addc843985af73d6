"""What proposals are made from: the operations of a document, and the exchanges of recordings."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from attrs import define

from conformance.contract import Contract, Operation, dereferenced
from conformance.contract.templates import is_parameter
from conformance.traffic.exchange import Exchange

DEPTH = 4
"""How deep members are looked for below the top of a body."""

MOST_MEMBERS = 400


@define(eq=False, slots=False)
class Material:
    """A document and recordings of one API.

    Attributes:
        contract: the operations of the document; no convention of it is looked at.
        sequences: the exchanges with the API, in the order of each conversation.
    """

    contract: Contract
    sequences: tuple[tuple[Exchange, ...], ...]

    @property
    def operations(self) -> tuple[Operation, ...]:
        return self.contract.operations

    @property
    def root(self) -> Mapping[str, Any]:
        """The document as it stands in its file."""
        return self.contract.document

    @cached_property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Those whose bodies are known and that got an answer."""
        return tuple(
            exchange
            for sequence in self.sequences
            for exchange in sequence
            if exchange.response.answered and exchange.response.unread is None and exchange.request.unread is None
        )

    @cached_property
    def known(self) -> tuple[Exchange, ...]:
        """Those with operations of the document."""
        return tuple(exchange for exchange in self.exchanges if exchange.operation is not None)

    @cached_property
    def answers(self) -> Mapping[str, tuple[Exchange, ...]]:
        """Operation → the exchanges in which it succeeded with a JSON body."""
        found: dict[str, list[Exchange]] = defaultdict(list)
        for exchange in self.known:
            if exchange.response.ok and exchange.response.is_json:
                found[exchange.known_as].append(exchange)
        return {name: tuple(exchanges) for name, exchanges in found.items()}

    @cached_property
    def errors(self) -> tuple[Exchange, ...]:
        """The exchanges that came to an error of the client or of the server, with a JSON body."""
        return tuple(
            each
            for each in self.exchanges
            if each.response.status >= 400 and each.response.is_json and each.request.method != "HEAD"
        )

    def schema_of(self, operation: Operation) -> Mapping[str, Any] | None:
        """The schema of an operation's success, as the document has it."""
        return operation.promised(operation.success[0] if operation.success else 200)

    def words_on(self, operation: Operation, place: str) -> str:
        """What the document says in words of a member of an operation's success: in its file, since schemas lose it."""
        responses = self.entry(operation).get("responses")
        names = sorted(name for name in responses if str(name).startswith("2")) if isinstance(responses, dict) else []
        answer = resolved(self.root, responses[names[0]]) if isinstance(responses, dict) and names else {}
        content = answer.get("content")
        holders = [each for name, each in content.items() if "json" in name] if isinstance(content, dict) else [answer]
        node = holders[0].get("schema") if holders and isinstance(holders[0], dict) else None
        for name in tokens_of(place):
            node = properties_of(self.root, node).get(name)
        told = resolved(self.root, node)
        return " ".join(str(told[key]) for key in ("description", "format", "example") if told.get(key) is not None)

    def pointer_to(self, operation: Operation, *below: str) -> str:
        """Where an operation, or something of it, stands in the document."""
        return "#" + "".join(map(token, ("paths", operation.path, operation.method.lower(), *below)))

    def entry(self, operation: Operation) -> Mapping[str, Any]:
        """An operation as it stands in the document's file; empty where that is written otherwise."""
        paths = self.root.get("paths")
        item = paths.get(operation.path) if isinstance(paths, dict) else None
        entry = item.get(operation.method.lower()) if isinstance(item, dict) else None
        return entry if isinstance(entry, dict) else {}


def token(part: str | int) -> str:
    """A reference token of a JSON pointer (RFC 6901)."""
    return "/" + str(part).replace("~", "~0").replace("/", "~1")


def plain(name: str) -> str:
    """A name without case and signs, so that `next_page`, `nextPage` and `next-page` are one."""
    return re.sub("[^a-z0-9]", "", name.lower())


def tokens_of(place: str) -> list[str]:
    """The member names of a JSON pointer."""
    return [part.replace("~1", "/").replace("~0", "~") for part in place.split("/")[1:]]


def leaves(value: Any, skipped: str, place: str = "", depth: int = DEPTH) -> Iterator[tuple[str, Any]]:
    """JSON pointer → value, of every member that is no array and no object, but for what is below one pointer."""
    if not isinstance(value, dict) or depth == 0 or (place and place == skipped):
        return
    for name, member in list(value.items())[:MOST_MEMBERS]:
        at = place + token(name)
        if isinstance(member, dict):
            yield from leaves(member, skipped, at, depth - 1)
        elif not isinstance(member, list):
            yield at, member


def described(schema: Mapping[str, Any] | None, depth: int = DEPTH) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """JSON pointer → schema, of every member that a schema describes, not looking into arrays."""
    if schema is not None:
        yield from _members(schema, schema, "", depth)


def _members(root: Mapping[str, Any], node: Any, place: str, depth: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if depth < 0:
        return
    for name, member in properties_of(root, node).items():
        at = place + token(name)
        yield at, member
        yield from _members(root, member, at, depth - 1)


def resolved(root: Mapping[str, Any], node: Any) -> Mapping[str, Any]:
    """A part of a schema without its reference; empty where that leads nowhere."""
    try:
        return dereferenced(root, node)
    except LookupError:
        return {}


def properties_of(root: Mapping[str, Any], node: Any, depth: int = 6) -> dict[str, Mapping[str, Any]]:
    """The members that a schema describes, also by what all of it is made of."""
    schema = resolved(root, node)
    found: dict[str, Mapping[str, Any]] = {}
    for branch in schema.get("allOf", ()) if depth else ():
        found |= properties_of(root, branch, depth - 1)
    # Of a value that may be null, the other branch describes it.
    branches = [resolved(root, each) for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ()))]
    branches = [each for each in branches if each.get("type") != "null"]
    if len(branches) == 1 and depth:
        found |= properties_of(root, branches[0], depth - 1)
    properties = schema.get("properties")
    for name, member in properties.items() if isinstance(properties, dict) else ():
        found[name] = resolved(root, member)
    return found


def is_required(schema: Mapping[str, Any] | None, place: str) -> bool:
    """Whether a schema says that a member is always there: by its own object, whatever holds that."""
    if schema is None:
        return False
    node: Mapping[str, Any] = resolved(schema, schema)
    *holders, name = tokens_of(place)
    for holder in holders:
        node = properties_of(schema, node).get(holder, {})
    return name in _needed(schema, node)


def _needed(root: Mapping[str, Any], node: Any, depth: int = 6) -> set[str]:
    schema = resolved(root, node)
    names = schema.get("required")
    found = {name for name in names if isinstance(name, str)} if isinstance(names, list | tuple) else set()
    branches = (*schema.get("allOf", ()), *schema.get("anyOf", ()), *schema.get("oneOf", ())) if depth else ()
    for branch in branches:
        found |= _needed(root, branch, depth - 1)
    return found


def types_of(schema: Mapping[str, Any]) -> frozenset[str]:
    """The JSON types that a schema allows by name."""
    kinds = schema.get("type", ())
    found = {kinds} if isinstance(kinds, str) else {kind for kind in kinds if isinstance(kind, str)}
    for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        found |= types_of(branch) if isinstance(branch, dict) else set()
    return frozenset(found)


def last_word(operation: Operation) -> str:
    """The last segment of an operation's path that is no parameter; empty where there is none."""
    return next((part for part in reversed(operation.path.split("/")) if part and not is_parameter(part)), "")


def singular(word: str) -> str:
    """An English plural as one of it, well enough to compare names."""
    lowered = word.lower()
    if lowered.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if lowered.endswith(("sses", "xes", "ches", "shes", "uses")):
        return word[:-2]
    return word[:-1] if lowered.endswith("s") and not lowered.endswith(("ss", "us", "is")) else word
