"""The tests: `common` for what several APIs share, a package for each API's own."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator

from attrs import frozen

from conformance.properties import binding_of


@frozen
class SuiteTest:
    """A test function and where it stands.

    Attributes:
        package: below the suite, e.g. `common`.
    """

    package: str
    module: str
    function: Callable[..., None]

    @property
    def name(self) -> str:
        """As items and cassettes know it: `module/function`."""
        return f"{self.module}/{self.function.__name__}"

    @property
    def label(self) -> str:
        """For people: `package/module.py::function`."""
        return f"{self.package}/{self.module}.py::{self.function.__name__}"


def tests() -> Iterator[SuiteTest]:
    """Every test function that there is, whatever of it is run: modules and functions by name."""
    for info in pkgutil.walk_packages(__path__, f"{__name__}."):
        if info.ispkg:
            continue
        package, _, module = info.name.removeprefix(f"{__name__}.").rpartition(".")
        for _, value in sorted(vars(importlib.import_module(info.name)).items()):
            if binding_of(value) is not None and value.__module__ == info.name:
                yield SuiteTest(package, module, value)
