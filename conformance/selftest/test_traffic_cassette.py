"""What a cassette says of where it comes from, and of the moments when requests were sent."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from conformance.traffic import cassette
from conformance.traffic.cassette import Interaction, Take
from conformance.traffic.exchange import Request, Response


def kept(path: Path, sent_at: float) -> float | None:
    """When a request was sent, as a cassette says that was written and read."""
    said = Interaction(
        Request(method="GET", url="https://api.vultr.com/v2/account"), Response(status=200), sent_at=sent_at
    )
    cassette.write(path, {}, {"an item": Take((said,), ())})
    return cassette.read(path).takes["an item"].interactions[0].sent_at


LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("time", [0.0, 1.5, 1_767_225_600.123, LAST])
def test_a_moment_is_one_that_a_date_can_have(tmp_path: Path, time: float) -> None:
    assert kept(tmp_path / "c.yaml", time) == time


@pytest.mark.parametrize("time", [-0.001, LAST + 1])
def test_what_no_date_can_have_is_no_moment(tmp_path: Path, time: float) -> None:
    with pytest.raises(cassette.CassetteError):
        kept(tmp_path / "c.yaml", time)


def test_what_is_written_can_be_read_by_people(tmp_path: Path) -> None:
    cassette.write(tmp_path / "c.yaml", {"source": "Zürich"}, {})
    assert '"Zürich"' in (tmp_path / "c.yaml").read_text("utf-8")
