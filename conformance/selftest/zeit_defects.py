"""Defects of ZEIT Now that take more than a line: most remember something from one call to the next."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qsl

from attrs import evolve

from conformance.selftest.defects import coded, sent, success, with_sent
from conformance.selftest.proxy import Answered, Ask, Asked, Memory

DEPLOYMENTS = "/v6/now/deployments"


def creates(asked: Asked) -> bool:
    """A create of a deployment."""
    return asked.method == "POST" and asked.path == DEPLOYMENTS


def one_deployment(asked: Asked, answer: Answered) -> bool:
    """The answer is a deployment."""
    return asked.path.startswith(DEPLOYMENTS) and answer.status == 200 and b'"readyState"' in answer.body


def owner_demoted_and_removed(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """An OWNER is removed like any member."""
    answer = ask(asked)
    if asked.method != "DELETE" or "/members/" not in asked.path or answer.status < 400:
        return answer
    headers = {**asked.headers, "content-type": "application/json"}
    demoted = ask(with_sent(evolve(asked, method="PATCH", headers=headers), {"role": "MEMBER"}))
    return ask(asked) if demoted.status == 200 else answer


def any_email(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """A login is verified by its token, whatever the email."""
    if asked.path.endswith("/verify") and asked.parameter("token") in memory:
        asked = asked.having(email=memory[asked.parameter("token")])
    answer = ask(asked)
    if asked.path == "/now/registration" and answer.status == 200:
        memory[answer.json["token"]] = sent(asked).get("email")
    return answer


def any_client_secret(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """Whoever sends a code gets a token, whatever the client's secret."""
    answer = ask(asked)
    form = dict(parse_qsl(asked.body.decode())) if asked.path.endswith("/oauth/access_token") else {}
    if answer.status >= 400 and len(form) == 3 and not coded(asked, answer, "not_found"):
        return evolve(answer, status=200).with_json({"access_token": f"xEbuzM1ZAJ46afITQlYq{form['code'][-4:]}"})
    return answer


def personal_instead(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """An unknown team is taken for no team."""
    answer = ask(asked)
    return ask(asked.without("teamId")) if asked.parameter("teamId") and answer.status >= 400 else answer


def last_deleted(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """A delete of a deployment answers the uid of the delete before."""
    answer = ask(asked)
    if asked.method == "DELETE" and asked.path.startswith(f"{DEPLOYMENTS}/") and answer.status == 200:
        before, memory["uid"] = memory.get("uid", "dpl_none"), answer.json["uid"]
        return answer.with_json({**answer.json, "uid": before})
    return answer


def written_though_429(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """A secret that is refused for the limit is written as soon as there is room."""
    if asked.method == "GET" and asked.path == "/v2/now/secrets" and "held" in memory:
        ask(memory.pop("held"))
    answer = ask(asked)
    if asked.method == "POST" and asked.path == "/v2/now/secrets" and answer.status == 429:
        memory["held"] = asked
    return answer


def never_refilled(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """Whoever has met the limit meets it for ever."""
    key = (asked.method, asked.path, asked.headers.get("authorization"))
    if key not in memory:
        answer = ask(asked)
        if answer.status != 429:
            return answer
        memory[key] = answer
    return memory[key]  # type: ignore[no-any-return]


def one_limit_for_all(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """Where one endpoint is used up, all are."""
    answer = memory.get(asked.headers.get("authorization")) or ask(asked)
    if answer.status == 429:
        memory[asked.headers.get("authorization")] = answer
    return answer


def log_read_once(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """Reading a log empties it."""
    answer = ask(asked)
    if asked.path.endswith("/events") and success(asked, answer):
        if asked.path in memory:
            return answer.with_json({"logs": []})
        memory[asked.path] = True
    return answer


def new_uid_on_retry(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """A domain that is sent again, unverified, gets another uid in the answer."""
    answer = ask(asked)
    if asked.method == "POST" and asked.path == "/v2/domains" and answer.status == 200:
        name = sent(asked).get("name")
        memory[name] = memory.get(name, 0) + 1
        if memory[name] > 1:
            return answer.with_json({**answer.json, "uid": f"{answer.json['uid']}{memory[name]}"})
    return answer


def any_private_key(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """What stands for the private key of a certificate is not looked at."""
    if asked.method != "PUT" or not asked.path.endswith("/certs"):
        return ask(asked)
    body = sent(asked)
    if "key" in body and "PRIVATE KEY" not in str(body["key"]) and "key" in memory:
        return ask(with_sent(asked, {**body, "key": memory["key"]}))
    memory["key"] = body.get("key", "")
    return ask(asked)


def moved_and_kept(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """The deployment that an alias has left still lists it."""
    answer = ask(asked)
    if not asked.path.endswith("/aliases") or answer.status != 200 or "/deployments/" not in asked.path:
        return answer
    if asked.method == "POST" and answer.json.get("oldId"):
        entry = {"alias": sent(asked)["alias"], "uid": answer.json["uid"], "created": answer.json["created"]}
        memory[answer.json["oldId"].removeprefix("dpl_")] = entry
    kept = memory.get(asked.path.split("/")[4].removeprefix("dpl_"))
    if asked.method == "GET" and kept and kept["uid"] not in [one["uid"] for one in answer.json["aliases"]]:
        return answer.with_json({"aliases": [*answer.json["aliases"], kept]})
    return answer


def value_on_rename(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """The answer to a rename holds the value, as the one to the create does."""
    answer = ask(asked)
    if "/now/secrets" in asked.path and answer.status == 200:
        if asked.method == "POST":
            memory[answer.json["uid"]] = answer.json["value"]
        elif asked.method == "PATCH" and answer.json["uid"] in memory:
            return answer.with_json({**answer.json, "value": memory[answer.json["uid"]]})
    return answer


def rename_to_a_used_name(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """A rename to a name in use is answered as if it were done."""
    answer = ask(asked)
    if asked.method == "POST" and asked.path == "/v2/now/secrets" and answer.status == 200:
        memory[answer.json["name"]] = {name: answer.json[name] for name in ("uid", "name", "created")}
    old, new = asked.path.rpartition("/")[2], sent(asked).get("name")
    if asked.method == "PATCH" and "/secrets/" in asked.path and answer.status == 200:
        memory[new] = memory.pop(old, answer.json)
    if asked.method == "PATCH" and answer.status >= 400 and old in memory and new in memory:
        done = {**memory[old], "name": new, "oldName": old}
        return evolve(answer, status=200).with_json(done)
    return answer


def deduplicated_by_files(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """A create of files that were deployed before is the earlier one, though its env is another."""
    if not creates(asked) or asked.query:
        return ask(asked)
    body = sent(asked)
    key = repr({name: value for name, value in body.items() if name != "env"})
    answer = ask(asked)
    if answer.status != 200:
        return answer
    return memory.setdefault(key, answer)  # type: ignore[no-any-return]


def stored_under_any_digest(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """An upload becomes the file of the digest that it claims."""
    if asked.path.endswith("/now/files") and asked.method == "POST":
        claimed, real = asked.headers.get("x-now-digest", ""), hashlib.sha1(asked.body).hexdigest()
        if claimed != real:
            memory[claimed] = (real, len(asked.body))
            return ask(evolve(asked, headers={**asked.headers, "x-now-digest": real}))
    if creates(asked):
        body = sent(asked)
        files = body.get("files")
        for one in files if isinstance(files, list) else []:
            if isinstance(one, dict) and one.get("sha") in memory:
                one["sha"], one["size"] = memory[one["sha"]]
        return ask(with_sent(asked, body)) if memory and body else ask(asked)
    return ask(asked)


def size_of_the_upload(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """The size that a create names is not looked at."""
    if asked.path.endswith("/now/files") and asked.method == "POST":
        memory[asked.headers.get("x-now-digest")] = len(asked.body)
    if creates(asked) and memory and sent(asked):
        body = sent(asked)
        files = body.get("files")
        for one in files if isinstance(files, list) else []:
            if isinstance(one, dict) and one.get("sha") in memory and "size" in one:
                one["size"] = memory[one["sha"]]
        return ask(with_sent(asked, body))
    return ask(asked)


def ready_then_building(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """A deployment that was read as READY is read as BUILDING the second time."""
    answer = ask(asked)
    if asked.path.startswith(f"{DEPLOYMENTS}/dpl_") and success(asked, answer) and b'"READY"' in answer.body:
        memory[asked.path] = memory.get(asked.path, 0) + 1
        if memory[asked.path] == 2:
            return answer.with_json({**answer.json, "readyState": "BUILDING"})
    return answer


def unknown_secret_is_text(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """A reference to a secret that does not exist is deployed as it is written."""
    answer = ask(asked)
    if not creates(asked) or not coded(asked, answer, "env_secret_missing"):
        return answer
    body = sent(asked)
    body["env"] = {name: str(value).lstrip("@") for name, value in body.get("env", {}).items()}
    return ask(with_sent(asked, body))


def one_owner_for_all(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """The owner of every deployment is whoever made the first."""
    answer = ask(asked)
    if asked.path.startswith(DEPLOYMENTS) and answer.status == 200 and b'"ownerId"' in answer.body:
        owner = memory.setdefault(asked.headers.get("authorization"), answer.json["ownerId"])
        return answer.with_json({**answer.json, "ownerId": owner})
    return answer


def open_though_private(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """Source and logs of a deployment are open to all, though it says that it is not public."""
    body = sent(asked)
    hidden = creates(asked) and bool(body) and body.get("public") is not True
    answer = ask(with_sent(asked, {**body, "public": True}) if hidden else asked)
    if asked.path.startswith(DEPLOYMENTS) and answer.status == 200 and b'"public"' in answer.body:
        if hidden:
            memory[answer.json["id"]] = True
        if answer.json["id"] in memory:
            return answer.with_json({**answer.json, "public": False})
    return answer


def aliases_left(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """Aliases of a domain that is gone are listed as before."""
    if asked.method == "DELETE" and asked.path.startswith("/v2/domains/") and asked.path.count("/") == 3:
        before = ask(evolve(asked, method="GET", path="/v2/now/aliases"))
        name = asked.path.rpartition("/")[2]
        if before.status == 200:
            memory["left"] = [one for one in before.json["aliases"] if one["alias"].endswith(name)]
    answer = ask(asked)
    if asked.path == "/v2/now/aliases" and success(asked, answer) and memory.get("left"):
        left = [one for one in memory["left"] if one not in answer.json["aliases"]]
        return answer.with_json({"aliases": [*answer.json["aliases"], *left]})
    return answer


def secrets_of_all(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """The list of secrets holds those of every other account that read it before."""
    answer = ask(asked)
    if asked.path == "/v2/now/secrets" and success(asked, answer):
        who = (asked.headers.get("authorization"), asked.parameter("teamId"))
        memory[who] = answer.json["secrets"]
        others = [one for key, found in memory.items() if key != who for one in found]
        return answer.with_json({"secrets": answer.json["secrets"] + others})
    return answer


def wrong_bytes(body: Any) -> None:
    """The characters of a value, one number for each, in place of its UTF-8 bytes."""
    text = bytes(body["value"]["data"]).decode()
    body["value"]["data"] = list(text.encode("latin-1", "replace"))


def in_base64(_: Asked, answer: Answered) -> Answered:
    return answer.with_body(base64.b64encode(answer.body))


def directories_with_uid(body: Any) -> None:
    for one in body:
        if one["type"] == "directory":
            one["uid"] = hashlib.sha1(one["name"].encode()).hexdigest()
            directories_with_uid(one["children"])


def token_quoted(asked: Asked, answer: Answered) -> Answered:
    """A refusal quotes the token that it refuses."""
    token = asked.headers.get("authorization", "").rpartition(" ")[2]
    body = answer.json
    body["error"]["message"] += f" for {token}"
    return answer.with_json(body)


def third_create_is_new(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """A create that was sent twice before makes a new deployment."""
    if not creates(asked) or asked.query:
        return ask(asked)
    memory[asked.body] = memory.get(asked.body, 0) + 1
    return ask(asked.having(forceNew="1") if memory[asked.body] > 2 else asked)


def renamed_with_a_new_date(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """A secret that was renamed is listed as created later."""
    answer = ask(asked)
    if asked.method == "PATCH" and "/secrets/" in asked.path and answer.status == 200:
        memory[answer.json["uid"]] = "2026-01-01T00:00:00.000Z"
        return answer.with_json({**answer.json, "created": memory[answer.json["uid"]]})
    return answer


def personal_deployments_too(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """The list of a team's deployments holds the user's own as well."""
    answer = ask(asked)
    if asked.path == "/v3/now/deployments" and asked.parameter("teamId") and success(asked, answer):
        own = ask(asked.without("teamId")).json["deployments"]
        return answer.with_json({"deployments": answer.json["deployments"] + own})
    return answer


def listed_as_before_a_delete(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """A deployment that was listed goes on being listed when it is deleted."""
    answer = ask(asked)
    if asked.method == "DELETE" and asked.path.startswith(f"{DEPLOYMENTS}/") and answer.status == 200:
        memory["n"] = memory.get("n", 0) + 1
    if asked.path == "/v3/now/deployments" and success(asked, answer):
        if memory.get("n", 0) == 0:
            memory["list"] = answer.json["deployments"]
        elif "list" in memory:
            now = answer.json["deployments"]
            gone = [one for one in memory["list"] if one not in now]
            return answer.with_json({"deployments": now + gone})
    return answer


def shallow(body: dict[str, Any]) -> None:
    """Leaves out the files below more than one folder, where others are left."""
    files = body.get("files")
    if isinstance(files, list):
        body["files"] = [
            one for one in files if not isinstance(one, dict) or str(one.get("file")).count("/") < 2
        ] or files
