"""Defects of Netlify in what is written and deployed: most remember something, some change the server itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from attrs import evolve

from conformance.reference.netlify.hooks import Notices
from conformance.selftest.defects import sent, with_sent
from conformance.selftest.netlify_defects import API, SITES, listed
from conformance.selftest.proxy import Answered, Ask, Asked, Defect, Memory

SITE = rf"{SITES}/[^/]+"


def deploys(asked: Asked) -> bool:
    """A create of a deploy."""
    return asked.method == "POST" and re.fullmatch(rf"{SITE}/deploys", asked.path) is not None


def is_zip(asked: Asked) -> bool:
    return asked.headers.get("content-type", "").partition(";")[0].strip() == "application/zip"


def matches(asked: Asked, method: str, pattern: str) -> bool:
    return asked.method == method and re.fullmatch(pattern, asked.path) is not None


def asking(asked: Asked, ask: Ask, method: str, path: str, body: Any = None, query: bool = True) -> Answered:
    """What the server answers to another call by the same caller."""
    content = b"" if body is None else json.dumps(body).encode()
    headers = {**asked.headers, "content-type": "application/json"}
    return ask(Asked(method, path, asked.query if query else (), headers, content))


def given(where: Callable[[Asked], bool], edit: Callable[[dict[str, Any]], Any]) -> Defect:
    """The server is given another JSON object than was sent: edited in place, or what the edit gives back."""

    def defect(asked: Asked, ask: Ask, _: Memory) -> Answered:
        body = sent(asked) if where(asked) and not is_zip(asked) else {}
        if not body:
            return ask(asked)
        edited = edit(body)
        return ask(with_sent(asked, edited if isinstance(edited, dict) else body))

    return defect


def swallowed(method: str, pattern: str, *, from_the: int = 1, status: int | None = None) -> Defect:
    """A write is answered as if it were done, and is not; a GET of the path says what it would have been."""

    def defect(asked: Asked, ask: Ask, memory: Memory) -> Answered:
        if not matches(asked, method, pattern):
            return ask(asked)
        memory[asked.path] = memory.get(asked.path, 0) + 1
        looked = asking(asked, ask, "GET", asked.path)
        if memory[asked.path] < from_the or looked.status != 200:
            return ask(asked)
        return (
            looked if status is None else evolve(looked, status=status).with_body(b"").with_header("Content-Type", None)
        )

    return defect


def still_there(pattern: str, list_end: str) -> Defect:
    """What was deleted is deleted, and the list that it was in is as it was before."""

    def defect(asked: Asked, ask: Ask, memory: Memory) -> Answered:
        answer = ask(asked)
        if matches(asked, "DELETE", pattern) and answer.status < 300:
            memory["deleted"] = True
        if asked.path.endswith(list_end) and listed(asked, answer):
            key = (asked.path, asked.query, asked.headers.get("authorization"))
            if memory.get("deleted") and key in memory:
                return memory[key]  # type: ignore[no-any-return]
            memory[key] = answer
        return answer

    return defect


# metadata, properties, variables


def env_kept(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """Variables that are sent to a site are among its build settings."""
    answer = ask(asked)
    if asked.method in ("PATCH", "PUT") and re.fullmatch(SITE, asked.path) and sent(asked).get("env"):
        memory[asked.path] = sent(asked)["env"]
    if asked.path in memory and answer.status == 200 and answer.body[:1] == b"{":
        return answer.with_json({**answer.json, "build_settings": {"env": memory[asked.path]}})
    return answer


def metadata_merged(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """New metadata is added to the old."""
    if not matches(asked, "PUT", rf"{SITE}/metadata"):
        return ask(asked)
    before = asking(asked, ask, "GET", asked.path)
    return ask(with_sent(asked, {**before.json, **sent(asked)}) if before.status == 200 else asked)


def merged_on_the_second(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """The answer to new metadata is the new; what is read is merged from the second PUT on."""
    if matches(asked, "PUT", rf"{SITE}/metadata"):
        memory[asked.path] = {**memory.get(asked.path, {}), **sent(asked)}
    answer = ask(asked)
    if matches(asked, "GET", rf"{SITE}/metadata") and asked.path in memory and answer.status == 200:
        return answer.with_json(memory[asked.path])
    return answer


def values_added(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """A PUT of a variable leaves the values of other contexts."""
    if not matches(asked, "PUT", rf"{API}/accounts/[^/]+/env/[^/]+"):
        return ask(asked)
    before = asking(asked, ask, "GET", asked.path)
    body = sent(asked)
    if before.status != 200 or not isinstance(body.get("values"), list):
        return ask(asked)
    named = [one.get("context") for one in body["values"]]
    kept = [
        {name: one[name] for name in ("context", "value")}
        for one in before.json["values"]
        if one["context"] not in named
    ]
    return ask(with_sent(asked, {**body, "values": body["values"] + kept}))


def one_value_alone(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """A PATCH of a variable leaves its value and no other."""
    if not matches(asked, "PATCH", rf"{API}/accounts/[^/]+/env/[^/]+"):
        return ask(asked)
    before = asking(asked, ask, "GET", asked.path)
    body = sent(asked)
    if before.status != 200 or not body:
        return ask(asked)
    told = {"key": before.json["key"], "scopes": before.json["scopes"], "values": [body]}
    return ask(evolve(with_sent(asked, told), method="PUT"))


def made_by_put(*methods: str) -> Defect:
    """A change of a variable that there is none of makes it."""

    def defect(asked: Asked, ask: Ask, _: Memory) -> Answered:
        answer = ask(asked)
        if asked.method not in methods or answer.status != 404 or "/env/" not in asked.path:
            return answer
        path, _slash, key = asked.path.rpartition("/")
        body = sent(asked)
        values = body.get("values", [body])
        made = asking(asked, ask, "POST", path, [{"key": key, "values": values, "scopes": ["builds"]}])
        return evolve(made, status=200).with_json(made.json[0]) if made.status == 201 else answer

    return defect


def all_values_deleted(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """To delete one value of a variable is to delete the variable."""
    path, found, _id = asked.path.partition("/value/")
    if asked.method != "DELETE" or not found:
        return ask(asked)
    known = asking(asked, ask, "GET", path)
    return asking(asked, ask, "DELETE", path) if known.status == 200 else ask(asked)


def renumbered(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """The id of a snippet is its place in the list."""
    base = re.match(rf"({SITE}/snippets)(?:/(\d+))?$", asked.path)
    if base is None:
        return ask(asked)
    known = asking(asked, ask, "GET", base[1], query=False)
    order = [one["id"] for one in known.json] if known.status == 200 else []
    if base[2] is not None:
        number = int(base[2])
        asked = evolve(asked, path=f"{base[1]}/{order[number] if number < len(order) else 999999}")
    answer = ask(asked)
    if answer.status >= 300 or answer.body[:1] not in (b"[", b"{"):
        return answer
    body = answer.json
    for one in body if isinstance(body, list) else [body]:
        one["id"] = order.index(one["id"]) if one["id"] in order else len(order)
    return answer.with_json(body)


# forms and hooks


def form_deleted_alone(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """What was submitted to a form stays listed for the site when the form is deleted."""
    form = re.fullmatch(rf"({SITE})/forms/([^/]+)", asked.path)
    if asked.method == "DELETE" and form:
        found = asking(asked, ask, "GET", f"{API}/forms/{form[2]}/submissions")
        memory[f"{form[1]}/submissions"] = found.json if found.status == 200 else []
    answer = ask(asked)
    if listed(asked, answer) and asked.path in memory and not asked.parameter("state"):
        known = [one["id"] for one in answer.json]
        return answer.with_json(answer.json + [one for one in memory[asked.path] if one["id"] not in known])
    return answer


def spam_too(pattern: str) -> Defect:
    """The default list holds spam as well."""

    def defect(asked: Asked, ask: Ask, _: Memory) -> Answered:
        answer = ask(asked)
        if re.fullmatch(pattern, asked.path) and listed(asked, answer) and not asked.parameter("state"):
            spam = ask(asked.having(state="spam"))
            return answer.with_json(answer.json + spam.json) if spam.status == 200 else answer
        return answer

    return defect


def counted_for_the_site(_: Asked, answer: Answered) -> Answered:
    """submission_count of a form is that of all forms."""
    total = sum(one["submission_count"] for one in answer.json)
    return answer.with_json([{**one, "submission_count": total} for one in answer.json])


def toggled(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """To mark as spam what is spam is to mark it as verified."""
    if asked.method == "PUT" and asked.path.startswith(f"{API}/submissions/"):
        path, _slash, state = asked.path.rpartition("/")
        if memory.get(path) == state:
            state = "ham" if state == "spam" else "spam"
        memory[path] = state
        return ask(evolve(asked, path=f"{path}/{state}"))
    return ask(asked)


def hooks_of_all(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """The hooks of a site are those of the caller's first sites as well."""
    answer = ask(asked)
    if asked.path != f"{API}/hooks" or not listed(asked, answer):
        return answer
    sites = ask(evolve(asked, path=SITES, query=(("per_page", "3"),)))
    others = [ask(asked.having(site_id=one["id"])).json for one in sites.json]
    mine = [one["id"] for one in answer.json]
    return answer.with_json(answer.json + [one for found in others for one in found if one["id"] not in mine])


# what is called


class GoneIsKept(Notices):
    """A hook whose receiver is gone is kept."""

    def removes(self, status: int | None) -> bool:
        return False


class EveryEvent(Notices):
    """A hook is called whatever happens."""

    def concerns(self, hook: Any, event: str, form_id: str | None) -> bool:
        return hook["form_id"] in (None, form_id)
