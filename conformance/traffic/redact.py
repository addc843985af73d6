"""Redaction: secrets leave a mark in headers, URLs, bodies and texts before an exchange exists.

A secret is known by its name (`Authorization`, `"api_key": …`) or by its value. A value is also found
percent-encoded, JSON-escaped and in base64 at any alignment. The two leave different marks, because the rule
that a credential is never echoed is judged by the marks of values in a response.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus

from conformance.contract import ConformanceError
from conformance.traffic.exchange import Pairs, Request, Response

NAME_MARK = "__redacted_name__"
VALUE_MARK = re.compile(r"__redacted_value_([a-z0-9-]+)__")

MINIMUM_SECRET = 8

_HEADERS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "api-key",
        "x-api-key",
        "x-auth-token",
        "x-access-token",
        "x-csrf-token",
    }
)
_NAMES = (
    r"authorization|api[_-]?key|(?:access|refresh|id|auth|session|bearer|private|personal)?[_-]?token"
    r"|(?:client|app|api)?[_-]?secret|password|passwd|passphrase|private[_-]?key|credentials?"
)
_JSON_MEMBER = re.compile(rf'("(?:{_NAMES})"\s*:\s*")((?:[^"\\]|\\.)+)(")', re.IGNORECASE)
_FORM_FIELD = re.compile(rf"((?:^|[?&;#])(?:{_NAMES})=)([^&;#\s\"'<>\\]+)", re.IGNORECASE)
_USER_INFO = re.compile(r"(https?://)([^/@\s\"'<>]+)(@)")
_BEARER = re.compile(r"\b(Bearer|Basic|Digest)(\s+)(?!__redacted)([A-Za-z0-9._~+/=-]{8,})", re.IGNORECASE)


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
        self._marks: dict[str, str] = {}
        for name, secret in sorted((secrets or {}).items()):
            if not VALUE_MARK.fullmatch(value_mark(name)):
                raise ConformanceError(f"the credential name {name!r} is not made of lower-case letters, digits and -")
            if len(secret) < MINIMUM_SECRET:
                raise ConformanceError(
                    f"the credential {name!r} is shorter than {MINIMUM_SECRET} characters: "
                    "it cannot be kept out of recordings; use a longer one"
                )
            for form in _forms(secret):
                self._marks.setdefault(form, value_mark(name))
        # Longest first, so that a secret that contains another one is replaced whole.
        forms = sorted(self._marks, key=lambda form: (-len(form), form))
        self._values = re.compile("|".join(map(re.escape, forms))) if forms else None

    def values(self, text: str) -> str:
        """`text` with the known secrets replaced, and nothing else."""
        if self._values is None:
            return text
        return self._values.sub(lambda match: self._marks[match.group()], text)

    def text(self, text: str) -> str:
        """Any text for people: known secrets, and what stands where credentials stand."""
        return self.url(_BEARER.sub(rf"\1\2{NAME_MARK}", self.values(text)))

    def url(self, url: str) -> str:
        """A URL, or a text with URLs in it: known secrets, user information, parameters that hold secrets."""
        url = self.values(url)
        # Most texts have neither sign: looking for it is cheaper than trying the patterns.
        if "@" in url:
            url = _USER_INFO.sub(_kept_or_marked, url)
        return _FORM_FIELD.sub(_kept_or_marked, url) if "=" in url else url

    def headers(self, headers: Pairs) -> Pairs:
        return tuple((name, self._header(name, value)) for name, value in headers)

    def _header(self, name: str, value: str) -> str:
        value = self.url(value)
        if name.lower() not in _HEADERS or not value:
            return value
        known = VALUE_MARK.search(value)
        if known:
            # Beside a known secret other cookies are still private; a wrong Authorization stays a wrong one.
            return known.group() if "cookie" in name.lower() else value
        scheme, space, _ = value.partition(" ")
        return f"{scheme} {NAME_MARK}" if space and scheme.isalpha() else NAME_MARK

    def body(self, body: bytes) -> bytes:
        """A body in any encoding: what is not UTF-8 comes back byte for byte, save for the marks."""
        text = self.url(body.decode("utf-8", errors="surrogateescape"))
        return _JSON_MEMBER.sub(_kept_or_marked, text).encode("utf-8", errors="surrogateescape")

    def request(self, request: Request) -> Request:
        return Request(
            headers=self.headers(request.headers),
            body=self.body(request.body),
            method=request.method,
            url=self.url(request.url),
        )

    def response(self, response: Response) -> Response:
        return Response(
            headers=self.headers(response.headers),
            body=self.body(response.body),
            status=response.status,
            http_version=response.http_version,
        )


def _kept_or_marked(match: re.Match[str]) -> str:
    before, value, *after = match.groups()
    kept = VALUE_MARK.search(value)
    return f"{before}{value if kept else NAME_MARK}{''.join(after)}"


def _forms(secret: str) -> Iterator[str]:
    raw = secret.encode()
    yield secret
    for percent in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        yield percent
        yield re.sub(r"%[0-9A-F]{2}", lambda match: match.group().lower(), percent)
    for ascii_only in (True, False):
        escaped = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        yield escaped
        yield escaped.replace("/", "\\/")
    yield raw.hex()
    yield raw.hex().upper()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(raw).decode().rstrip("=")
        for offset in range(3):
            # What stands before and after the secret in the encoded text changes up to two characters at
            # either end; the rest is the same whatever surrounds it.
            encoded = encode(b"\0" * offset + raw).decode().rstrip("=")
            stable = encoded[(0, 2, 3)[offset] : len(encoded) - (1 if (offset + len(raw)) % 3 else 0)]
            if len(stable) >= MINIMUM_SECRET:
                yield stable


def echoes(response: Response) -> tuple[str, ...]:
    """Places in a response where a known secret stood: `header NAME` or `body`, once each."""
    places = [f"header {name}" for name, value in response.headers if VALUE_MARK.search(value)]
    if VALUE_MARK.search(response.text):
        places.append("body")
    return tuple(dict.fromkeys(places))


def secret_sent(request: Request) -> bool:
    """Whether the request carried a secret whose value the redactor knew."""
    return any(VALUE_MARK.search(value) for _, value in request.headers)
