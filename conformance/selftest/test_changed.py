"""One exchange of a conversation is changed: what breaks a rule is named, what the document leaves open is not."""

from __future__ import annotations

import pytest

from conformance.selftest.changed import snyk, vercel, vultr, zeit
from conformance.selftest.changes import SECRETS, Change
from conformance.selftest.conversations import TALKS, violated

CHANGED = {"snyk": snyk, "vercel": vercel, "vultr": vultr, "zeit": zeit}


def accused(api: str, change: Change) -> set[str]:
    """The rules that a conversation breaks once it is changed."""
    said = TALKS[api]()
    change(said)
    return violated(api, said, SECRETS)


def test_every_conversation_is_changed() -> None:
    assert CHANGED.keys() == TALKS.keys()


@pytest.mark.parametrize("api", CHANGED)
def test_a_good_conversation_is_not_accused(api: str) -> None:
    assert violated(api, TALKS[api](), SECRETS) == set()


@pytest.mark.parametrize(
    ("api", "requirement", "change"),
    [
        pytest.param(api, *broken, id=f"{api}: {name}")
        for api, module in CHANGED.items()
        for name, broken in module.CHANGES.items()
    ],
)
def test_what_breaks_a_rule_is_named(api: str, requirement: str, change: Change) -> None:
    assert requirement in accused(api, change)


@pytest.mark.parametrize(
    ("api", "change"),
    [
        pytest.param(api, change, id=f"{api}: {name}")
        for api, module in CHANGED.items()
        for name, change in module.FREE.items()
    ],
)
def test_what_the_document_leaves_open_is_not_accused(api: str, change: Change) -> None:
    assert accused(api, change) == set()
