"""The options of the plugin, and when it is on.

pytest loads this module in every project of an environment that the package is installed in, so it imports
nothing heavy, adds nothing to a run that is not about conformance, and gives way to the options of others.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.shipped import CHECKOUT, SUITE

HOOKS = "conformance.plugin.hooks"

_MANY: dict[str, Any] = {"action": "append", "default": []}
_SWITCH: dict[str, Any] = {"action": "store_true", "default": False}

OPTIONS: dict[str, dict[str, Any]] = {
    "--api": {**_MANY, "metavar": "NAME", "help": "judge this API (repeatable; default: all)"},
    "--target": {
        "metavar": "TARGET",
        "help": "who answers: cassette (default), reference, a URL, or a name from [tool.conformance.targets]",
    },
    "--specs": {"metavar": "DIR", "help": "a folder with further APIs: DIR/<api>/requirements.yaml, openapi.yaml …"},
    "--spec": {
        "metavar": "FILE",
        "help": "a published OpenAPI document (2.0 to 3.1): alone, or with --api in place of its operations",
    },
    "--spec-adds": {**_SWITCH, "help": "add the operations of the document to those of --api"},
    "--conventions": {"metavar": "FILE", "help": "how the API of --spec does things everywhere, as YAML"},
    "--name": {"metavar": "NAME", "help": "what the API of --spec is called (default: by the document's title)"},
    "--cassettes": {"metavar": "DIR", "help": "the folder of cassettes to read and record (default: those shipped)"},
    "--examples": {
        "type": int,
        "default": 5,
        "metavar": "N",
        "help": "cases a property draws where it draws (default: 5)",
    },
    "--record": {**_SWITCH, "help": "keep what the target answers in cassettes (default target: reference)"},
    "--redraw": {**_SWITCH, "help": "with --record: draw new cases instead of running the recorded ones"},
    "--faults": {
        **_SWITCH,
        "help": "plant each fault in the reference server and see whether its requirement turns red; with another "
        "--target (cassette, a URL, a named one): plant defects on what it answers, and tell of each requirement "
        "whether it could have failed there",
    },
    "--parameter": {
        **_MANY,
        "metavar": "NAME=VALUE",
        "help": "a value of a path parameter that exists at the URL; for reading only (repeatable)",
    },
    "--disposable": {
        **_MANY,
        "metavar": "NAME=VALUE",
        "help": "a value of a path parameter whose resource tests may change and destroy (repeatable)",
    },
    "--allow-writes": {**_SWITCH, "help": "let tests create, change and delete at a URL"},
    "--allow-billable": {
        **_SWITCH,
        "help": "with --allow-writes: let tests create what may cost money, as far as the conventions mark it",
    },
    "--seed": {
        "metavar": "N",
        "help": "with --allow-writes: create what each list lacks of N records, and delete it at the end (default: as "
        "many as the rules on pages need)",
    },
    "--discover": {
        **_SWITCH,
        "help": "look with GETs for the version that a URL serves, where the documented path is not found",
    },
    "--budget": {
        "metavar": "N",
        "help": "send at most N requests to a URL, first those that tell most; cleaning up is not counted",
    },
    "--budget-share": {
        "metavar": "WITH",
        "help": "who keeps to the rate together: machine (default: this user's processes on it), process (none), "
        "or the URL of a Redis that machines share, or the environment variable that holds it",
    },
    "--wait": {
        "metavar": "SECONDS",
        "help": "wait so long for the target to come up (default: not at all)",
    },
    "--require": {
        **_MANY,
        "metavar": "ID",
        "help": "fail if this requirement is not seen: no test was run for it, or none could tell of the target "
        "(blocked, not-exercised, not-recorded, unsupported); repeatable",
    },
    "--require-all-must": {**_SWITCH, "help": "the same for every MUST of the APIs' own documents that can be tested"},
    "--require-supported": {
        **_SWITCH,
        "help": "with these: leave out what is unsupported, since the target lacks a capability for it",
    },
    "--deviations": {"metavar": "FILE", "help": "known deviations of the target, as YAML"},
    "--write-deviations": {
        "metavar": "FILE",
        "help": "write what fails as known deviations, the reasons left to be filled in; they expire after 90 days",
    },
    "--report-dir": {"metavar": "DIR", "help": "where reports go (default: reports/<target>)"},
}

TAKE_A_PATH = (
    "--report-dir",
    "--deviations",
    "--write-deviations",
    "--specs",
    "--cassettes",
    "--spec",
    "--conventions",
)

_ADDED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser) -> Iterator[None]:
    """Adds the options once the project's own are known; where one is taken, they are left out."""
    yield
    taken = _taken(parser)
    added = not taken
    if taken:
        parser.extra_info["conformance"] = f"its options are left out, as another plugin has {', '.join(taken)}"
    else:
        group = parser.getgroup("conformance", "API conformance")
        for name, attributes in OPTIONS.items():
            group.addoption(name, **attributes)
    early_config.stash[_ADDED] = added


def _dest(name: str) -> str:
    return name.removeprefix("--").replace("-", "_")


def _taken(parser: pytest.Parser) -> list[str]:
    # pytest tells of an option that is there already by an error that cannot be undone.
    there = [
        option
        for group in {id(g): g for g in (*parser._groups, parser._anonymous)}.values()
        for option in group.options
    ]
    names = {name for option in there for name in option.names()} | {option.dest for option in there}
    return [name for name in OPTIONS if {name, _dest(name)} & names]


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.option.help or config.option.version or not config.stash.get(_ADDED, False):
        return
    given = any(getattr(config.option, _dest(name)) != a.get("default") for name, a in OPTIONS.items())
    if given and config.args_source is not pytest.Config.ArgsSource.ARGS:
        # Files by name, so that no setting of the project (python_files, norecursedirs) hides them.
        config.args = [str(path) for path in sorted(SUITE.rglob("test_*.py"))]
    if given or config.rootpath == CHECKOUT or any(map(_names_the_suite, config.args)):
        config.pluginmanager.import_plugin(HOOKS)


def _names_the_suite(argument: str) -> bool:
    path = argument.partition("::")[0]
    # As `--pyargs` takes it, or as a path.
    return f"{path}.".startswith("conformance.suite.") or Path(path).resolve().is_relative_to(SUITE)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves the suite out where it is not asked for, as below a folder that happens to hold it."""
    return True if collection_path == SUITE and not config.pluginmanager.has_plugin(HOOKS) else None
