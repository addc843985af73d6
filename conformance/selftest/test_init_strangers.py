"""`conformance init` on APIs in the style of public ones: what it proposes is right, or it is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.contract import Document
from conformance.proposals.comparing import compare, fields_of, table
from conformance.proposals.writing import Init, Written
from conformance.selftest.stranger import Stranger
from conformance.selftest.strangers import STRANGERS


def proposed(stranger: Stranger, folder: Path) -> Written:
    document, recording = stranger.written(folder)
    return Init(stranger.name, Document.read(document), folder / "specs", folder / "cassettes").write([recording])


@pytest.mark.parametrize("name", STRANGERS)
def test_what_is_proposed_is_what_a_reader_would_write(name: str, tmp_path: Path) -> None:
    stranger = STRANGERS[name]()
    given = fields_of(proposed(stranger, tmp_path).draft.conventions())
    compared = compare(stranger.expected, {field: given[field] for field in given if field in stranger.expected})
    marks = [each.mark for each in compared]
    assert "wrong" not in marks, table(compared)
    assert marks.count("right") >= 0.9 * len(marks), table(compared)


@pytest.mark.parametrize("name", STRANGERS)
def test_what_cannot_be_told_is_left_out(name: str, tmp_path: Path) -> None:
    stranger = STRANGERS[name]()
    given = fields_of(proposed(stranger, tmp_path).draft.conventions())
    asserted = [field for field in given for left in stranger.open if field == left or field.startswith(f"{left}.")]
    assert asserted == []


@pytest.mark.parametrize("name", STRANGERS)
def test_every_requirement_holds_in_what_it_was_derived_from(name: str, tmp_path: Path) -> None:
    written = proposed(STRANGERS[name](), tmp_path)
    assert written.proposed.refused == ()
    assert written.proposed.records


def test_a_field_is_right_wrong_or_left_out() -> None:
    compared = compare({"a": 1, "b": 2, "c": 3, "x.y": 4}, {"a": 1, "b": 3, "d": 4, "x.y": 5}, ("x",))
    assert [(each.field, each.mark) for each in compared] == [
        ("a", "right"),
        ("b", "wrong"),
        ("c", "abstained"),
        ("d", "beyond"),
    ]
    assert table(compared).splitlines()[0] == "1 right, 1 wrong, 1 abstained, 1 beyond"
