"""What names a secret, what only tells of one, and what bears its issuer's form."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.checks import CHECKS, Sight
from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.selftest.test_canaries import NAMES
from conformance.traffic.curl import shell_quoted
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.redact import NAME_MARK, Redactor
from conformance.traffic.secrets import _SECRET, hints, is_secret_name

INNOCENT = (
    "tokens_used token_type next_page_token nextToken pageToken cursor key id keyId public_key expires_at max_tokens",
    "secretId password_reset_required author authorized sort_key code path keyboard passing design session config",
    "ssh_keys deploy_key_id token_count tokenName idempotency_key opinion secretary",
    "password_last_changed cookie_consent",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize("name", [*NAMES, "DB_PASSWORD", "AWS_SECRET_ACCESS_KEY", "X-Amz-Security-Token", "authtoken"])
def test_a_secret_is_known_by_a_part_of_its_name(name: str) -> None:
    assert is_secret_name(name)
    assert Redactor().body(json.dumps({name: "abc"}).encode()) == json.dumps({name: NAME_MARK}).encode()


@pytest.mark.parametrize("name", [name for line in INNOCENT for name in line.split()])
def test_what_tells_of_a_secret_or_sounds_like_one_is_none(name: str) -> None:
    body = json.dumps({name: "abc", "a": [{name: 3}]}).encode()
    assert Redactor().body(body) == body


@pytest.mark.parametrize("name", ["name", "key", "Key"])
@pytest.mark.parametrize("value", ["value", "Value"])
def test_a_pair_of_a_name_and_a_value_is_held_as_a_member_is(name: str, value: str) -> None:
    secret, plain = {name: "DB_PASSWORD", value: "abc"}, {name: "DB_HOST", value: "abc"}
    for pair in (secret, dict(reversed(secret.items()))):
        kept = json.loads(Redactor().body(json.dumps({"env": [pair, plain, {value: "abc"}]}).encode()))
        assert kept == {"env": [{**pair, value: NAME_MARK}, plain, {value: "abc"}]}


@pytest.mark.parametrize(
    "text",
    [
        "x --password abc1 y",
        "curl -s -u user:abc1 https://h/",
        "password 'abc1defg' is wrong",
        "Bad api_key 'abc1defg'",
    ],
)
def test_a_command_and_a_sentence_give_no_secret_away(text: str) -> None:
    assert "abc1" not in Redactor().text(text)


@pytest.mark.parametrize("text", ["--sort name", "id -u user", "the field 'abc1defg' is wrong", "--token-type Bearer"])
def test_other_options_and_quotations_stay(text: str) -> None:
    assert Redactor().text(text) == text


@pytest.mark.parametrize("name", ["Ocp-Apim-Subscription-Key", "X-Functions-Key"])
def test_the_keys_of_gateways_are_secret(name: str) -> None:
    assert Redactor().headers(((name, "abc"),)) == ((name, NAME_MARK),)


def test_every_name_of_a_secret_has_a_hint() -> None:
    assert [word for word in _SECRET if not hints(word)] == []


def shape(value: object) -> object:
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    return [shape(item) for item in value] if isinstance(value, list) else type(value)


@settings(max_examples=60, deadline=None)
@given(JSON)
def test_json_keeps_its_shape_and_redacting_twice_is_redacting_once(value: object) -> None:
    keeper = Redactor({"default": "a-token-of-the-run"})
    once = keeper.body(json.dumps(value).encode())
    assert shape(json.loads(once)) == shape(value)
    assert keeper.body(once) == once


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('{"tokens": 3, "secret": true, "password": null, "pin": 1234, "otp": 1.5}',
         '{"tokens": 3, "secret": true, "password": null, "pin": 0, "otp": 0.0}'),
        ('{"secrets": [{"id": "a", "name": "b", "value": "c"}]}',
         f'{{"secrets": [{{"id": "a", "name": "b", "value": "{NAME_MARK}"}}]}}'),
        ("mongodb+srv://me:hunter2@h/db", f"mongodb+srv://{NAME_MARK}@h/db"),
        ("/login?next=%2Fcb%3Fapi_key%3Dx1", f"/login?next=%2Fcb%3Fapi_key%3D{NAME_MARK}"),
        ("?code=404&page=2", "?code=404&page=2"),
        ("?code=a1b2c3d4e5", f"?code={NAME_MARK}"),
        ("<input name='csrf_token' value='x1'>", f"<input name='csrf_token' value='{NAME_MARK}'>"),
        ("(b'Set-Cookie', b'sid=x1')", f"(b'Set-Cookie', b'{NAME_MARK}')"),
        ("Bearer authorization needed: bearer ACCESS_TOKEN", "Bearer authorization needed: bearer ACCESS_TOKEN"),
        ('--b\r\nContent-Disposition: form-data; name="password"\r\n\r\nx\r\n--b--',
         f'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n{NAME_MARK}\r\n--b--'),
    ],
)  # fmt: skip
def test_a_secret_is_found_where_it_stands(text: str, kept: str) -> None:
    assert Redactor().text(text) == kept


@pytest.mark.parametrize(
    "part",
    ['"\\', '\\"', "token=", "token: ", "://a@", "eyJ", "eyJa.", "%25", "\\u0051", "&#0", "<token>", '<input name="',
     "[", 'name="token"\r\n', "-----BEGIN PRIVATE KEY-----", "sk-a-", "('token', '", '"token":{', "Bearer a",
     "a.", "\\"],
)  # fmt: skip
def test_no_text_takes_more_than_linear_time(part: str) -> None:
    keeper = Redactor({"default": "\\u0051-a-token-of-the-run"})

    def spent(size: int) -> float:
        before = time.process_time()
        keeper.text(part * (size // len(part)))
        return time.process_time() - before

    assert spent(80_000) < 12 * spent(10_000) + 0.2


def test_a_schema_holds_no_mark_to_the_text_of_what_it_stands_for() -> None:
    schema = {
        "type": "object",
        "properties": {"token": {"type": "string", "pattern": "^t"}, "pin": {"type": "integer", "minimum": 1000}},
    }

    def outcome(body: str) -> Outcome | None:
        response = Redactor().response(Response(status=200, body=body.encode()))
        exchange = Exchange(Request(method="GET", url="https://h/"), response, None, "/")
        (finding,) = CHECKS["schema"](Sight(exchange, load("vultr"), {"schema": schema}))
        return finding.outcome

    assert outcome('{"token": "t1", "pin": 1234}') is Outcome.HELD
    assert outcome('{"token": ["t1"], "pin": 1234}') is Outcome.VIOLATED
    assert outcome('{"token": "t1", "pin": "1234"}') is Outcome.VIOLATED


def test_a_word_for_a_shell_is_one_line_without_control_characters() -> None:
    assert shell_quoted("it's") == "'it'\"'\"'s'"
    assert shell_quoted("a\n$(b)'\x1b\\") == r"$'a\n$(b)\'\033\\'"


def test_of_a_private_key_all_is_replaced_and_what_stands_behind_it_stays() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAAAAAAA\n-----END PRIVATE KEY-----"
    assert Redactor().text(f"before {key}\nafter {key} end") == f"before {NAME_MARK}\nafter {NAME_MARK} end"
