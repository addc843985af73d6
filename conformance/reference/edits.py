"""Plants that change answers: their status, their headers, the members of their JSON bodies, their bytes.

Each takes which answers it concerns as keywords (`Where`); a new edit is built on `respond`. A value that is put
somewhere may be given as a function of the request.

A pointer leads to members as a JSON pointer does, with two more segments: `*` is every item of an array, and `-1`
its last. Where it leads nowhere, nothing is changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, TypedDict, Unpack

from attrs import evolve

from conformance.reference.core import Server, Transform
from conformance.reference.faults import Plant
from conformance.reference.messages import Problem, Request, Response

REFUSED = range(400, 500)
SUCCESS = range(200, 300)
ANY = range(100, 600)


class Where(TypedDict, total=False):
    """Which answers an edit concerns: those for which all that is given holds.

    `on` is an operation or several, and `cause` that of a refusal. Without `status` and `cause` it is the
    successes. `finished` ones have been given what stands on every answer, such as the headers of a limit.
    """

    on: str | tuple[str, ...]
    status: int | Container[int]
    cause: str
    when: Callable[[Request], object]
    finished: bool


def sent(*parameters: str) -> Callable[[Request], bool]:
    """Whether a request has one of these query parameters."""
    return lambda request: any(name in request.query for name in parameters)


def unsent(*parameters: str) -> Callable[[Request], bool]:
    """Whether a request has none of these query parameters."""
    return lambda request: not sent(*parameters)(request)


def respond(change: Transform, **where: Unpack[Where]) -> Plant:
    """Other answers: `change` is given the request and the answer."""
    return afterwards(lambda _server, request, response: change(request, response), **where)


def afterwards(act: Callable[[Server, Request, Response], Response | None], **where: Unpack[Where]) -> Plant:
    """What is done once an answer is made: to the server, or to the answer, which is kept if None is returned."""
    concerned = _concerned(where)

    def plant(server: Server) -> None:
        def transform(request: Request, response: Response) -> Response:
            return (act(server, request, response) or response) if concerned(request, response) else response

        if not where.get("finished"):
            server.transforms.append(transform)
            return
        finish = server.finish
        server.finish = lambda request, response: transform(request, finish(request, response))

    return plant


def _concerned(where: Where) -> Callable[[Request, Response], bool]:
    on, cause, when = where.get("on", ()), where.get("cause"), where.get("when")
    operations = (on,) if isinstance(on, str) else on
    wanted = where.get("status", SUCCESS if cause is None else ANY)
    statuses = {wanted} if isinstance(wanted, int) else wanted

    def concerned(request: Request, response: Response) -> bool:
        return (
            (not operations or request.operation in operations)
            and response.status in statuses
            and cause in (None, response.cause)
            and (when is None or bool(when(request)))
        )

    return concerned


def crash(**where: Unpack[Where]) -> Plant:
    """A 500 in the place of the answer."""
    return refuse(500, "The server could not answer this request.", **where)


def refuse(code: int, message: str, **where: Unpack[Where]) -> Plant:
    """A refusal in the place of the answer, in the API's own form."""

    def change(_request: Request, _response: Response) -> Response:
        raise Problem(code, "fault", message)

    return respond(change, **where)


def instead(answer: Response, **where: Unpack[Where]) -> Plant:
    """This answer in the place of the right one."""
    return respond(lambda _request, _response: answer, **where)


def redirect(location: Callable[[Request], str], code: int = 301, **where: Unpack[Where]) -> Plant:
    """A redirection in the place of the answer."""
    return respond(lambda request, _: Response(code, headers={"Location": location(request)}), **where)


def text(body: str, media_type: str = "text/plain; charset=utf-8", **where: Unpack[Where]) -> Plant:
    """This text as the body, under the same status and without other headers."""
    headers = {"Content-Type": media_type}
    return respond(lambda _, response: evolve(response, body=body.encode(), headers=headers), **where)


def html(title: str, **where: Unpack[Where]) -> Plant:
    """An HTML page in the place of the body."""
    return text(f"<!doctype html><title>{title}</title>", "text/html", **where)


def raw(change: Callable[[bytes], bytes], **where: Unpack[Where]) -> Plant:
    """Other bytes of the body."""
    return respond(lambda _, response: evolve(response, body=change(response.body)), **where)


def twice(member: str, **where: Unpack[Where]) -> Plant:
    """A second member of this name in front of the first one in the body: two of one name, the last of which holds."""
    key = f'"{member}":'.encode()
    return raw(lambda body: body.replace(key, key + b'"x",' + key, 1), **where)


def status(code: int, *, in_body: bool = True, **where: Unpack[Where]) -> Plant:
    """Another status, by default also where the body repeats it."""

    def change(_request: Request, response: Response) -> Response:
        if in_body:
            response = _rewritten(response, lambda body: _restated(body, response.status, code))
        return evolve(response, status=code)

    return respond(change, **where)


def _restated(value: Any, old: int, new: int) -> Any:
    """A body with the new number, or its text, in the members that hold the old one as a status or code."""
    if isinstance(value, list):
        return [_restated(item, old, new) for item in value]
    if not isinstance(value, dict):
        return value
    numbers = {json.dumps(old): new, json.dumps(str(old)): str(new)}
    return {
        name: numbers.get(json.dumps(member), member) if name in ("status", "code") else _restated(member, old, new)
        for name, member in value.items()
    }


def header(name: str, value: str | Callable[[Request], str], **where: Unpack[Where]) -> Plant:
    """A header added or replaced."""
    return respond(lambda request, response: response.with_header(name, _of(request, value)), **where)


def change_header(name: str, change: Callable[[str], str], **where: Unpack[Where]) -> Plant:
    """Another value of a header that is there."""

    def edit(_request: Request, response: Response) -> Response:
        kept = response.headers.get(name)
        return response if kept is None else response.with_header(name, change(kept))

    return respond(edit, **where)


def drop_header(*names: str, **where: Unpack[Where]) -> Plant:
    """Headers left out."""
    return respond(lambda _, response: response.without_headers(*names), **where)


def rewrite(edit: Callable[[Request, Any], object], **where: Unpack[Where]) -> Plant:
    """Another JSON body, which may be the one that is given, changed; a body that is no JSON is kept."""
    return respond(
        lambda request, response: _rewritten(response, lambda body: edit(request, body)),
        **where,
    )


def _rewritten(response: Response, edit: Callable[[Any], object]) -> Response:
    try:
        body = response.json
    except ValueError:
        return response
    return response.with_json(edit(body))


def change(
    pointer: str, edit: Callable[[Any], object], having: Mapping[str, Any] | None = None, **where: Unpack[Where]
) -> Plant:
    """Other values of members; `having` narrows them to those of objects that have these members too."""

    def act(_request: Request, parent: Any, key: Any) -> None:
        if _is_there(parent, key):
            parent[key] = edit(parent[key])

    return _members((pointer,), act, having, where)


def put(pointer: str, value: Any, having: Mapping[str, Any] | None = None, **where: Unpack[Where]) -> Plant:
    """Members set to a value, and added where their object lacks them."""

    def act(request: Request, parent: Any, key: Any) -> None:
        parent[key] = _of(request, value)

    return _members((pointer,), act, having, where)


def append(pointer: str, addition: str | Callable[[Request], str], **where: Unpack[Where]) -> Plant:
    """Texts with another one behind them."""

    def act(request: Request, parent: Any, key: Any) -> None:
        parent[key] += _of(request, addition)

    return _members((pointer,), act, None, where)


def drop(*pointers: str, having: Mapping[str, Any] | None = None, **where: Unpack[Where]) -> Plant:
    """Members left out."""

    def act(_request: Request, parent: Any, key: Any) -> None:
        if _is_there(parent, key):
            del parent[key]

    return _members(pointers, act, having, where)


def rename(pointer: str, name: str, **where: Unpack[Where]) -> Plant:
    """Members under another name, in the same place of their object."""

    def act(_request: Request, parent: Any, key: Any) -> None:
        renamed = {name if member == key else member: value for member, value in parent.items()}
        parent.clear()
        parent.update(renamed)

    return _members((pointer,), act, None, where)


def _members(
    pointers: tuple[str, ...], act: Callable[[Request, Any, Any], None], having: Mapping[str, Any] | None, where: Where
) -> Plant:
    """What is done to each member that a pointer leads to: to the object or array, and the name or index in it."""

    def edit(request: Request, body: Any) -> object:
        whole = [body]
        for pointer in pointers:
            # From the end, so that what is dropped moves none of the others.
            for parent, key in reversed(_places(whole, pointer)):
                if all(_is_there(parent, name) and parent[name] == value for name, value in (having or {}).items()):
                    act(request, parent, key)
        return whole[0]

    return rewrite(edit, **where)


def _places(whole: list[Any], pointer: str) -> list[tuple[Any, Any]]:
    places: list[tuple[Any, Any]] = [(whole, 0)]
    for segment in pointer.split("/")[1:]:
        values = [parent[key] for parent, key in places if _is_there(parent, key)]
        places = [(value, key) for value in values for key in _keys(value, segment)]
    return places


def _keys(value: Any, segment: str) -> Sequence[Any]:
    if isinstance(value, dict):
        return list(value) if segment == "*" else (segment,)
    if isinstance(value, list) and segment == "*":
        return range(len(value))
    if isinstance(value, list) and segment.removeprefix("-").isdigit():
        index = int(segment)
        return (index,) if -len(value) <= index < len(value) else ()
    return ()


def _is_there(parent: Any, key: Any) -> bool:
    return isinstance(parent, list) or key in parent


def _of(request: Request, value: Any) -> Any:
    return value(request) if callable(value) else value
