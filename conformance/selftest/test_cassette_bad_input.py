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
        ("mark.yaml", b"\xef\xbb\xbf", "is empty; record it again"),
        ("not.yaml", b"a: 'x\n", "line 2: is not YAML or was cut off: "),
        ("tab.yaml", b"a:\n\tb: 1\n", "line 2: is not YAML or was cut off: "),
        ("control.yaml", b"a: \x00\n", "is not YAML or was cut off: "),
        ("date.yaml", b"interactions: !!timestamp x\n", "is not a vcrpy cassette: it has no list of interactions"),
        ("number.yaml", b"a: !!int x\n", "is not YAML: a value is not of the kind that its form or tag says"),
        ("base64.yaml", "a: !!binary é\n".encode(), "line 1: is not YAML: a value is not of the kind that its form"),
        ("key.yaml", b"? [a]\n: 1\n", "line 1: is not YAML: a value is not of the kind that its form or tag says"),
        ("binary.yaml", b"\x89PNG\r\n\x1a\n\xff", "is not text: byte 0 is not UTF-8"),
        ("latin.yaml", b"interactions: \xe9", "is not text: byte 14 is not UTF-8"),
        ("utf16.yaml", "interactions: []".encode("utf-16"), "is UTF-16 text; save it as UTF-8"),
        ("utf32.yaml", "interactions: []".encode("utf-32"), "is UTF-32 text; save it as UTF-8"),
        ("cut.json", b'{"version": 1, "interactions": [\n{"request": {', "line 2: is not JSON, or was cut off: "),
        (
            "two.json",
            b'{"interactions": []}\n{"interactions": []}',
            "line 2: several JSON documents follow",
        ),
        ("two.yaml", b"--- {}\n--- {}\n", "several YAML documents follow one another; a cassette is one: split it"),
        ("text.yaml", b"just a sentence\n", "is not a vcrpy cassette: it has no list of interactions"),
        ("list.yaml", b"- 1\n- 2\n", "is not a vcrpy cassette: it has no list of interactions"),
        ("other.yaml", b"colour: red\n", "is not a vcrpy cassette: it has no list of interactions"),
        ("null.yaml", b"interactions:\nversion: 1\n", "is not a vcrpy cassette: it has no list of interactions"),
        ("none.yaml", b"interactions: []\nversion: 1\n", "has no interactions: nothing was recorded; record it again"),
        (
            "python.yaml",
            b"a: !!python/object:os.system {}\n",
            "line 1: holds !!python/object:os.system, which could",
        ),
        (
            "apply.yaml",
            b"a: !!python/object/apply:os.system ['true']\n",
            "line 1: holds !!python/object/apply:os",
        ),
        (
            "name.yaml",
            b"a:\n- !!python/name:os.system\n",
            "line 2: holds !!python/name:os.system, which could",
        ),
        ("tag.yaml", b"a: !colour red\n", "line 1: holds the tag !colour, which no cassette of vcrpy has"),
        ("file.yaml", b"a: !!python/object/new:_io.BytesIO [x]\n", "line 1: holds a body without its state"),
        ("metadata.yaml", b"interactions: [{}]\nmetadata: [1]\n", "metadata is not a mapping; record it again"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert refused(path).startswith(why)


METADATA = {
    "a count of 10^15": {"takes": {"a": {"first": 1, "count": 10**15}}},
    "a first of 10^15": {"takes": {"a": {"first": 10**15, "count": 1}}},
    "a first of 0": {"takes": {"a": {"first": 0, "count": 1}}},
    "a negative count": {"takes": {"a": {"first": 1, "count": -1}}},
    "a broken number": {"takes": {"a": {"first": 1.5, "count": 1}}},
    "true for a number": {"takes": {"a": {"first": True, "count": 1}}},
    "text for a number": {"takes": {"a": {"first": "1", "count": 1}}},
    "no count": {"takes": {"a": {"first": 1}}},
    "shares that overlap": {"takes": {"a": {"first": 1, "count": 2}, "b": {"first": 2, "count": 1}}},
    "the share of another": {"takes": {"a": {"first": 1, "count": 1}, "b": {"first": 1, "count": 1}}},
    "a negative request of another": {"takes": {"a": {"first": 1, "count": 1, "negative": [2]}}},
    "cases that are no mappings": {"takes": {"a": {"first": 1, "count": 1, "cases": [1]}}},
    "takes that are a list": {"takes": [1]},
    "a provenance that is a list": {"provenance": ["x"]},
    "a source that is a list": {"provenance": {"source": ["x"]}},
    "facts that are text": {"provenance": {"facts": "x"}},
}


@pytest.mark.parametrize("metadata", METADATA.values(), ids=METADATA)
def test_metadata_that_no_recording_writes_is_refused_at_once(tmp_path: Path, metadata: dict[str, Any]) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"interactions": [INTERACTION] * 2, "metadata": metadata}), encoding="utf-8")
    why = refused(path)
    assert why.startswith("metadata: ")
    assert why.endswith(": is not what a recording writes; record it again")


def test_metadata_of_other_writers_is_none_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"interactions": [INTERACTION], "metadata": {"tool": 1}}), encoding="utf-8")
    assert (read(path).takes, read(path).provenance) == ({}, {})


def test_missing_files_and_folders_say_so(tmp_path: Path) -> None:
    assert refused(tmp_path / "no.yaml") == "no such file"
    assert refused(tmp_path) == "is a folder; name the files in it"
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
    assert [number for number, _ in found.interactions] == [4, 6]
    assert len(found.errors) == 4
    assert all(" is a list where " in error for error in found.errors)
    assert found.interactions[0][1].request.unread == "the request body holds more than is read of one"


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
        (bad(response__body={"string": 7}), "the response body is a number where text belongs"),
        (bad(response__body=7), "the response body is a number where text belongs"),
        (bad(response__body=["x"]), "the response body is a list where text belongs"),
        (bad(response__body={"plans": []}), "the response body is a mapping where text belongs"),
        (bad(response__body={"base64_string": "e30"}), "the response body is not base64, though it is stored as such"),
        (bad(request__body=True), "the request body is true or false where text belongs"),
        (without("response", "status"), "the status is missing"),
        (bad(response__status={"message": "OK"}), "the code of the status is missing"),
        (bad(response__status={"code": "2xx"}), "the status is text where a number belongs"),
        (bad(response__status=True), "the status is true or false where a number belongs"),
        (bad(response__status=None), "the status is empty where a number belongs"),
        (bad(response__status=200.5), "the status is a number where a whole one belongs"),
        (bad(response__status=0), "the status 0 is none of HTTP, which has 100 to 599"),
        (bad(response__status=600), "the status 600 is none of HTTP, which has 100 to 599"),
        (bad(response__status=-200), "the status -200 is none of HTTP, which has 100 to 599"),
        (bad(response__status="000"), "the status 0 is none of HTTP, which has 100 to 599"),
        (bad(response__status=10**30), "the status so great a number is none of HTTP"),
        (without("request", "method"), "the method is missing"),
        (bad(request__method="GET /"), "the method is no word that HTTP allows for one"),
        (bad(request__method=""), "the method is no word that HTTP allows for one"),
        (without("request", "uri"), "the uri is missing"),
        (bad(request__uri="http://[::1"), "the uri is no URL"),
        (bad(request__uri="http://h:99999/"), "the uri is no URL"),
        (bad(request__uri="/v2/plans"), "the uri is no http or https URL with a host"),
        (bad(request__uri="file:///etc/passwd"), "the uri is no http or https URL with a host"),
        (bad(request__uri=None), "the uri is empty where text belongs"),
        (bad(response__headers={"A": [{}]}), "the header A is a mapping where text belongs"),
        (bad(response__headers=[1]), "a header is a number where a name and a value belong"),
        (bad(response__headers=[{"a": 1, "b": 2}]), "a header is a mapping without a name and a value"),
        (bad(response__headers=7), "the response headers are a number where a mapping belongs"),
        (bad(response__headers={f"a{n}": "" for n in range(501)}), "the response has more than 500 headers"),
        ({"request": {}}, "the response is missing"),
        ({"response": {}}, "the request is missing"),
        ({"request": None, "response": None}, "the request is empty where a mapping belongs"),
        (None, "the interaction is empty where a mapping belongs"),
        ("text", "the interaction is text where a mapping belongs"),
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
