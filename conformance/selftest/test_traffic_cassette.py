"""What a cassette says of where it comes from, and of the moments when requests were sent."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from conformance.traffic import cassette
from conformance.traffic.cassette import LATEST, _Share


def test_the_latest_moment_is_the_last_second_that_a_date_can_have() -> None:
    assert datetime.fromtimestamp(LATEST, UTC) == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("time", [0.0, 1.5, LATEST])
def test_a_moment_is_one_that_a_date_can_have(time: float) -> None:
    assert _Share(first=1, count=1, times=(time,)).times == (time,)


@pytest.mark.parametrize("time", [-0.001, LATEST + 1, float("inf"), float("nan"), "1.5", True])
def test_what_no_date_can_have_is_no_moment(time: Any) -> None:
    with pytest.raises(ValidationError):
        _Share(first=1, count=1, times=(time,))


def test_what_is_written_can_be_read_by_people(tmp_path: Path) -> None:
    cassette.write(tmp_path / "c.yaml", {"source": "Zürich"}, {})
    assert '"Zürich"' in (tmp_path / "c.yaml").read_text("utf-8")
