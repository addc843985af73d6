"""The curl line that makes a request again: as it was, in a shell, with credentials from the environment."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from conformance.traffic.curl import curl, shell_quoted
from conformance.traffic.exchange import Request
from conformance.traffic.redact import value_mark

VARIABLES = {"default": "VULTR_API_KEY", "second": "OTHER_KEY"}
URL = "https://api.vultr.com/v2/plans"


def line(method: str = "GET", url: str = URL, *headers: tuple[str, str], body: bytes = b"") -> str:
    return curl(Request(method=method, url=url, headers=headers, body=body), VARIABLES)


def test_a_read_needs_no_method_and_no_body() -> None:
    assert line() == f"curl -i --url {URL}"
    assert line("POST") == f"curl -i -X POST --url {URL}"


def test_headers_that_curl_adds_itself_are_left_out() -> None:
    added = [(name, "x") for name in ("Host", "Content-Length", "Connection", "Accept-Encoding", "User-Agent")]
    assert line("GET", URL, *added, ("Accept", "a/b")) == f"curl -i -H 'Accept: a/b' --url {URL}"


def test_a_body_is_sent_as_it_stands_where_it_is_known() -> None:
    assert line("POST", body=b'@{"a": 1}').endswith("""--data-raw '@{"a": 1}' --url https://api.vultr.com/v2/plans""")
    unread = Request(method="POST", url=URL, unread="it is not in this recording")
    assert curl(unread, VARIABLES) == f"curl -i -X POST --url {URL}"


@pytest.mark.parametrize("sign", ["[", "]", "{", "}"])
def test_signs_that_curl_would_expand_stay(sign: str) -> None:
    assert "--globoff" in line(url=f"{URL}?a={sign}")
    assert "--globoff" not in line()


def test_a_credential_is_that_of_its_variable() -> None:
    default, second, unknown = value_mark("default"), value_mark("second"), value_mark("third")
    header = line("GET", URL, ("Authorization", f"Bearer {default}"))
    assert header == f"""curl -i -H 'Authorization: Bearer '"${{VULTR_API_KEY}}" --url {URL}"""
    both = line(url=f"{URL}?a={default}&b={second}&c")
    assert both.endswith("""--url 'https://api.vultr.com/v2/plans?a='"${VULTR_API_KEY}"'&b='"${OTHER_KEY}"'&c'""")
    assert line(url=unknown) == 'curl -i --url "${TOKEN}"'


@pytest.mark.parametrize("text", ["plain", "it's", "a b\n\tc\r", "\x1b[31m", "\\n", "'\n'", "\x7f\x85", "é\n"])
def test_a_shell_reads_one_word_on_one_line(text: str) -> None:
    quoted = shell_quoted(text)
    assert quoted.isprintable()
    said = subprocess.run(["bash", "-c", f"printf %s {quoted}"], capture_output=True, check=True).stdout
    assert said.decode() == text
    if text.isprintable():
        assert shlex.split(quoted) == [text]
