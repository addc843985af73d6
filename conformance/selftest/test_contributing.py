"""The way of an exchange, as the contributing guide tells it, is the way that an exchange goes."""

from __future__ import annotations

import inspect
import re
import sys
from importlib import import_module
from pkgutil import resolve_name
from types import CodeType, FrameType
from typing import Any

from conformance.selftest.servers import ROOT, Runner

GUIDE = ROOT / ".github" / "CONTRIBUTING.md"


def steps() -> list[str]:
    """The functions that the guide names, one in each of its lines."""
    way = GUIDE.read_text("utf-8").partition("## The way of an exchange")[2]
    return re.findall(r"^\d+\. `(conformance\.[\w.]+)`", way, re.MULTILINE)


def test_the_way_is_told_in_ten_lines() -> None:
    assert len(steps()) == 10
    assert len(set(steps())) == 10


def test_every_module_that_the_way_names_is_there() -> None:
    way = GUIDE.read_text("utf-8").partition("## The way of an exchange")[2]
    others = set(re.findall(r"`(conformance\.[\w.]+)`", way)) - set(steps())
    assert others == {"conformance.suite", "conformance.traffic.cassette", "conformance.contract.verdict"}
    for module in others:
        import_module(module)


def test_an_exchange_takes_the_way_in_its_order(suite: Runner) -> None:
    codes: dict[CodeType, str] = {inspect.unwrap(resolve_name(step)).__code__: step for step in steps()}
    taken: list[str] = []

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code in codes and codes[frame.f_code] not in taken:
            taken.append(codes[frame.f_code])

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        ran = suite("-k", "test_walk_visits and plans")
    finally:
        sys.setprofile(before)
    assert set(ran.outcomes.values()) == {"passed"}
    assert taken == steps()
