"""Defects of Netlify in what is read: links between pages, who is let in, what lists hold; most remember something."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from attrs import evolve

from conformance.selftest.defects import Where, answers, success
from conformance.selftest.proxy import Answered, Ask, Asked, Defect, Memory

API = "/api/v1"
SITES = f"{API}/sites"

Link = tuple[str, str]
"""URL and relation."""


def listed(asked: Asked, answer: Answered) -> bool:
    """The answer is a list."""
    return success(asked, answer) and answer.body[:1] == b"["


def status(where: Where, value: int) -> Defect:
    return answers(where, lambda _, answer: evolve(answer, status=value))


def entries(end: str, edit: Callable[[dict[str, Any]], Any], method: str = "GET") -> Defect:
    """Edits every entry of the lists whose path ends so, in place."""

    def change(_: Asked, answer: Answered) -> Answered:
        body = answer.json
        for one in body:
            edit(one)
        return answer.with_json(body)

    return answers(lambda asked, a: asked.method == method and asked.path.endswith(end) and a.body[:1] == b"[", change)


def single(part: str, edit: Callable[[dict[str, Any]], Any], method: str = "GET") -> Defect:
    """Edits the objects at the paths that match a pattern, in place."""

    def change(_: Asked, answer: Answered) -> Answered:
        body = answer.json
        edit(body)
        return answer.with_json(body)

    return answers(
        lambda asked, a: (
            asked.method == method and re.search(part, asked.path) is not None and a.status < 300 and a.body[:1] == b"{"
        ),
        change,
    )


def at_once(*defects: Defect) -> Defect:
    """A defect that shows in more than one place: each works on what the next makes of a request."""

    def both(first: Defect, second: Defect) -> Defect:
        return lambda asked, ask, memory: first(asked, lambda changed: second(changed, ask, memory), memory)

    whole = defects[0]
    for other in defects[1:]:
        whole = both(whole, other)
    return whole


def swapped(one: dict[str, Any], first: str, second: str) -> None:
    one[first], one[second] = one[second], one[first]


def of_another(name: str) -> Callable[[Any], Any]:
    """Every entry has the member of the one before it."""

    def change(body: Any) -> Any:
        values = [one[name] for one in body]
        return [{**one, name: value} for one, value in zip(body, values[-1:] + values, strict=False)]

    return change


# links between pages


def links_of(answer: Answered) -> list[Link]:
    return re.findall(r'<([^>]*)>; rel="(\w+)"', answer.header("Link") or "")


def linked(edit: Callable[[Asked, list[Link]], list[Link]], where: Where = success) -> Defect:
    """Edits the links of the answers that have some."""

    def change(asked: Asked, answer: Answered) -> Answered:
        links = edit(asked, links_of(answer))
        told = ", ".join(f'<{url}>; rel="{rel}"' for url, rel in links)
        return answer.with_header("Link", told or None)

    return answers(lambda asked, answer: where(asked, answer) and answer.header("Link") is not None, change)


def link(rel: str, edit: Callable[[str], str | None], where: Where = success) -> Defect:
    """Edits the URL of one relation; None leaves it out."""

    def change(_: Asked, links: list[Link]) -> list[Link]:
        changed = [(edit(url) if known == rel else url, known) for url, known in links]
        return [(url, known) for url, known in changed if url is not None]

    return linked(change, where)


def page_of(url: str) -> int:
    return int(re.findall(r"[?&]page=(\d+)", url)[0])


def to_page(url: str, page: int) -> str:
    return re.sub(r"([?&]page=)\d+", rf"\g<1>{page}", url)


def page_asked(asked: Asked) -> int:
    given = asked.parameter("page") or "1"
    return int(given) if given.isdigit() else 0


def with_link(rel: str, page: Callable[[Asked], int], where: Where) -> Defect:
    """A link where there is none of the relation."""

    def change(asked: Asked, links: list[Link]) -> list[Link]:
        if not links or rel in [known for _, known in links]:
            return links
        return [*links, (to_page(links[0][0], page(asked)), rel)]

    return linked(change, where)


# pages


def large_pages(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """A page is as large as is asked for, however large."""
    size = asked.parameter("per_page") or ""
    if asked.method != "GET" or not size.isdigit() or not 100 < int(size) < 1000:
        return ask(asked)
    pages = [ask(asked.having(page=str(number), per_page="100")) for number in range(1, -(-int(size) // 100) + 1)]
    if any(page.status != 200 for page in pages):
        return ask(asked)
    found = [one for page in pages for one in page.json]
    return pages[0].with_json(found[: int(size)]).with_header("Link", None)


def boundary_again(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """A page begins with the last record of the one before, in place of its own first."""
    answer = ask(asked)
    number = page_asked(asked)
    if number < 2 or not listed(asked, answer) or not answer.json:
        return answer
    before = ask(asked.having(page=str(number - 1)))
    return answer.with_json([before.json[-1], *answer.json[1:]]) if before.status == 200 else answer


def boundary_skipped(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """A page from the second on begins one record too late, and takes that from the next."""
    answer = ask(asked)
    number = page_asked(asked)
    if number < 2 or not listed(asked, answer) or not answer.json or 'rel="next"' not in (answer.header("Link") or ""):
        return answer
    behind = ask(asked.having(page=str(number + 1)))
    return answer.with_json([*answer.json[1:], *behind.json[:1]]) if behind.status == 200 else answer


def first_instead(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """A page behind the last is the first."""
    answer = ask(asked)
    return ask(asked.without("page")) if listed(asked, answer) and answer.json == [] else answer


def other_order_back(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """A page that was read, and is come back to from the next, is another part of the list."""
    answer = ask(asked)
    if not listed(asked, answer):
        return answer
    key = (asked.path, asked.without("page").query)
    before, memory[key] = memory.get(key, 0), page_asked(asked)
    if before == page_asked(asked) + 1 and len(answer.json) > 1:
        return answer.with_json([*answer.json[1:], answer.json[0]])
    return answer


# who is let in


def _who(asked: Asked) -> str:
    return asked.headers.get("authorization", "")


def _as(asked: Asked, authorization: str) -> Asked:
    return evolve(asked, headers={**asked.headers, "authorization": authorization})


def as_anyone(where: Callable[[Asked], bool], *statuses: int) -> Defect:
    """Who is refused is let in as any other whose token is known to be good."""

    def defect(asked: Asked, ask: Ask, memory: Memory) -> Answered:
        answer = ask(asked)
        good: list[str] = memory.setdefault("good", [])
        if answer.status < 300 and _who(asked) and _who(asked) not in good:
            good.append(_who(asked))
        if where(asked) and answer.status in statuses and asked.headers.get("authorization"):
            for other in good:
                found = ask(_as(asked, other)) if other != _who(asked) else answer
                if found.status < 300:
                    return found
        return answer

    return defect


def once_good_is_good(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """A token that was good once is taken for one for ever."""
    answer = ask(asked)
    good: dict[str, bool] = memory.setdefault("good", {})
    if answer.status < 300 and _who(asked):
        good[_who(asked)] = True
    elif answer.status == 401 and _who(asked) in good:
        return answer_of_another(asked, ask, good)
    return answer


def answer_of_another(asked: Asked, ask: Ask, good: dict[str, bool]) -> Answered:
    found = [ask(_as(asked, other)) for other in good if other != _who(asked)]
    kept = [one for one in found if one.status < 300]
    if kept:
        return kept[0]
    return Answered(200, (("Content-Type", "application/json"), *_limits(ask(asked))), b"[]")


def _limits(answer: Answered) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in answer.headers if pair[0].lower().startswith("x-ratelimit"))


def everybody_is_listed(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """A short list of sites ends with the first site of another's."""
    answer = ask(asked)
    if asked.path != SITES or not listed(asked, answer):
        return answer
    mine = memory.setdefault(_who(asked), answer.json[:1])
    others = [one for who, found in memory.items() if who != _who(asked) for one in found]
    return answer.with_json(answer.json + others) if mine and len(answer.json) < 100 else answer


def first_without_token(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """A list that is asked for without a token shows the first record to whom had one."""
    answer = ask(asked)
    if asked.path == f"{API}/hooks/types" or asked.method != "GET":
        return answer
    if answer.status == 200 and answer.body[:1] == b"[":
        memory[asked.path] = answer
    elif answer.status == 401 and not _who(asked) and asked.path in memory:
        return evolve(answer, status=200).with_json(memory[asked.path].json[:1])
    return answer


def quoted_token(asked: Asked, answer: Answered) -> Answered:
    return answer.with_json({**answer.json, "message": f"{answer.json['message']} ({_who(asked)})"})


def shared_for_members(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """Who is in a team lists its shared variables as its Owner does."""
    answer = ask(asked)
    if asked.path.endswith("/env") and not asked.parameter("site_id") and listed(asked, answer):
        if answer.json:
            memory[asked.path] = answer
        else:
            return memory.get(asked.path, answer)  # type: ignore[no-any-return]
    return answer


# what is read


def touched(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """Each read of a site is an update of it, which its next reader sees."""
    answer = ask(asked)
    if not success(asked, answer) or not asked.path.startswith(SITES):
        return answer
    times: dict[str, str] = memory.setdefault("times", {})
    body = answer.json
    for one in body if isinstance(body, list) else [body]:
        if isinstance(one, dict) and one.get("id") in times and "user_id" in one:
            one["updated_at"] = times[one["id"]]
    if re.fullmatch(rf"{SITES}/[^/]+", asked.path):
        memory["reads"] = memory.get("reads", 0) + 1
        times[body["id"]] = f"2026-03-01T00:{memory['reads'] // 60:02}:{memory['reads'] % 60:02}.000Z"
    return answer.with_json(body)


def fewer_each_time(end: str) -> Defect:
    """What is first in a list has been read with that, and is no longer in it."""

    def defect(asked: Asked, ask: Ask, memory: Memory) -> Answered:
        answer = ask(asked)
        if asked.path.endswith(end) and listed(asked, answer):
            memory[asked.path] = memory.get(asked.path, 0) + 1
            return answer.with_json(answer.json[memory[asked.path] - 1 :])
        return answer

    return defect


def password_told(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """A site shows the password that was set."""
    answer = ask(asked)
    if asked.method in ("POST", "PATCH", "PUT") and asked.path.startswith(API) and answer.body[:1] == b"{":
        try:
            sent = json.loads(asked.body or b"{}")
        except ValueError:
            return answer
        if isinstance(sent, dict) and sent.get("password") and "id" in answer.json:
            memory[answer.json["id"]] = sent["password"]
    if answer.body[:1] == b"{" and answer.json.get("id") in memory:
        return answer.with_json({**answer.json, "password": memory[answer.json["id"]]})
    return answer


def by_id_alone(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """A domain stands for a site in the path of the site itself only."""
    parts = asked.path.split("/")
    if asked.path.startswith(f"{SITES}/") and len(parts) > 5 and "." in parts[4]:
        return ask(evolve(asked, path="/".join([*parts[:4], "no-such-site", *parts[5:]])))
    return ask(asked)


def two_names_two_sites(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """A custom domain leads to another site than the id does."""
    parts = asked.path.split("/")
    if asked.method == "GET" and asked.path.startswith(f"{SITES}/www.") and len(parts) == 5:
        other = [one["id"] for one in ask(evolve(asked, path=SITES, query=())).json[1:2]]
        return ask(evolve(asked, path=f"{SITES}/{other[0]}")) if other else ask(asked)
    return ask(asked)


def marked(_: Asked, answer: Answered) -> Answered:
    """JSON with the mark of UTF-8 in front."""
    return answer.with_body(b"\xef\xbb\xbf" + answer.body)
