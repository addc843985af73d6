"""What stands around a secret is kept to the letter, and what identifies a record is kept as far as it can be."""

from __future__ import annotations

import json

import pytest

from conformance.contract import load
from conformance.selftest.test_checks import said
from conformance.traffic.pages import LONGEST_IDENTITY, page_of
from conformance.traffic.redact import NAME_MARK, Redactor

SECRET = "hunter2-hunter2"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (f'{{"password": "{SECRET}"}} end', f'{{"password": "{NAME_MARK}"}} end'),
        (f"{{'password': '{SECRET}'}} end", f"{{'password': '{NAME_MARK}'}} end"),
        # Inside a text as Python writes it, and inside one in JSON.
        (
            rf"{{'log': 'it\'s {{\"password\": \"{SECRET}\"}} at \'the\' end'}}".replace('\\"', '"'),
            rf"{{'log': 'it\'s {{\"password\": \"{NAME_MARK}\"}} at \'the\' end'}}".replace('\\"', '"'),
        ),
        (f'{{"log": "{{\\"password\\": \\"{SECRET}\\"}}!"}}', f'{{"log": "{{\\"password\\": \\"{NAME_MARK}\\"}}!"}}'),
        (
            f'{{"log": "é {{\\"password\\": \\"{SECRET}\\"}} ü"}}',
            f'{{"log": "é {{\\"password\\": \\"{NAME_MARK}\\"}} ü"}}',
        ),
    ],
)
def test_what_stands_around_a_secret_is_kept_to_the_letter(text: str, cleaned: str) -> None:
    found = Redactor({}).text(text)
    assert found == cleaned


def test_a_text_in_json_that_held_a_secret_is_read_as_before() -> None:
    inner = json.dumps({"password": SECRET, "name": "a\"b'c\\d\n"}) + " and more."
    found = json.loads(Redactor({}).text(json.dumps({"log": inner, "next": 1})))
    assert found == {"log": inner.replace(SECRET, NAME_MARK), "next": 1}


@pytest.mark.parametrize(("more", "whole"), [(-1, True), (0, True), (1, False)])
def test_an_identity_is_kept_whole_unless_it_is_absurdly_long(more: int, whole: bool) -> None:
    length = LONGEST_IDENTITY + more
    ids = ["a" * length, "a" * (length - 1) + "b"]
    body = {"plans": [{"id": identity} for identity in ids], "meta": {"total": 2, "links": {"next": "", "prev": ""}}}
    page = page_of(said("GET /v2/plans", body=body), load("vultr").conventions.paging)
    assert page is not None
    assert (list(page.ids) == ids) == whole
    assert len(set(page.ids)) == 2
    assert all(str(identity).startswith("a" * (length - 1)) or not whole for identity in page.ids)
