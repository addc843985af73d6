"""Redaction: no artefact holds a secret, in any form in which it is likely to be written."""

from __future__ import annotations

import base64
import json
import os
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from conformance.contract import ConformanceError
from conformance.traffic.exchange import Request, Response
from conformance.traffic.redact import NAME_MARK, VALUE_MARK, Redactor, echoes, secret_sent, value_mark

SECRET = 's3cr/et+"value"=ü~'
MARK = value_mark("default")
SECRETS = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=8, max_size=40)


def redactor(secret: str = SECRET) -> Redactor:
    return Redactor({"default": secret})


def common(one: str, other: str) -> str:
    """What two encodings of the same secret between different neighbours have in common, place by place."""
    same = "".join(a if a == b else "\n" for a, b in zip(one, other, strict=True))
    return max(same.split("\n"), key=len)


def in_base64(secret: str, *, urlsafe: bool) -> set[str]:
    """What every base64 text shows of a secret inside, at each alignment."""
    encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
    raw = secret.encode()
    return {
        common(
            encode(b"\x00" * before + raw + b"\x00" * 5).decode(), encode(b"\xff" * before + raw + b"\xff" * 5).decode()
        )
        for before in range(3)
    }


def written(secret: str) -> set[str]:
    """The forms in which no artefact may hold a secret."""
    return {
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        re.sub("%..", lambda match: match.group().lower(), quote(secret, safe="")),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        secret.encode().hex(),
        secret.encode().hex().upper(),
        *in_base64(secret, urlsafe=False),
        *in_base64(secret, urlsafe=True),
    }


@settings(max_examples=60, deadline=None)
@given(SECRETS, st.text(max_size=12), st.text(max_size=12), st.binary(max_size=7), st.binary(max_size=7))
def test_no_artefact_holds_a_secret_in_any_form(
    secret: str, before: str, after: str, raw_before: bytes, raw_after: bytes
) -> None:
    forms = written(secret)
    assume(not any(form in MARK for form in forms))
    raw = raw_before + secret.encode() + raw_after
    texts = [before + form + after for form in forms]
    texts += [base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()]
    texts += [json.dumps({"a": before + secret + after}), quote(before + secret + after, safe="")]
    keeper = redactor(secret)
    for text in texts:
        for artefact in (
            keeper.values(text),
            keeper.text(text),
            keeper.url(text),
            keeper.body(text.encode("utf-8", errors="surrogateescape")).decode("utf-8", errors="surrogateescape"),
            keeper.headers((("X-Anything", text),))[0][1],
        ):
            assert not any(form in artefact for form in forms), (text, artefact)
            assert MARK in artefact


@pytest.mark.parametrize("length", range(12, 18))
def test_of_a_secret_in_base64_no_character_is_left(length: int) -> None:
    secret = "s3cret-0123456789x"[:length]
    for before in range(3):
        encoded, other = (
            base64.b64encode(byte * before + secret.encode() + byte * 5).decode() for byte in (b"\0", b"\xff")
        )
        assert redactor(secret).values(encoded) == encoded.replace(common(encoded, other), MARK)


def test_of_tags_only_those_with_the_name_of_a_secret_lose_their_value() -> None:
    tags = '<input name="csrf_token" value="abcdefgh"><input name="plain" value="abcdefgh"><input value="abcdefgh">'
    assert redactor().text(tags) == tags.replace("abcdefgh", NAME_MARK, 1)


def test_what_comes_behind_a_secret_object_is_not_secret() -> None:
    piece = '"token": {"a": "bcdefghi"}, "plain": "text"'
    for text, secret in ((piece, "bcdefghi"), (f"{{{piece}}}", "bcdefghi"), (f"[{{{piece}}}], {piece}", "bcdefghi")):
        cleaned = redactor().text(text)
        assert secret not in cleaned
        assert cleaned.count('"plain": "text"') == text.count('"plain": "text"')


@settings(deadline=None)
@given(SECRETS, st.text(max_size=30))
def test_redacting_twice_is_redacting_once(secret: str, around: str) -> None:
    assume(not any(form in MARK + NAME_MARK for form in written(secret)))
    keeper = redactor(secret)
    request = Request(
        method="POST",
        url=f"https://h/p?token={quote(secret)}&api_key=other{around}",
        headers=(("Authorization", f"Bearer {secret}"), ("Cookie", around + secret), ("X", around)),
        body=json.dumps({"password": around, "note": secret + around}).encode(),
    )
    once = keeper.request(request)
    assert keeper.request(once) == once
    text = keeper.text(f"Bearer {around} {secret} ?token={around}")
    assert keeper.text(text) == text


@given(st.binary())
def test_binary_bodies_survive_byte_for_byte(body: bytes) -> None:
    assert redactor("a secret that no drawn bytes hold").body(b"\x89PNG\xff" + body) == b"\x89PNG\xff" + body


def test_a_secret_between_bytes_that_are_no_text_is_found() -> None:
    body = b"\xff\x00" + SECRET.encode() + b"\xfe\x80"
    assert redactor().body(body) == b"\xff\x00" + MARK.encode() + b"\xfe\x80"


@pytest.mark.parametrize(
    "text",
    [
        "an ordinary sentence about a token, a secret and a password",
        '{"tokens": 3, "token_type": "bearer", "next": "bmV4dF9fMTAw", "key": "value", "secretary": "Ann"}',
        "https://h/v2/plans?per_page=5&cursor=bmV4dF9fMTAw&type=vhf",
        "tokenise=1&passage=abc&keyboard=x&nexttoken=abc&page_token=2",
        "MDEyMzQ1Njc4OWFiY2RlZg==",
        "<a href='?q=1'>token</a>",
        # In base32, what begins like a key of AWS stands anywhere.
        "https://h/v2/plans?cursor=VAO6FU7WAKIAG4HNYLC6DE572BNQHUY72VZNJL",
        "https://h/v2/plans?cursor=AKIAG4HNYLC6DE572BNQHUY72VZNJL",
        # A signed cursor.
        "/orgs/o/projects?limit=10&starting_after=eyJhbGciOiJIUzI1NiJ9.eyJpZCI6M30.dBjftJeZ4CVPmB92K27uhbUJU1p1r",
        '{"nextCursor": "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6M30.dBjftJeZ4CVPmB92K27uhbUJU1p1r"}',
        '{"next": "x9AIzaG4HNYLC6DE572BNQHUY72VZNJLabcdefghijkl"}',
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    keeper = redactor()
    assert keeper.body(text.encode()) == text.encode()
    assert keeper.url(text) == text
    assert keeper.text(text) == text
    assert keeper.headers((("X-Note", text), ("Location", text))) == (("X-Note", text), ("Location", text))


@pytest.mark.parametrize("key", ["AKIAG4HNYLC6DE572BNQ", "AIzaG4HNYLC6DE572BNQHUY72VZNJLabcdefghi"])
@pytest.mark.parametrize("text", ["%s", "the key %s.", '{"a":"%s"}', '{"a":"\\n%s"}', "/x%%3D%s", "?a=b%%3D%s", "a_%s"])
def test_a_key_of_an_issuer_is_found_wherever_it_is_a_word_of_its_own(text: str, key: str) -> None:
    assert key not in redactor().text(text % key)


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        (("Authorization", "Bearer unknown-token"), f"Bearer {NAME_MARK}"),
        (("authorization", "Basic dXNlcjpwYXNz"), f"Basic {NAME_MARK}"),
        (("Authorization", "unknown-token"), NAME_MARK),
        (("Authorization", f"Bearer {SECRET}"), f"Bearer {MARK}"),
        (("Authorization", f"Bearer {SECRET}x"), f"Bearer {MARK}x"),
        (("Authorization", ""), ""),
        (("X-API-Key", "unknown"), NAME_MARK),
        (("Cookie", "session=unknown; theme=dark"), NAME_MARK),
        (("Set-Cookie", "session=unknown; Path=/"), NAME_MARK),
        (("Cookie", f"session=unknown; known={SECRET}"), MARK),
        (("Location", "https://h/cb?state=1&access_token=unknown"), f"https://h/cb?state=1&access_token={NAME_MARK}"),
        (("Location", "https://h/cb#access_token=unknown&x=1"), f"https://h/cb#access_token={NAME_MARK}&x=1"),
        (("Location", f"https://h/{quote(SECRET, safe='')}"), f"https://h/{MARK}"),
        (("X-Request-Id", f"id-{SECRET}"), f"id-{MARK}"),
        (("X-Request-Id", "id-7"), "id-7"),
    ],
)
def test_headers_are_redacted_by_name_and_by_value(header: tuple[str, str], kept: str) -> None:
    assert redactor().headers((header,)) == ((header[0], kept),)


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ('{"api_key": "unknown", "a": 1}', f'{{"api_key": "{NAME_MARK}", "a": 1}}'),
        ('{"Password":"un\\"known"}', f'{{"Password":"{NAME_MARK}"}}'),
        ('[{"accessToken":"unknown"}]', f'[{{"accessToken":"{NAME_MARK}"}}]'),
        ('{"client_secret":"a","privateKey":"b"}', f'{{"client_secret":"{NAME_MARK}","privateKey":"{NAME_MARK}"}}'),
        ('{"token":""}', '{"token":""}'),
        ('{"token":null}', '{"token":null}'),
        (json.dumps({"token": SECRET}), f'{{"token": "{MARK}"}}'),
        (json.dumps({"echo": SECRET}), f'{{"echo": "{MARK}"}}'),
        ("a=1&password=unknown&b=2", f"a=1&password={NAME_MARK}&b=2"),
        ("token=unknown", f"token={NAME_MARK}"),
        (f"token={quote_plus(SECRET)}", f"token={MARK}"),
    ],
)
def test_bodies_are_redacted_by_name_and_by_value(body: str, kept: str) -> None:
    assert redactor().body(body.encode()).decode() == kept


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://h/p?api_key=unknown", f"https://h/p?api_key={NAME_MARK}"),
        ("https://h/p?a=1&TOKEN=unknown#top", f"https://h/p?a=1&TOKEN={NAME_MARK}#top"),
        (f"https://h/p?k={quote(SECRET, safe='')}", f"https://h/p?k={MARK}"),
        (f"https://h/p?token={quote(SECRET, safe='').lower()}", f"https://h/p?token={MARK}"),
    ],
)
def test_urls_are_redacted_by_name_and_by_value(url: str, kept: str) -> None:
    assert redactor().url(url) == kept
    assert redactor().text(f"cannot reach {url}") == f"cannot reach {kept}"


def test_texts_for_people_lose_what_stands_where_credentials_stand() -> None:
    keeper = redactor()
    assert keeper.text("sent Authorization: Bearer abcdefgh1234") == f"sent Authorization: Bearer {NAME_MARK}"
    assert keeper.text(f"refused {SECRET!s}") == f"refused {MARK}"


def test_marks_of_names_and_of_values_differ() -> None:
    assert not VALUE_MARK.search(NAME_MARK)
    found = VALUE_MARK.fullmatch(value_mark("ip-restricted"))
    assert found is not None
    assert found.group(1) == "ip-restricted"


def test_a_secret_that_holds_another_is_replaced_whole() -> None:
    keeper = Redactor({"short": "abcdefgh", "long": "abcdefghijklmnop"})
    assert keeper.values("abcdefghijklmnop abcdefgh") == "__redacted_value_long__ __redacted_value_short__"


def test_only_known_secrets_count_as_sent_or_echoed() -> None:
    keeper = redactor()
    sent = keeper.request(Request(method="GET", url="https://h/", headers=(("Authorization", f"Bearer {SECRET}"),)))
    other = keeper.request(Request(method="GET", url="https://h/", headers=(("Authorization", "Bearer other"),)))
    assert secret_sent(sent)
    assert not secret_sent(other)
    headers = (("Set-Cookie", SECRET), ("X-Key", SECRET), ("X-Key", SECRET), ("X-Other", "y"))
    echoed = keeper.response(Response(status=401, headers=headers, body=f'{{"error":"bad {SECRET}"}}'.encode()))
    assert echoes(echoed) == ("header Set-Cookie", "header X-Key", "body")
    quiet = keeper.response(Response(status=200, headers=(("Set-Cookie", "a"),), body=b'{"token":"fresh"}'))
    assert echoes(quiet) == ()
    assert quiet.body == f'{{"token":"{NAME_MARK}"}}'.encode()


@pytest.mark.parametrize("secrets", [{"default": "abcdefg"}, {"default": ""}, {"Two Words": "long enough"}])
def test_secrets_that_cannot_be_kept_out_are_refused(secrets: dict[str, str]) -> None:
    name, secret = next(iter(secrets.items()))
    with pytest.raises(ConformanceError, match=re.escape(repr(name))) as caught:
        Redactor(secrets)
    assert not secret or secret not in str(caught.value)


def test_without_secrets_names_still_count() -> None:
    keeper = Redactor()
    assert keeper.values("anything") == "anything"
    assert keeper.headers((("Authorization", "Bearer x"),)) == (("Authorization", f"Bearer {NAME_MARK}"),)


def test_a_random_secret_survives_nowhere_in_an_exchange() -> None:
    secret = base64.b64encode(os.urandom(30)).decode()
    keeper = redactor(secret)
    basic = base64.b64encode(f"user:{secret}".encode()).decode()
    request = keeper.request(
        Request(
            method="POST",
            url=f"https://h/p/{quote(secret, safe='')}?a={quote_plus(secret)}",
            headers=(("Authorization", f"Basic {basic}"), ("X-Debug", secret.encode().hex())),
            body=json.dumps({"a": [secret, {"b": f"x{secret}y"}]}).encode(),
        )
    )
    whole = repr((request.url, request.headers, request.body))
    assert not any(form in whole for form in written(secret))


@pytest.mark.parametrize("quoted", ['"{"password": "hunter2"}"', '"[{"a": 1, "access_token" : "hunter2"}]"'])
@pytest.mark.parametrize("around", ["say %s end", "%s", "a=%s"])
def test_a_member_is_found_where_its_quotation_marks_end_those_around_it(around: str, quoted: str) -> None:
    text = around % quoted
    assert "hunter2" not in Redactor({}).text(text)
    assert "hunter2" not in Redactor({}).text(json.dumps({"log": text}))
