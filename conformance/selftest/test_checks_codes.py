"""Error codes: each is listed, with its status, its members and its family of calls, and its message is neutral."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.selftest.conversations import Said, held, violated

ORIGIN = "https://api.zeit.co"
DEPLOY, DOMAINS, SECRETS = "POST /v6/now/deployments", "POST /v2/domains", "POST /v2/now/secrets"


def refused(code: Any = "bad_request", status: int = 400, call: str = SECRETS, **more: Any) -> Said:
    """A refusal in the envelope, with further members of the error."""
    method, path = call.split(" ")
    error = {"code": code, "message": "It cannot be done.", **more}
    return Said(method, f"{ORIGIN}{path}", status, {"error": error}, headers={"Content-Type": "application/json"})


def judged(slug: str, *said: Said) -> str:
    found = {"held": slug in held("zeit", said), "violated": slug in violated("zeit", said)}
    return " and ".join(name for name, is_so in found.items() if is_so) or "nothing"


LISTED, FAMILY, EXTRAS, STATUS, CRASH, NEUTRAL = (
    "errors.known-code",
    "errors.code-family",
    "errors.code-extras",
    "errors.status-code-map",
    "errors.server-error-code",
    "security.message-neutral",
)
BARE = Said("GET", f"{ORIGIN}/v2/now/secrets", 400, {"error": {"message": "no"}})


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (refused("bad_request"), "held"),
        (refused("made_up"), "violated"),
        (refused("service_unavailabe", 503, DOMAINS), "held"),
        (refused("service_unavailable", 503, DOMAINS), "held"),
        # Without a code there is none to be listed, and in a success it is no error's.
        (refused(7), "nothing"),
        (BARE, "nothing"),
        (refused("made_up", 200), "nothing"),
    ],
)
def test_a_code_is_one_of_those_that_are_listed(said: Said, expected: str) -> None:
    assert judged(LISTED, said) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (refused("no_files", call=DEPLOY), "held"),
        (refused("no_files", call=DOMAINS), "violated"),
        (refused("missing_name", call=DOMAINS), "held"),
        (refused("missing_name", call=SECRETS), "violated"),
        (refused("not_found", 404), "nothing"),
        (refused("made_up"), "nothing"),
    ],
)
def test_a_code_answers_calls_of_its_family(said: Said, expected: str) -> None:
    assert judged(FAMILY, said) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (refused("missing_files", call=DEPLOY, missing=["a"]), "held"),
        (refused("missing_files", call=DEPLOY, missing="a"), "violated"),
        (refused("missing_files", call=DEPLOY), "violated"),
        (refused("price_mismatch", call=DOMAINS, price=17), "held"),
        (refused("price_mismatch", call=DOMAINS, price=17.5), "held"),
        (refused("price_mismatch", call=DOMAINS, price=True), "violated"),
        # The prose and the sample differ: either name may be used, and that is worth a note.
        (refused("price_mismatch", call=DOMAINS, actualPrice=17), "held"),
        (refused("conflict_certs", call=DOMAINS, certCNs="a"), "held"),
        (refused("conflict_certs", call=DOMAINS, certCNs={}), "violated"),
        # Only some messages of a code come with a member.
        (refused("forbidden", 403), "nothing"),
        (refused("forbidden", 403, message='No access to "a".', domain="a"), "held"),
        (refused("forbidden", 403, message='No access to "a".'), "violated"),
        (refused("bad_request"), "nothing"),
        (refused("made_up"), "nothing"),
    ],
)
def test_a_code_comes_with_its_members(said: Said, expected: str) -> None:
    assert judged(EXTRAS, said) == expected


def test_a_member_that_says_back_what_was_sent_may_be_of_its_kind() -> None:
    said = refused("invalid_name", call=DOMAINS, name=5)
    assert judged(EXTRAS, said) == "violated"
    said.sent = {"name": 5}
    assert judged(EXTRAS, said) == "held"
    said.sent = {"name": 6}
    assert judged(EXTRAS, said) == "violated"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([refused("forbidden", 403)], "held"),
        ([refused("forbidden", 401)], "violated"),
        ([refused("rate_limited", 429), refused("rate_limited", 429)], "held"),
        ([refused("bad_request", 400)], "held"),
        ([refused("bad_request", 422)], "held"),
        ([refused("bad_request", 200)], "violated"),
        ([refused("service_unavailable", 503, DOMAINS)], "held"),
        ([refused("missing_name", 503, DOMAINS)], "violated"),
        # What has no status of its own keeps to one.
        ([refused("bad_request", 400), refused("bad_request", 422)], "held and violated"),
        ([refused("bad_request", 400), refused("not_found", 404)], "held"),
        ([refused("made_up", 400)], "nothing"),
    ],
)
def test_a_code_comes_with_its_status_and_always_with_the_same(said: list[Said], expected: str) -> None:
    assert judged(STATUS, *said) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (refused("internal_server_error", 500), "held"),
        (refused("bad_request", 500), "violated"),
        (Said("GET", f"{ORIGIN}/v2/now/secrets", 500, "<h1>Oh</h1>"), "nothing"),
        (Said("GET", f"{ORIGIN}/v2/now/secrets", 500, {"error": "oh"}), "violated"),
        (refused("bad_request", 503), "nothing"),
    ],
)
def test_a_crash_carries_the_code_of_one(said: Said, expected: str) -> None:
    assert judged(CRASH, said) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("It cannot be done.", "held"),
        ("open /home/app/now.json: no such file", "violated"),
        (r"open C:\now\now.json", "violated"),
        ("in node_modules", "violated"),
        ("at Server.handle (server.js:10:5)", "violated"),
        ("now.py:10:5", "violated"),
        ("Traceback (most recent call last)", "violated"),
        ("see https://zeit.co/docs/home/start", "held"),
        ("the app at a.now.sh", "held"),
        ("", "nothing"),
        (7, "nothing"),
    ],
)
def test_a_message_shows_nothing_of_the_inside(message: Any, expected: str) -> None:
    assert judged(NEUTRAL, refused(message=message)) == expected


def test_what_a_client_sent_may_be_said_back_to_it() -> None:
    said = refused(message="no such file: /home/me/a")
    assert judged(NEUTRAL, said) == "violated"
    said.sent = {"name": "/home/me/a"}
    assert judged(NEUTRAL, said) == "held"


def test_the_message_of_what_is_no_error_is_not_judged() -> None:
    success = Said("GET", f"{ORIGIN}/v2/now/secrets", 200, {"error": {"message": "in /home/app"}})
    assert judged(NEUTRAL, success) == "nothing"
