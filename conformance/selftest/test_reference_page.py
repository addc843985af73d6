"""The page of keys: every key of what people write, with its type, its default and what it means."""

from __future__ import annotations

import re
from datetime import date

import pytest
from pydantic import BaseModel, Field

from conformance.commands import reference_page
from conformance.contract import Catalogue, Conventions
from conformance.contract.deviations import Deviation
from conformance.targets.config import TargetRecord
from conformance.targets.facts import Facts


def rows(text: str) -> list[list[str]]:
    lines = [line.removeprefix("| ").removesuffix(" |") for line in text.splitlines() if line.startswith("| `")]
    return [re.split(r"(?<!\\) \| ?", line) for line in lines]


@pytest.mark.parametrize("model", [TargetRecord, Facts, Conventions, Catalogue, Deviation])
def test_every_key_is_listed_and_says_what_it_means(model: type[BaseModel]) -> None:
    listed = {row[0].strip("`"): row[-1] for row in rows(reference_page.render())}
    assert set(model.model_fields) <= set(listed)
    assert [key for key, means in listed.items() if not means.strip()] == []


def test_a_key_without_a_word_is_noticed() -> None:
    class Below(BaseModel):
        """What lies below."""

        a: int

    class Above(BaseModel):
        """Something.

        Attributes:
            below, other: two of a kind,
                told in two lines.
            day: when.
        """

        below: tuple[Below, ...]
        other: dict[str, float | None] = Field(default_factory=dict)
        day: date = date(2026, 1, 2)
        flag: bool = True

    table = [
        line for place, part in reference_page._parts(Above, "", []) for line in reference_page._table(place, part)
    ]
    assert rows("\n".join(table)) == [
        ["`below`", "list of record", "needed", "two of a kind, told in two lines"],
        ["`other`", "text → number or null", "none", "two of a kind, told in two lines"],
        ["`day`", "day", "`2026-01-02`", "when"],
        ["`flag`", "true or false", "`true`", ""],
        ["`a`", "number", "needed", ""],
    ]
    assert "### `below`" in table
