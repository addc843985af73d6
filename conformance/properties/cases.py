"""Cases: drawn by Hypothesis before anything is sent, so that a drawn case runs as a recorded one does."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any
from zlib import crc32

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import NonInteractiveExampleWarning
from hypothesis.strategies import SearchStrategy


def draw(strategies: Mapping[str, SearchStrategy[Any]], count: int, name: str) -> list[dict[str, Any]]:
    """Up to `count` different cases; the same name gives the same cases with the same Hypothesis version."""
    drawn: list[dict[str, Any]] = []
    if count < 1:
        return drawn

    @seed(crc32(name.encode()))
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.fixed_dictionaries(dict(strategies)))
    def collect(case: dict[str, Any]) -> None:
        if case not in drawn:
            drawn.append(case)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NonInteractiveExampleWarning)
        collect()
    return drawn[:count]
