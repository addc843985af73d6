"""Cassettes that cannot be read: one clear line, and the good interactions are not lost with the bad ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.selftest.test_cassette import INTERACTION, said, saved
from conformance.traffic.cassette import CassetteError, Take, read, write

PYTHON_2 = """\
interactions:
- request:
    body: !!python/unicode '{}'
    headers: {}
    method: GET
    uri: https://h/
  response: {status: {code: 200}, headers: {}, body: {string: ''}}
"""


def refused(path: Path) -> str:
    """Why a file is not read: one line that begins with its name."""
    with pytest.raises(CassetteError) as caught:
        read(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert "\n" not in text
    return text.removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("empty.yaml", b"", "is empty; record it again"),
        ("blank.yaml", b" \n\n", "is empty; record it again"),
        ("not.yaml", b"a: 'x\n", "line 2: is not YAML or was cut off: "),
        ("tab.yaml", b"a:\n\tb: 1\n", "line 2: is not YAML or was cut off: "),
        ("control.yaml", b"a: \x00\n", "is not YAML or was cut off: "),
        ("binary.yaml", b"\x89PNG\r\n\x1a\n\xff", "is not text: byte 0 is not UTF-8"),
        ("gzip.yaml", b"\x1f\x8b\x08\x00", "is not text: byte 1 is not UTF-8"),
        ("cut.json", b'{"version": 1, "interactions": [\n{"request": {', "line 2: is not JSON: "),
        ("number.json", b"[" + b"1" * 5000 + b"]", "cannot be read as JSON: "),
        ("number.yaml", b"a: " + b"1" * 5000, "cannot be read as YAML: "),
        ("text.yaml", b"just a sentence\n", "is not a vcrpy cassette: it has no list of interactions"),
        ("list.yaml", b"- 1\n- 2\n", "is not a vcrpy cassette: it has no list of interactions"),
        ("other.yaml", b"openapi: 3.1.0\npaths: {}\n", "is not a vcrpy cassette: it has no list of interactions"),
        ("null.yaml", b"interactions:\nversion: 1\n", "is not a vcrpy cassette: it has no list of interactions"),
        ("none.yaml", b"interactions: []\nversion: 1\n", "has no interactions: nothing was recorded; record it again"),
        ("har.har", b'{"log": {"version": "1.2", "entries": []}}', "is a HAR file; only vcrpy's format is read"),
        (
            "betamax.json",
            b'{"http_interactions": [], "recorded_with": "betamax/0.8.1"}',
            "is a Betamax or Ruby VCR cassette; only vcrpy's format is read",
        ),
        ("ruby.yaml", b"http_interactions: []\nrecorded_with: VCR 6\n", "is a Betamax or Ruby VCR cassette; "),
        ("ruby-object.yaml", b"a: !ruby/object:VCR {}\n", "line 1: is not a vcrpy cassette: "),
        ("python.yaml", b"a: !!python/object:os.system {}\n", "line 1: holds a Python object ("),
        ("apply.yaml", b"a: !!python/object/apply:os.system ['true']\n", "line 1: holds a Python object ("),
        ("python2.yaml", PYTHON_2.encode(), "line 3: holds a Python object ("),
        ("metadata.yaml", b"interactions: [{}]\nmetadata: [1]\n", "metadata is not a mapping; record it again"),
        ("takes.yaml", b"interactions: [{}]\nmetadata: {takes: {a: {}}}\n", "metadata: takes: is not what a recording"),
        ("takes2.yaml", b"interactions: [{}]\nmetadata: {takes: [1]}\n", "metadata: takes: is not what a recording"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert refused(path).startswith(why)


def test_python_tags_are_explained(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(PYTHON_2, encoding="utf-8")
    why = refused(path)
    assert "vcrpy under Python 2 wrote such tags; they are not loaded, because loading one can run code" in why


def test_missing_files_and_folders_say_so(tmp_path: Path) -> None:
    assert refused(tmp_path / "no.yaml") == "no such file"
    assert refused(tmp_path) == "is a folder; name the cassettes in it"
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert refused(tmp_path / "file" / "c.yaml").startswith("cannot be read: ")


def test_a_cassette_cut_off_anywhere_is_refused_or_read_in_part(tmp_path: Path) -> None:
    path = tmp_path / "whole.yaml"
    write(path, {"source": "a test"}, {"item": Take((said("/1"), said("/2")))})
    text = path.read_text(encoding="utf-8")
    cut = tmp_path / "cut.yaml"
    for end in range(0, len(text) - 1, 7):
        cut.write_text(text[:end], encoding="utf-8")
        try:
            found = read(cut)
        except CassetteError as error:
            assert str(error).startswith(f"{cut}: ")  # noqa: PT017 - a cut in a good place leaves a shorter cassette
        else:
            assert len(found.interactions) + len(found.errors) <= 2


@pytest.mark.parametrize("text", ["interactions: " + "[" * 100_000, "interactions:\n- " + "- " * 100_000])
def test_nesting_that_would_exhaust_the_stack_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "deep.yaml"
    path.write_text(text, encoding="utf-8")
    # In a process of its own, since what goes wrong here ends the process.
    code = f"from pathlib import Path; from conformance.traffic.cassette import read; read(Path({str(path)!r}))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "CassetteError" in ended.stderr
    assert "nests too deep to be a cassette" in ended.stderr


def test_closed_deep_nesting_is_refused_in_every_notation(tmp_path: Path) -> None:
    flow = "interactions: " + "[" * 300 + "]" * 300
    block = "\n".join(" " * depth + "a:" for depth in range(300))
    for name, text in (("c.json", "[" * 5000 + "]" * 5000), ("f.yaml", flow), ("b.yaml", block)):
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert refused(tmp_path / name) == "nests too deep to be a cassette"


def test_many_brackets_inside_bodies_are_not_nesting(tmp_path: Path) -> None:
    body = json.dumps([{"a": []}] * 500)
    response = {**INTERACTION["response"], "body": {"string": body}}
    found = read(saved(tmp_path / "c.yaml", {**INTERACTION, "response": response}))
    assert found.interactions[0][1].response.text == body


def test_aliases_do_not_unfold(tmp_path: Path) -> None:
    bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    bomb += [
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    good = yaml.safe_dump(INTERACTION, default_flow_style=True, width=10_000).strip()
    places = (
        "{request: {method: *i, uri: 'https://h/'}, response: {status: 200}}",
        "{request: {method: GET, uri: *i}, response: {status: 200}}",
        "{request: {method: GET, uri: 'https://h/', headers: {A: *i}}, response: {status: 200}}",
        "{request: {method: GET, uri: 'https://h/', body: *i}, response: {status: 200}}",
        "{request: {method: GET, uri: 'https://h/'}, response: {status: *i}}",
    )
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join([*bomb, f"interactions: [{', '.join([*places, good])}]"]), encoding="utf-8")
    found = read(path)
    assert [number for number, _ in found.interactions] == [6]
    assert len(found.errors) == 5
    assert all("is not text but a list" in error or "is not a number but a list" in error for error in found.errors)


def bad(**parts: Any) -> dict[str, Any]:
    """An interaction that is good but for the parts named `request__member` or `response__member`."""
    changed = {"request": {**INTERACTION["request"]}, "response": {**INTERACTION["response"]}}
    for place, value in parts.items():
        message, _, member = place.partition("__")
        changed[message][member] = value
    return changed


def without(message: str, member: str) -> dict[str, Any]:
    part = {name: value for name, value in INTERACTION[message].items() if name != member}
    return {**INTERACTION, message: part}


@pytest.mark.parametrize(
    ("interaction", "why"),
    [
        (bad(response__body={"string": 7}), "the response body is not text but a int"),
        (bad(response__body=7), "the response body is not text but a int"),
        (bad(response__body=["x"]), "the response body is not text but a list"),
        (bad(response__body={"string": {"plans": []}}), "the response body is not text but a dict"),
        (bad(response__body={"plans": []}), "the response body is a mapping without a string"),
        (bad(response__body={}), "the response body is a mapping without a string"),
        (bad(response__body={"base64_string": "e30="}), "the response body is a mapping without a string"),
        (bad(request__body=True), "the request body is not text but a bool"),
        (bad(request__body={"domain": "x"}), "the request body is a mapping without a string"),
        (without("response", "status"), "has no 'status'"),
        (bad(response__status={"message": "OK"}), "has no 'code'"),
        (bad(response__status={"code": "200"}), "the status is not a number but a str"),
        (bad(response__status=True), "the status is not a number but a bool"),
        (bad(response__status=None), "the status is not a number but a NoneType"),
        (without("request", "method"), "has no 'method'"),
        (without("request", "uri"), "has no 'protocol'"),
        (bad(request__uri="http://[::1"), "Invalid IPv6 URL"),
        (bad(request__uri=None), "the uri is not text but a NoneType"),
        (bad(response__headers={"A": [{}]}), "the header A is not text but a dict"),
        (bad(response__headers=[1]), ""),
        (bad(response__headers=7), ""),
        ({"request": {}}, "has no 'response'"),
        ({"response": {}}, "has no 'request'"),
        ({"request": None, "response": None}, ""),
        (None, ""),
        ("text", ""),
    ],
)
def test_one_bad_interaction_does_not_lose_the_others(tmp_path: Path, interaction: Any, why: str) -> None:
    path = saved(tmp_path / "c.yaml", INTERACTION, interaction, INTERACTION)
    found = read(path)
    assert [number for number, _ in found.interactions] == [1, 3]
    (error,) = found.errors
    assert error.startswith(f"{path}: interaction 2: {why}")
    assert error.endswith("; record it again")
    assert "\n" not in error


@pytest.mark.parametrize("body", [None, {"string": None}, "", {"string": ""}, {"string": b""}])
def test_an_absent_body_is_an_empty_one(tmp_path: Path, body: Any) -> None:
    found = read(saved(tmp_path / "c.yaml", bad(response__body=body, request__body=body)))
    assert found.errors == ()
    assert found.interactions[0][1].response.body == b""


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["interactions", "request", "response", "status", "code", "body", "string", "headers", "uri"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(deadline=None)
@given(ANYTHING)
def test_any_yaml_is_read_or_refused_in_one_line(tmp_path_factory: pytest.TempPathFactory, content: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "anything.yaml"
    path.write_text(yaml.dump(content, Dumper=yaml.CSafeDumper), encoding="utf-8")
    try:
        found = read(path)
    except CassetteError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017 - either outcome is right, no other is
    else:
        assert found.interactions or found.errors
