"""Fixtures of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.selftest.servers import Runner


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Runs of the real suite, with everything they write below a folder of the test's own."""
    return Runner(tmp_path, monkeypatch)


@pytest.fixture(scope="session", autouse=True)
def _folders_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keeps the ledgers of tests, and the calls that they count, out of the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


def pytest_make_parametrize_id(val: object) -> str | None:
    """Short names for long inputs: processes that tests start get the name of the test in their environment."""
    return f"{len(val)} times {val[:9]!r}" if isinstance(val, (str, bytes)) and len(val) > 500 else None
