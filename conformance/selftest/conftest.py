"""Fixtures of the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.selftest.servers import Runner


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Runs of the real suite, with everything they write below a folder of the test's own."""
    return Runner(tmp_path, monkeypatch)
