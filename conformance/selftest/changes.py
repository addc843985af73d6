"""Changes of one exchange in a conversation, for tests of what the judge makes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.selftest.conversations import TOKEN, Said

Change = Callable[[list[Said]], Any]


def body(number: int, **members: Any) -> Change:
    """Gives members of an answer other values; a key such as `meta__total` is a place."""

    def change(said: list[Said]) -> None:
        for name, value in members.items():
            _put(said[number].body, name.split("__"), value)

    return change


def _put(holder: Any, place: list[str], value: Any) -> None:
    for name in place[:-1]:
        holder = holder[int(name) if isinstance(holder, list) else name]
    if isinstance(holder, list):
        holder[int(place[-1])] = value
    elif value is ...:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value


def records(number: int, name: str, change: Callable[[list[Any]], Any]) -> Change:
    return lambda said: change(said[number].body[name])


def header(number: int, name: str, value: str | None) -> Change:
    def change(said: list[Said]) -> None:
        said[number].headers.pop(name, None)
        if value is not None:
            said[number].headers[name] = value

    return change


def url(number: int, old: str, new: str) -> Change:
    def change(said: list[Said]) -> None:
        assert old in said[number].url
        said[number].url = said[number].url.replace(old, new)

    return change


def answer(number: int, status: int, **changes: Any) -> Change:
    def change(said: list[Said]) -> None:
        said[number].status = status
        for name, value in changes.items():
            setattr(said[number], name, value)

    return change


def sent(number: int, value: Any) -> Change:
    def change(said: list[Said]) -> None:
        said[number].sent = value

    return change


def both(*changes: Change) -> Change:
    return lambda said: [change(said) for change in changes]


FOUND = "0123456789abcdefgh"
ANOTHER = "conformance-9876543210-token"
SECRETS = {"recorded-1": FOUND, "default": TOKEN, "second": ANOTHER}
"""The credentials that a recording holds: one that its reader found there, and two that whoever recorded it marked."""


def in_clear(number: int) -> Change:
    return lambda said: said[number].asked.update(Authorization=f"Bearer {FOUND}")


def followed_by(*more: Said) -> Change:
    return lambda said: said.extend(more)


def of_another_account(number: int) -> Change:
    return lambda said: said[number].asked.update(Authorization=f"Bearer {ANOTHER}")
