"""Shapes of defects that a proxy plants: answers and questions that it changes, and what it makes up by itself."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from attrs import evolve

from conformance.selftest.proxy import Answered, Ask, Asked, Defect, Memory

Where = Callable[[Asked, Answered], bool]


def at(method: str, end: str, *statuses: int) -> Where:
    """Answers to a method whose path ends so, with one of the statuses: 200 where none is given."""
    return lambda asked, answer: (
        asked.method == method and asked.path.endswith(end) and answer.status in (statuses or (200,))
    )


def success(asked: Asked, answer: Answered) -> bool:
    return asked.method == "GET" and answer.status == 200


def refusal(_: Asked, answer: Answered) -> bool:
    return 400 <= answer.status < 500


def answers(where: Where, change: Callable[[Asked, Answered], Answered]) -> Defect:
    """Changes some answers."""

    def defect(asked: Asked, ask: Ask, _: Memory) -> Answered:
        answer = ask(asked)
        return change(asked, answer) if where(asked, answer) else answer

    return defect


def bodies(where: Where, edit: Callable[[Any], Any]) -> Defect:
    """Edits the JSON of some answers, in place or by what it gives back."""

    def change(_: Asked, answer: Answered) -> Answered:
        body = answer.json
        edited = edit(body)
        return answer.with_json(body if edited is None else edited)

    return answers(where, change)


def questions(change: Callable[[Asked], Asked]) -> Defect:
    """Asks the server something else than was asked."""
    return lambda asked, ask, _: ask(change(asked))


def header(where: Where, name: str, value: str | None) -> Defect:
    return answers(where, lambda _, answer: answer.with_header(name, value))


def set_at(*place: str, value: Any) -> Callable[[Any], None]:
    """Gives a member another value, where there is such a place."""

    def edit(body: Any) -> None:
        for name in place[:-1]:
            body = body[int(name)] if isinstance(body, list) else body.get(name)
            if not body:
                return
        body[place[-1]] = value

    return edit


def without_authorization(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """Whoever has no credential gets the answer of whoever came last."""
    sent = asked.headers.get("authorization")
    if sent is None and "sent" in memory:
        return ask(Asked(asked.method, asked.path, asked.query, {**asked.headers, **memory["sent"]}, asked.body))
    answer = ask(asked)
    if sent and answer.status == 200:
        memory["sent"] = {"authorization": sent}
    return answer


def any_credential(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """A wrong credential is as good as the last that was right."""
    answer = ask(asked)
    if answer.status in (401, 403) and asked.headers.get("authorization") and "sent" in memory:
        return ask(Asked(asked.method, asked.path, asked.query, {**asked.headers, **memory["sent"]}, asked.body))
    if answer.status == 200:
        memory["sent"] = {"authorization": asked.headers.get("authorization", "")}
    return answer


def cached_cursors(name: str) -> Defect:
    """A cursor that was served once is served again from the next one on, whatever cursor is sent."""

    def defect(asked: Asked, ask: Ask, memory: Memory) -> Answered:
        if asked.method != "GET" or asked.parameter(name) is None:
            return ask(asked)
        key = (asked.path, asked.without(name).query)
        if key not in memory:
            memory[key] = ask(asked)
        return memory[key]  # type: ignore[no-any-return]

    return defect


def kept_after_delete(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """What is deleted is said to be, and goes on being read and listed."""
    if asked.method == "DELETE":
        looked = ask(Asked("GET", asked.path, asked.query, asked.headers, b""))
        if looked.status == 200:
            memory[asked.path] = looked
    answer = ask(asked)
    if asked.method == "GET" and answer.status == 404 and asked.path in memory:
        return memory[asked.path]  # type: ignore[no-any-return]
    return answer


def listed_after_delete(member: str) -> Defect:
    """The list is as it was before a delete."""

    def defect(asked: Asked, ask: Ask, memory: Memory) -> Answered:
        if asked.method == "DELETE":
            memory["deleted"] = True
        answer = ask(asked)
        if asked.method == "GET" and answer.status == 200 and isinstance(answer.json, dict) and member in answer.json:
            key = (asked.path, asked.query)
            if memory.get("deleted") and key in memory:
                return memory[key]  # type: ignore[no-any-return]
            memory[key] = answer
        return answer

    return defect


def nothing_created(status: int) -> Defect:
    """A create is answered as if it were done, and is not passed on; the server is only asked for how it would look."""

    def defect(asked: Asked, ask: Ask, _: Memory) -> Answered:
        answer = ask(asked)
        if asked.method == "POST" and answer.status == status:
            name = answer.json["domain"]["domain"]
            ask(Asked("DELETE", f"{asked.path}/{name}", (), asked.headers, b""))
        return answer

    return defect


def method_swallowed(method: str) -> Defect:
    """Changes are answered 204 and go no further."""

    def defect(asked: Asked, ask: Ask, _: Memory) -> Answered:
        if asked.method != method:
            return ask(asked)
        looked = ask(Asked("GET", asked.path, (), asked.headers, b""))
        return Answered(204, (), b"") if looked.status == 200 else looked

    return defect


def put_as_patch_of_first(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """The second PUT to a resource is not taken."""
    if asked.method == "PUT":
        if asked.path in memory:
            return Answered(204, (), b"")
        memory[asked.path] = True
    return ask(asked)


def deleted_unknown(asked: Asked, ask: Ask, _: Memory) -> Answered:
    answer = ask(asked)
    return Answered(204, (), b"") if asked.method == "DELETE" and answer.status == 404 else answer


def double_key(_: Asked, answer: Answered) -> Answered:
    return answer.with_body(answer.body.replace(b"{", b'{"at": 1, "at": 2, ', 1))


def reversed_where_small(member: str, parameter: str) -> Defect:
    """Pages of a small size come in reverse."""

    def change(asked: Asked, answer: Answered) -> Answered:
        body = answer.json
        if 1 < int(asked.parameter(parameter) or 500) < 100:
            body[member] = body[member][::-1]
        return answer.with_json(body)

    return answers(lambda asked, answer: success(asked, answer) and member in (answer.json or {}), change)


def dropped_later(where: Where) -> Defect:
    """All of some answers but the first are not given: the connection is closed."""

    def defect(asked: Asked, ask: Ask, memory: Memory) -> Answered:
        answer = ask(asked)
        if where(asked, answer):
            memory["n"] = memory.get("n", 0) + 1
            return answer.dropped() if memory["n"] > 1 else answer
        return answer

    return defect


def on_null(change: Callable[[Answered], Answered]) -> Defect:
    """Something happens where a body holds null."""
    return answers(lambda asked, _: b"null" in asked.body, lambda _, answer: change(answer))


def moved(parameter: str) -> Defect:
    """What a cursor leads to has moved."""

    def where(asked: Asked, answer: Answered) -> bool:
        return success(asked, answer) and asked.parameter(parameter) is not None

    def change(asked: Asked, answer: Answered) -> Answered:
        return evolve(answer, status=301).with_header("Location", f"/moved{asked.path}").with_body(b"")

    return answers(where, change)


def text_cursor(body: Any) -> None:
    links = body.get("meta", {}).get("links", {})
    if links.get("next"):
        links["next"] = "page two!"


def echoed(asked: Asked, answer: Answered) -> Answered:
    sent = asked.headers.get("authorization", "").rpartition(" ")[2]
    return answer.with_header("X-Caller", base64.b64encode(sent.encode()).decode()) if sent else answer


def first_page_again(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """prev leads to the page it stands on."""
    answer = ask(asked)
    cursor = asked.parameter("cursor")
    if cursor and success(asked, answer):
        body = answer.json
        body["meta"]["links"]["prev"] = cursor
        return answer.with_json(body)
    return answer


def counted_down(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """Remaining goes up again within a window."""
    answer = ask(asked)
    memory["n"] = memory.get("n", 0) + 1
    left = answer.header("X-RateLimit-Remaining")
    return answer.with_header("X-RateLimit-Remaining", str(int(left) + 2 * memory["n"])) if left else answer


def longer(parameter: str) -> Defect:
    """A page of one more than was asked for."""

    def change(asked: Asked) -> Asked:
        size = asked.parameter(parameter)
        if asked.method == "GET" and size and size.isdigit() and 1 < int(size) < 100:
            return asked.having(**{parameter: str(int(size) + 1)})
        return asked

    return questions(change)


def link_edit(name: str, edit: Callable[[str], str]) -> Defect:
    def change(body: Any) -> None:
        links = body.get("links") or {}
        if links.get(name):
            links[name] = edit(links[name])

    return bodies(lambda asked, answer: success(asked, answer) and b'"links"' in answer.body, change)


def error_member(**members: Any) -> Defect:
    def change(body: Any) -> None:
        for error in body.get("errors", []):
            error.update(members)

    return bodies(lambda asked, answer: refusal(asked, answer) and bool(answer.body), change)


def plan(**members: Any) -> Defect:
    return bodies(at("GET", "/plans"), lambda body: body["plans"][0].update(members) if body["plans"] else None)


def pagination(**members: Any) -> Defect:
    def change(body: Any) -> None:
        if "pagination" in body:
            body["pagination"].update(members)

    return bodies(lambda asked, answer: success(asked, answer) and b"pagination" in answer.body, change)


def only(where: Callable[[Asked], bool], defect: Defect) -> Defect:
    """A defect of some requests alone."""
    return lambda asked, ask, memory: defect(asked, ask, memory) if where(asked) else ask(asked)


def below(start: str) -> Callable[[Asked], bool]:
    return lambda asked: start in asked.path


def sent(asked: Asked) -> dict[str, Any]:
    """The JSON object of a request; an empty one where there is none."""
    try:
        body = json.loads(asked.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def with_sent(asked: Asked, body: dict[str, Any]) -> Asked:
    return evolve(asked, body=json.dumps(body).encode())


def posted(method: str, end: str, edit: Callable[[dict[str, Any]], Any]) -> Defect:
    """The server is given another JSON body, edited in place, than was sent."""

    def change(asked: Asked) -> Asked:
        body = sent(asked)
        if asked.method != method or not asked.path.endswith(end) or not body:
            return asked
        before = json.dumps(body)
        edit(body)
        return asked if json.dumps(body) == before else with_sent(asked, body)

    return questions(change)


def each(member: str, edit: Callable[[dict[str, Any]], Any]) -> Callable[[Any], None]:
    """Edits every entry of a list."""

    def change(body: Any) -> None:
        for one in body[member]:
            edit(one)

    return change


def renamed(old: str, new: str) -> Callable[[dict[str, Any]], None]:
    """A member has another name."""

    def change(one: dict[str, Any]) -> None:
        one[new] = one.pop(old)

    return change


def coded(asked: Asked, answer: Answered, *codes: str) -> bool:
    """The answer is an error with one of the codes."""
    body = answer.json if refusal(asked, answer) and answer.body[:1] == b"{" else {}
    return isinstance(body.get("error"), dict) and body["error"].get("code") in codes


def errors(*codes: str, edit: Callable[[dict[str, Any]], Any]) -> Defect:
    """Edits the error of some codes."""

    def change(body: Any) -> None:
        edit(body["error"])

    return bodies(lambda asked, answer: coded(asked, answer, *codes), change)


def as_the_last_right(where: Callable[[Asked], bool]) -> Defect:
    """Whoever is refused is taken for whoever was not refused before."""

    def defect(asked: Asked, ask: Ask, memory: Memory) -> Answered:
        answer = ask(asked)
        if not where(asked):
            return answer
        if answer.status == 403 and "sent" in memory:
            return ask(evolve(asked, headers={**asked.headers, "authorization": memory["sent"]}))
        if answer.status < 300:
            memory["sent"] = asked.headers.get("authorization", "")
        return answer

    return defect
