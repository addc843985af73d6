"""Redaction: secrets leave a mark in headers, URLs, bodies and texts before an exchange exists.

A secret is known by its value (a credential of the run, in any encoding), by the name it stands under, or by the form
its issuer gave it. A known value leaves another mark than the rest, because the rule that a credential is never
echoed is judged by the marks of values in a response. What is no secret keeps every byte, and JSON keeps its shape:
text becomes a mark, a number 0, and arrays and objects stay what they are.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote

from attrs import define

from conformance.contract import ConformanceError
from conformance.traffic.exchange import KEPT_BODY, LARGEST_SENT, Pairs, Request, Response
from conformance.traffic.known import Known
from conformance.traffic.secrets import (
    HINTS,
    hints,
    is_count,
    is_cursor,
    is_description,
    is_random,
    is_secret_name,
    says_nothing,
    without_known_forms,
)

NAME_MARK = "__redacted_name__"
VALUE_MARK = re.compile(r"__redacted_value_([a-z0-9-]+)__")
_MARK = r"__redacted_(?:name|value_[a-z0-9-]+)__"
_ANY_MARK = re.compile(_MARK)

MINIMUM_SECRET = 8
_SHORT, _LONG = 256, 65_536
LAYERS = 4
"""How many texts within texts are read: JSON in a string of JSON, a URL in a parameter of a URL."""


def value_mark(name: str) -> str:
    """The mark that stands for the secret called `name` (lower case, digits and hyphens)."""
    return f"__redacted_value_{name}__"


class Redactor:
    """Replaces secrets by marks.

    Args:
        secrets: name → value of every credential of the run.

    Raises:
        ConformanceError: a secret is too short to be told from ordinary text, or its name fits no mark.
    """

    def __init__(self, secrets: Mapping[str, str] | None = None) -> None:
        self._secrets: set[tuple[str, str]] = set()
        # Most of what is said is said again and again: names and values of headers, URLs.
        self._short_text = lru_cache(maxsize=4096)(self._text)
        # And lists, which are read before and after a write.
        self._long_text = lru_cache(maxsize=64)(self._text)
        self._short_request = lru_cache(maxsize=1024)(self._request)
        # Of a larger one whoever replays it asks a second time.
        self._last_request = lru_cache(maxsize=1)(self._request)
        self.learn(secrets or {})

    def learn(self, secrets: Mapping[str, str]) -> None:
        """Replaces further secrets from now on; raises as the class does. An earlier one of a name stays a secret."""
        for name, secret in sorted(secrets.items()):
            if not VALUE_MARK.fullmatch(value_mark(name)):
                raise ConformanceError(f"the credential name {name!r} is not made of lower-case letters, digits and -")
            if len(secret) < MINIMUM_SECRET:
                raise ConformanceError(
                    f"the credential {name!r} is shorter than {MINIMUM_SECRET} characters: "
                    "it cannot be kept out of recordings; use a longer one"
                )
        self._secrets |= set(secrets.items())
        # Longest first, so that a secret that contains another one is replaced whole.
        ordered = sorted(self._secrets, key=lambda item: (-len(item[1]), item))
        known = tuple((secret, value_mark(name)) for name, secret in ordered)
        # One that was cut short is no credential, but gives one away.
        known += tuple((secret[:-1], NAME_MARK) for _, secret in ordered if len(secret) > MINIMUM_SECRET)
        self._exact = tuple(secret for _, secret in ordered)
        # A mark stays as it is, so that redacting twice is redacting once.
        self._known = Known(known, kept=_MARK) if known else None
        self._short_text.cache_clear()
        self._long_text.cache_clear()
        self._short_request.cache_clear()
        self._last_request.cache_clear()

    def values(self, text: str) -> str:
        """`text` with the known secrets replaced, and nothing else."""
        return self._known.replaced(text) if self._known is not None else text

    def text(self, text: str) -> str:
        """Any text: a body, a URL, a line of a log. What was not UTF-8 in it stays as it is (surrogate escapes)."""
        if len(text) <= _SHORT:
            return self._short_text(text)
        return self._long_text(text) if len(text) <= _LONG else self._text(text)

    def _text(self, text: str) -> str:
        return _cleaned(self.values(text), LAYERS)

    def url(self, url: str) -> str:
        """A URL, or a text with URLs in it."""
        return self.text(url)

    def headers(self, headers: Pairs) -> Pairs:
        return tuple((self.values(name), self._header(name, value)) for name, value in headers)

    def _header(self, name: str, sent: str) -> str:
        value = self.text(sent)
        if not is_secret_name(name) or says_nothing(value):
            return value
        known = VALUE_MARK.search(value)
        if known and not self._is_in_another_case(sent):
            # Beside a known secret other cookies are still private; a wrong Authorization stays a wrong one.
            return known.group() if "cookie" in name.lower() else value
        scheme, space, _ = value.partition(" ")
        return f"{scheme} {NAME_MARK}" if space and scheme.isalpha() else NAME_MARK

    def _is_in_another_case(self, sent: str) -> bool:
        """Whether a text holds a secret only as it is written in other letters: that is another credential."""
        lowered = sent.lower()
        return not any(secret in sent for secret in self._exact) and any(s.lower() in lowered for s in self._exact)

    def body(self, body: bytes) -> bytes:
        """A body in any encoding: what is not UTF-8 comes back byte for byte, save for the marks."""
        return self.text(body.decode("utf-8", errors="surrogateescape")).encode("utf-8", errors="surrogateescape")

    def request(self, request: Request) -> Request:
        return self._short_request(request) if len(request.body) <= _SHORT else self._last_request(request)

    def _request(self, request: Request) -> Request:
        head, rest = request.body, b""
        if len(head) > LARGEST_SENT:
            # Nothing behind its first part is kept anywhere.
            whole = self.values(head.decode("utf-8", errors="surrogateescape")).encode("utf-8", "surrogateescape")
            head, rest = whole[: 2 * KEPT_BODY], whole[2 * KEPT_BODY :]
        return Request(
            headers=self.headers(request.headers),
            body=self.body(head) + rest,
            method=request.method,
            url=self.text(request.url),
        )

    def response(self, response: Response) -> Response:
        return Response(
            headers=self.headers(response.headers),
            body=b"" if response.unread is not None else self.body(response.body),
            status=response.status,
            http_version=response.http_version,
            unread=response.unread,
            fault=None if response.fault is None else self.text(response.fault),
        )


def _cleaned(text: str, layers: int, among: tuple[str, ...] = HINTS) -> str:
    """A text without what its name or its form tells to be a secret.

    Args:
        among: the hints that it can have, where it is a part of a text.
    """
    found = hints(text, among)
    if not layers or not (found or "\\" in text or "%" in text):
        return text
    if found:
        text = without_known_forms(text, NAME_MARK)
    if _is_json(text):
        return _clean_json(text, layers, found)
    for pattern, clean in _RULES:
        text = pattern.sub(clean, text)
    if "=" in text:
        text = _FIELD.sub(lambda match: _clean_field(match, layers), text)
    return _clean_json(text, layers, found)


# Also strings as Python writes them, where what stands around them says that they are such.
_TOKEN = re.compile(
    r'(?P<name>"(?P<key>(?:[^"\\]++|\\.)*+)"\s*+:)|(?P<text>"(?P<value>(?:[^"\\]++|\\.)*+)(?:"|\\?\Z))'
    r"|(?<=[\[{(, b])'(?:(?P<single_key>(?:[^'\\\n]++|\\.)*+)':|(?P<single>(?:[^'\\\n]++|\\.)*+)'(?=[,\]}) ]))"
    r"|(?P<open>[\[{])|(?P<close>[\]}])|(?P<number>-?\d[\w.+-]*+)",
    re.DOTALL,
)


# The kind of a token → the group that holds what is in its quotation marks.
_INNER = {"name": "key", "text": "value", "single_key": "single_key", "single": "single", "number": "number"}


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in ("{", "[", '"'):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _clean_json(text: str, layers: int, found: tuple[str, ...]) -> str:
    """JSON, or a text with pieces of it, without what stands under the names of secrets."""
    edits: dict[tuple[int, int], str] = {}
    # One for each open container: whether what stands in it is secret unless its own name says otherwise.
    inside = [False]
    # And what it says as a pair of a name and a value: whether that name is a secret's, and what was read as its value.
    pairs = [_Pair()]
    secret, name = False, ""
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "open":
            inside.append(secret)
            pairs.append(_Pair())
        elif kind == "close":
            del inside[max(1, len(inside) - 1) :], pairs[max(1, len(pairs) - 1) :]
            secret = inside[-1]
        else:
            group = _INNER[kind or ""]
            old, mark = token[group], "'" if "single" in group else '"'
            if "key" in group:
                new = _clean_string(old, layers, found, mark)
                name = _unquoted(old, mark)
                secret = is_secret_name(name) or (inside[-1] and not is_description(name))
                secret = secret or (pairs[-1].secret and name.lower() in _VALUES)
            else:
                if name.lower() in _VALUES:
                    pairs[-1].value = (token.span(group), "0" if kind == "number" else _marked(old))
                elif name.lower() in _NAMES and kind != "number" and is_secret_name(_unquoted(old, mark)):
                    pairs[-1].secret = True
                    edits.update([pairs[-1].value] if pairs[-1].value else [])
                if kind == "number":
                    new = _zero(old) if secret and not is_count(name) else old
                elif secret:
                    new = _marked(old)
                else:
                    new = old if is_cursor(name, old) else _clean_string(old, layers, found, mark)
                secret = inside[-1]
            if new != old:
                edits[token.span(group)] = new
    pieces: list[str] = []
    done = 0
    for (start, end), new in sorted(edits.items()):
        pieces += (text[done:start], new)
        done = end
    return "".join([*pieces, text[done:]])


@define
class _Pair:
    """What an object says as a name and a value, as lists of variables, headers and fields do."""

    secret: bool = False
    value: tuple[tuple[int, int], str] | None = None


_NAMES, _VALUES = frozenset({"name", "key"}), frozenset({"value"})


def _clean_string(raw: str, layers: int, found: tuple[str, ...], mark: str = '"') -> str:
    """The inner of a string, cleaned as a text of its own; `mark` is the quotation mark around it."""
    if "\\" not in raw:
        return _cleaned(raw, layers - 1, HINTS if "%" in raw else found)
    decoded = _unquoted(raw, mark)
    cleaned = _cleaned(decoded, layers - 1)
    return raw if cleaned == decoded else _quoted(cleaned, raw, mark)


def _unquoted(raw: str, mark: str = '"') -> str:
    if "\\" not in raw:
        return raw
    try:
        decoded: str = json.loads(f'"{raw}"', strict=False) if mark == '"' else ast.literal_eval(f"'{raw}'")
    except (ValueError, SyntaxError):
        return raw
    return decoded


def _quoted(text: str, like: str, mark: str) -> str:
    # Half of a surrogate pair cannot be written but as an escape; without one, text stays as readable as it was.
    quoted = json.dumps(text, ensure_ascii=like.isascii() or _HALF_PAIR.search(like) is not None)[1:-1]
    return quoted if mark == '"' else quoted.replace('\\"', '"').replace("'", "\\'")


_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")


def _marked(value: str) -> str:
    """The mark of a secret value; of one that holds a known secret, that is the mark of it."""
    return value if says_nothing(value) or VALUE_MARK.search(value) else NAME_MARK


def _zero(number: str) -> str:
    return "0.0" if any(sign in number for sign in ".eE") else "0"


_Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]

# A value in a query, a form, an attribute or a file of settings; the name may be percent-encoded.
_FIELD = re.compile(
    r"(?<![\w.\-\[\]%$])(?P<name>[\w.\-\[\]%$]++)(?P<is>\s?=\s?)"
    r"(?:\"(?P<double>[^\"\r\n]++)\"|'(?P<single>[^'\r\n]++)'|(?P<bare>[^&;#\s\"'<>\\]++))"
)


def _clean_field(match: re.Match[str], layers: int) -> str:
    value, name = match[match.lastgroup or 0], unquote(match["name"])
    before = match.string[match.start() - 1 : match.start()]
    if is_secret_name(name) or (before in ("", *"?&;#") and name in _IN_QUERIES and is_random(value)):
        new = _marked(value)
    elif "%" in value:
        decoded = unquote(value, errors="surrogateescape")
        cleaned = _cleaned(decoded, layers - 1)
        new = value if cleaned == decoded else quote(cleaned, safe="", errors="surrogateescape")
    else:
        new = value
    start, end = match.span(match.lastgroup or 0)
    return match[0] if new == value else f"{match[0][: start - match.start()]}{new}{match[0][end - match.start() :]}"


_IN_QUERIES = frozenset({"code", "key", "auth", "ticket", "oauth_verifier"})
"""Parameters that hold a secret when their value is none that a person would write."""


def _clean_if_secret(match: re.Match[str]) -> str:
    """`before`, the name in it, `value`, after: the value is marked where the name is that of a secret."""
    return _with_value(match, _marked(match["value"])) if is_secret_name(match["name"]) else match[0]


def _clean_if_random(match: re.Match[str]) -> str:
    """The same in a sentence, where what follows a colon is often a word."""
    return _clean_if_secret(match) if is_random(match["value"]) else match[0]


def _always(match: re.Match[str]) -> str:
    return _with_value(match, _marked(match["value"]))


def _with_value(match: re.Match[str], new: str) -> str:
    start, end = match.start("value") - match.start(), match.end("value") - match.start()
    return f"{match[0][:start]}{new}{match[0][end:]}"


def _clean_tag(match: re.Match[str]) -> str:
    """A tag of HTML that gives its name and its value as attributes: `<input name="csrf" value="…">`."""
    name = _TAG_NAME.search(match[0])
    return _TAG_VALUE.sub(_always, match[0]) if name and is_secret_name(name["name"]) else match[0]


_TAG_NAME = re.compile(r"""\b(?:name|id|property)\s*+=\s*+["']?(?P<name>[\w.:-]++)""", re.IGNORECASE)
_TAG_VALUE = re.compile(r"""\b(?:value|content)\s*+=\s*+["']?(?P<value>[^"'<>]++)""", re.IGNORECASE)

_RULES: tuple[_Rule, ...] = (
    # The user and the password in a URL of any scheme.
    (re.compile(r"://(?P<value>[^/@\s\"'<>?#\\]++)@"), _always),
    # Credentials as they stand in an Authorization header, where they are no word: `Bearer realm="…"` is a challenge.
    (
        re.compile(
            r"\b(?i:Bearer|Basic|Digest|Token)\s++(?![A-Za-z_-]+=[\"A-Za-z])"
            r"(?=[A-Za-z._~+/=-]*+\d|[A-Za-z._~+/=-]{20}|[A-Za-z._~+/=-]*[a-z][A-Z])(?P<value>[A-Za-z0-9._~+/=-]{8,}+)"
        ),
        _always,
    ),
    # <password>…</password>, also as CDATA.
    (
        re.compile(
            r"<(?:[\w-]++:)?(?P<name>[\w.-]++)(?:\s[^<>]*+)?>(?P<value>(?:<!\[CDATA\[[^\]<]*+\]\]>|[^<>]++)+)</"
        ),
        _clean_if_secret,
    ),
    (re.compile(r"<(?:input|meta|param|option|property)\b[^<>]*+>", re.IGNORECASE), _clean_tag),
    # A part of a multipart form. Python before 3.11.5 takes too much where what is looked ahead for may be short, and
    # the repetition is possessive (https://github.com/python/cpython/issues/106052).
    (
        re.compile(
            r'name="(?P<name>[^"\r\n]++)"[^\r\n]*+\r?\n(?:[^\r\n]++\r?\n){0,9}+\r?\n(?P<value>(?:(?!\r?\n--).)+)',
            re.DOTALL,
        ),
        _clean_if_secret,
    ),
    # A member of an object whose quotation marks end those around it: `say "{"password": "x"}"`.
    (re.compile(r'"(?P<name>[\w.-]++)"\s*+:\s*+"(?P<value>[^"\\]++)"'), _clean_if_secret),
    # Options of a command: `--password x`, `curl -u user:x`.
    (re.compile(r"(?<![\w-])--(?P<name>[\w-]++)[ \t]++(?P<value>[^\s\"'<>\\-][^\s\"'<>\\]*+)"), _clean_if_secret),
    (re.compile(r"(?<=\s)(?:-u|--user)[ \t]++['\"]?[^\s:'\"\\]++:(?P<value>[^\s'\"\\]++)"), _always),
    # What a sentence quotes: `the password 'x' is wrong`.
    (re.compile(r"(?<![\w.-])(?P<name>[\w.-]++)[ \t]++'(?P<value>[^'\s\\]++)'"), _clean_if_random),
    # A header or a setting on a line of its own.
    (
        re.compile(r"^[ \t>*-]*+(?P<name>[\w.-]++)[ \t]*+:[ \t]++(?P<value>\S++)[ \t]*+\r?$", re.MULTILINE),
        _clean_if_secret,
    ),
    # The same with quotation marks, as programs write it, and in a sentence.
    (
        re.compile(r"(?<![\w.-])(?P<name>[\w.-]++)['\"]?\s*+[:=]>?\s*+b?'(?P<value>(?:[^'\\]++|\\.)++)'"),
        _clean_if_secret,
    ),
    (re.compile(r"(?<![\w.-])(?P<name>[\w.-]++)['\"]?\s*+:\s*+(?P<value>[^\s\"'<>,;&{}\[\]]++)"), _clean_if_random),
    # A pair, as Python writes it.
    (re.compile(r"\(b?'(?P<name>[\w.-]++)', b?'(?P<value>(?:[^'\\]++|\\.)++)'"), _clean_if_secret),
)


def is_redacted(value: Any, under: str) -> bool:
    """Whether a value is, or holds, what redaction left in place of a secret.

    Args:
        under: a JSON pointer of where it stands, which tells a 0 that was a secret from one that was not.
    """
    if isinstance(value, str):
        return _ANY_MARK.search(value) is not None
    if isinstance(value, list):
        return any(is_redacted(item, under) for item in value)
    return value == 0 and not isinstance(value, bool) and any(map(is_secret_name, under.split("/")))


def echoes(response: Response) -> tuple[str, ...]:
    """Places in a response where a known secret stood: `header NAME` or `body`, once each."""
    places = [f"header {name}" for name, value in response.headers if VALUE_MARK.search(value)]
    if VALUE_MARK.search(response.text):
        places.append("body")
    return tuple(dict.fromkeys(places))


def secret_sent(request: Request) -> bool:
    """Whether the request carried a secret whose value the redactor knew."""
    return any(VALUE_MARK.search(value) for _, value in request.headers)
