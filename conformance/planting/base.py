"""What a response defect is: a change of one answer of a conversation that breaks what a check promises.

Defects are derived from the contract and from the answers that a run got. They call no check: whether a check sees
what it promises is what they are there to find out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import evolve, field, frozen

from conformance.contract import Contract, Requirement
from conformance.traffic.exchange import Exchange, Pairs, Response
from conformance.traffic.pages import Page, page_of
from conformance.traffic.urls import Url, split

Conversation = tuple[Exchange, ...]

ABSENT = object()


@frozen
class Defect:
    """A planted defect.

    Attributes:
        name: its kind, then where it is: `drop /plans/0/id`.
        conversation: the exchanges, with the defect in one of them or in several.
    """

    name: str
    conversation: Conversation

    @property
    def kind(self) -> str:
        """What is done, wherever it is done."""
        return self.name.partition(" ")[0]


@frozen(slots=False)
class Scene:
    """Where defects are planted: a conversation, and the exchange in it that could have failed and did not.

    Attributes:
        at: the place of that exchange in the conversation.
        check: whose defects are planted.
        arguments: what the requirement's record binds it with.
        facts: what is known of the target beyond the document.
        strict: the target claims the document to the letter.
    """

    conversation: Conversation
    at: int
    contract: Contract
    requirement: Requirement
    check: str
    arguments: Mapping[str, Any] = field(factory=dict)
    facts: Mapping[str, Any] = field(factory=dict)
    strict: bool = False

    @property
    def exchange(self) -> Exchange:
        return self.conversation[self.at]

    @property
    def response(self) -> Response:
        return self.exchange.response

    @property
    def body(self) -> Any:
        """The body as JSON; `ABSENT` where it is none."""
        return self.response.json if self.response.is_json else ABSENT

    @property
    def page(self) -> Page | None:
        return page_of(self.exchange, self.contract.conventions.lists)

    @property
    def records_at(self) -> str:
        """JSON pointer of the records of the page; only where there is one."""
        operation = self.exchange.operation
        if operation is not None and operation.collection is not None:
            return operation.collection.items
        if isinstance(self.body, list):
            return ""
        return next(f"/{name}" for name, value in self.body.items() if isinstance(value, list))

    def moved(self, at: int) -> Scene:
        """The scene at another exchange of the conversation."""
        return evolve(self, at=at)

    def all(self, holds: Callable[[Scene], bool]) -> Iterator[Scene]:
        """The scene at each exchange of which something holds, the one at hand first, then the nearest."""
        order = sorted(range(len(self.conversation)), key=lambda place: (abs(place - self.at), place))
        return (scene for scene in map(self.moved, order) if scene.known and holds(scene))

    @property
    def known(self) -> bool:
        """Whether the bodies of request and answer are known: of others nothing can be said."""
        return self.exchange.request.unread is None and self.response.unread is None

    # What is planted: each gives the conversation with the exchange at hand changed.

    def defect(self, name: str, exchange: Exchange) -> Defect:
        return Defect(name, (*self.conversation[: self.at], exchange, *self.conversation[self.at + 1 :]))

    def answered(self, name: str, response: Response) -> Defect:
        return self.defect(name, evolve(self.exchange, response=response))

    def with_status(self, name: str, status: int) -> Defect:
        return self.answered(name, evolve(self.response, status=status))

    def with_body(self, name: str, body: bytes) -> Defect:
        return self.answered(name, with_body(self.response, body))

    def with_json(self, name: str, value: Any) -> Defect:
        return self.with_body(name, as_bytes(value))

    def with_value(self, name: str, place: str, value: Any) -> Defect:
        """Another value at a JSON pointer of the body; a member that was not there is added."""
        return self.with_json(name, replaced(self.body, place, value))

    def without(self, name: str, place: str) -> Defect:
        """The body without the member at a JSON pointer."""
        return self.with_json(name, replaced(self.body, place, ABSENT))

    def with_header(self, name: str, header: str, value: str | None) -> Defect:
        """Another value of a header of the answer, None for none."""
        headers = with_header(self.response.headers, header, value)
        return self.answered(name, evolve(self.response, headers=headers))

    def with_request_header(self, name: str, header: str, value: str | None) -> Defect:
        request = self.exchange.request
        headers = with_header(request.headers, header, value)
        return self.defect(name, evolve(self.exchange, request=evolve(request, headers=headers)))

    def served(self, name: str) -> Defect:
        """The answer is a success, as the conversation has one of the operation, or else a plain one."""
        return self.answered(name, self.success())

    def success(self) -> Response:
        """A success of the operation at hand."""
        mine = self.exchange
        known = next(
            self.all(
                lambda one: (
                    one.response.ok
                    and one.exchange.request.method == mine.request.method
                    and one.exchange.known_as == mine.known_as
                    and (mine.operation is not None or one.exchange.path == mine.path)
                )
            ),
            None,
        )
        if known is not None:
            return known.response
        operation = mine.operation
        status = next(iter(operation.success), 200) if operation else 200
        body = b"" if status == 204 else b"{}"
        headers = with_header(self.response.headers, "Content-Type", media_type_of(self))
        return with_body(evolve(self.response, status=status, headers=headers), body)


def media_type_of(scene: Scene) -> str:
    """The media type of the API's answers."""
    return next(iter(scene.contract.conventions.media_types.response), "application/json")


Plant = Callable[[Scene], Iterator[Defect]]

PLANTS: dict[str, Plant] = {}
"""Check → what plants the defects that it promises to see."""


UNPLANTED: Mapping[str, str] = {
    "pagination.previous-told": "what it sees is told in notes, and breaks nothing",
    "rate-limit.retry-after": "what it sees is told in notes, and breaks nothing",
}
"""Check → why no defect of it is planted."""


def breaks(*checks: str) -> Callable[[Plant], Plant]:
    """Registers what plants the defects of one or several checks."""

    def register(plant: Plant) -> Plant:
        for check in checks:
            assert check not in PLANTS, check
            PLANTS[check] = plant
        return plant

    return register


def as_bytes(value: Any) -> bytes:
    """A value as JSON text."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def with_body(response: Response, body: bytes) -> Response:
    """An answer with another body; a Content-Length that was right stays so."""
    headers = response.headers
    if response.header("content-length") == str(len(response.body)):
        headers = with_header(headers, "Content-Length", str(len(body)))
    return evolve(response, body=body, headers=headers)


def with_header(headers: Pairs, name: str, value: str | None) -> Pairs:
    """Headers with another value of one of them, where it stood; None takes it away."""
    found: list[tuple[str, str]] = []
    pending = value
    for key, old in headers:
        if key.lower() != name.lower():
            found.append((key, old))
        elif pending is not None:
            found.append((key, pending))
            pending = None
    return (*found, *([(name, pending)] if pending is not None else []))


def with_query(url: str, query: str | None) -> str:
    """A URL with another query."""
    parts = split(url)
    return str(Url(parts.scheme, parts.authority, parts.path, query))


def token(name: str | int) -> str:
    """A member's name, or an index, as a JSON pointer has it behind a slash."""
    return str(name).replace("~", "~0").replace("/", "~1")


def replaced(document: Any, place: str, value: Any) -> Any:
    """A copy of a document with another value at a JSON pointer; `ABSENT` takes the member away."""
    if not place:
        return value
    first, _, rest = place[1:].partition("/")
    below = f"/{rest}" if rest or place.count("/") > 1 else ""
    name: Any = first.replace("~1", "/").replace("~0", "~")
    if isinstance(document, list):
        index = int(name)
        new = [] if value is ABSENT and not below else [replaced(document[index], below, value)]
        return [*document[:index], *new, *document[index + 1 :]]
    members = dict(document) if isinstance(document, dict) else {}
    if value is ABSENT and not below:
        members.pop(name, None)
    else:
        members[name] = replaced(members.get(name), below, value)
    return members


def values_in(document: Any, place: str) -> Iterator[tuple[str, Any]]:
    """JSON pointer and value of everything at a place in which `*` stands for every item of an array."""
    found: list[tuple[str, Any]] = [("", document)]
    for part in place.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if part == "*":
            items = [(where, value) for where, value in found if isinstance(value, list)]
            found = [(f"{where}/{index}", item) for where, value in items for index, item in enumerate(value)]
        else:
            found = [
                (f"{where}/{part}", value[name]) for where, value in found if isinstance(value, dict) and name in value
            ]
    yield from found


OTHERS: tuple[tuple[str, Any], ...] = (
    ("string", "conformance-planted"),
    ("integer", 4711),
    ("object", {"conformance-planted": True}),
    ("array", ["conformance-planted"]),
    ("boolean", True),
    ("null", None),
)
"""JSON type → a value of it."""


def json_type(value: Any) -> str:
    """The JSON type of a value; that of a number without a fraction is `integer`."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"
