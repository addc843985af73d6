"""Formats that others record traffic in, known by what only they have, so that a file can be named for what it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

HAR, GO_VCR = "a HAR file", "a go-vcr cassette"
"""Those that have a reader; the others are named only."""

_MAGIC: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("a gzip file", re.compile(rb"\x1f\x8b")),
    ("a zip archive", re.compile(rb"PK\x03\x04")),
    ("a zstd file", re.compile(rb"\x28\xb5\x2f\xfd")),
    ("an SQLite database, as requests-cache writes", re.compile(rb"SQLite format 3\0")),
    ("a packet capture (pcap)", re.compile(rb"\xd4\xc3\xb2\xa1|\xa1\xb2\xc3\xd4|\x4d\x3c\xb2\xa1|\x0a\x0d\x0d\x0a")),
    ("a mitmproxy flow file", re.compile(rb"[1-9]\d{0,9}:\d+:[a-z_]+;")),
    ("a WARC file", re.compile(rb"WARC/[0-9]")),
    ("a Burp Suite export", re.compile(rb"<\?xml[^>]*>[\s\S]{0,4000}<items burpVersion")),
    ("an XML or HTML file", re.compile(rb"\s*<(?:\?xml|!doctype|html|[a-z]+[ >])", re.IGNORECASE)),
    (
        "a list of raw HTTP messages",
        re.compile(rb"(?:HTTP/[0-9.]+ [0-9]{3}|(?:GET|POST|PUT|PATCH|DELETE|HEAD) \S+ HTTP/)"),
    ),
)


def of_bytes(content: bytes) -> str | None:
    """The format that the first bytes of a file show, None where they show none; such as `a gzip file`."""
    return next((name for name, pattern in _MAGIC if pattern.match(content)), None)


def of_tag(tag: str) -> str | None:
    """The format whose writer puts such a tag into YAML, None for any other tag."""
    if tag.startswith("!ruby/"):
        return "a Ruby VCR cassette" if "VCR" in tag else "YAML with objects of Ruby"
    return "a tape of Betamax for the JVM or OkReplay" if tag == "!tape" else None


def of_data(data: Any) -> str | None:
    """The format that the content of a JSON or YAML file shows, None where it shows none of those known."""
    return next((name for name, shows in _SHOWS if shows(data)), None)


def _at(data: Any, *path: str | int) -> Any:
    """The value at a path, None where there is none."""
    for part in path:
        try:
            data = data[part]
        except (LookupError, TypeError):
            return None
    return data


def _has(*keys: str, at: tuple[str | int, ...] = ()) -> Callable[[Any], bool]:
    """Whether the mapping at a path has all these keys."""

    def shows(data: Any) -> bool:
        found = _at(data, *at)
        return isinstance(found, Mapping) and all(key in found for key in keys)

    return shows


def _any(*tests: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda data: any(test(data) for test in tests)


def _word(word: str, *path: str | int) -> Callable[[Any], bool]:
    """Whether the text at a path holds a word."""

    def shows(data: Any) -> bool:
        found = _at(data, *path)
        return isinstance(found, str) and word in found.lower()

    return shows


# Those that say their name come before those known by their members.
_SHOWS: tuple[tuple[str, Callable[[Any], bool]], ...] = (
    ("a Schemathesis cassette", _word("schemathesis", "recorded_with")),
    ("a Betamax cassette", _word("betamax", "recorded_with")),
    ("a Ruby VCR cassette", _word("vcr", "recorded_with")),
    ("a Schemathesis cassette", _has("http_interactions", "command")),
    ("a Schemathesis report", _any(_has("schemathesis_version", at=("Initialize",)), _has("EngineStarted"))),
    ("a Ruby VCR or Betamax cassette", _has("http_interactions")),
    ("a Polly.js recording", _any(_has("_recordingName", at=("log",)), _word("polly", "log", "creator", "name"))),
    (HAR, _has("entries", at=("log",))),
    ("a single entry of a HAR file", _has("startedDateTime", "request", "response")),
    ("a Pact contract", _any(_has("consumer", "provider"), _has("pactSpecification", at=("metadata",)))),
    ("a Postman collection", _any(_word("postman", "info", "schema"), _has("_postman_id", at=("info",)))),
    (
        "a Postman collection",
        _any(_word("postman", "collection", "info", "schema"), _has("collectionId", at=("requests", 0))),
    ),
    ("a Postman export", _any(_has("_postman_variable_scope"), _has("_postman_exported_at"))),
    ("an Insomnia export", _any(_has("__export_format"), _word("insomnia", "type"))),
    ("a Hoverfly simulation", _any(_has("pairs", at=("data",)), _has("hoverflyVersion", at=("meta",)))),
    ("a WireMock mapping", _any(_has("request", "response", at=("mappings", 0)), lambda data: _is_wiremock(data))),
    ("a WireMock journal", _any(_has("requestJournalDisabled"), _has("responseDefinition", at=("requests", 0)))),
    ("a Mountebank configuration", _any(_has("imposters"), _has("protocol", "stubs"))),
    ("a MockServer expectation", _any(_has("httpRequest"), _has("httpRequest", at=(0,)))),
    ("a nock recording", _any(_has("scope", "path", at=(0,)), _has("scope", "path"))),
    ("a recording of the responses library", _has("response", at=("responses", 0))),
    ("a Charles session", _any(_has("protocolVersion", "scheme", at=(0,)), _has("actualPort", "host", at=(0,)))),
    ("an EasyVCR cassette", _has("Request", "Response", at=(0,))),
    ("a Talkback tape", _has("req", "res")),
    ("a php-vcr cassette", lambda data: _is_php_vcr(data)),
    ("an ExVCR cassette", _has("request_body", at=(0, "request"))),
    ("a stubby4node configuration", lambda data: _is_stubby(data)),
    (
        GO_VCR,
        _any(_has("code", at=("interactions", 0, "response")), _has("url", "form", at=("interactions", 0, "request"))),
    ),
    ("a tape of Betamax for the JVM or OkReplay", _has("recorded", "request", at=("interactions", 0))),
    ("an OpenAPI document", _any(_has("openapi"), _has("swagger"))),
    ("an AsyncAPI document", _has("asyncapi")),
    ("a report of this suite", _any(_has("event", "run"), _has("requirements", "run"))),
)


def _is_wiremock(data: Any) -> bool:
    request = _at(data, "request")
    named = ("url", "urlPath", "urlPattern", "urlPathPattern", "urlPathTemplate")
    return isinstance(request, dict) and "response" in data and any(name in request for name in named)


def _is_php_vcr(data: Any) -> bool:
    request, response = _at(data, 0, "request"), _at(data, 0, "response")
    return isinstance(request, dict) and isinstance(response, dict) and "url" in request and "status" in response


def _is_stubby(data: Any) -> bool:
    request = _at(data, 0, "request")
    return isinstance(request, dict) and "url" in request and not request.keys() & {"uri", "host"}
