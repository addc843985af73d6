"""What README, the example workflows and the Makefile say works as it is typed."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from conformance.commands.main import _parser
from conformance.plugin.options import OPTIONS
from conformance.selftest.servers import ROOT, Runner, reference_url

README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
EXAMPLES = ROOT / ".github" / "examples"
WORKFLOWS = ("github.yml", "gitlab-ci.yml")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """What README shows to be typed, without the comments beside it."""
    typed = [line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]
    return [re.sub(r"\s{2,}#.*", "", line) for line in typed]


def words_of(command: str) -> list[str]:
    """The words of a command after the variables that are set for it."""
    words = shlex.split(command.partition(" | ")[0])
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words.pop(0)
    return words


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


@pytest.mark.parametrize("command", commands())
def test_a_command_of_readme_is_one_that_there_is(command: str) -> None:
    program, *words = words_of(command)
    options = [word.partition("=")[0] for word in words if word.startswith("--")]
    if program == "make":
        assert {word for word in words if "=" not in word} <= targets()
    elif program == "pytest":
        assert set(options) <= {*OPTIONS, "--pyargs", "--strict"}
    elif program == "conformance":
        _parser().parse_args(words)
    elif program in ("npm", "node"):
        assert (ROOT / words[-1]).exists()
    else:
        assert program in ("pip", "python3", ".")


def test_the_options_of_the_plugin_are_all_in_readme() -> None:
    assert [name for name in OPTIONS if f"`{name}" not in README] == []


def test_every_target_of_the_makefile_is_in_its_help() -> None:
    (phony,) = re.findall(r"^\.PHONY: (help.*)$", MAKEFILE, re.MULTILINE)
    helped = set(re.findall(r"^([a-z-]+):.*## \S", MAKEFILE, re.MULTILINE))
    assert helped == set(phony.split()) == targets()


def commands_of(workflow: Path) -> list[str]:
    """What an example runs, in its order."""
    content: dict[str, Any] = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    steps = [step for job in content.get("jobs", {}).values() for step in job["steps"]]
    script = [line for job in content.values() if isinstance(job, dict) for line in job.get("script", ())]
    return [step["run"] for step in steps if "run" in step] + script


@pytest.mark.parametrize("name", WORKFLOWS)
def test_an_example_workflow_is_a_gate_that_the_reference_server_passes(name: str, suite: Runner) -> None:
    install, run = commands_of(EXAMPLES / name)
    assert install == "pip install wheels/conformance-*.whl"
    program, *arguments = shlex.split(run)
    assert program == "pytest"
    with reference_url() as url:
        ran = suite(*(url if word == "https://api.vultr.com" else word for word in arguments))
    assert ran.status == 0, ran.text
    assert {"passed"} < set(ran.verdicts.values())


@pytest.mark.parametrize("name", WORKFLOWS)
def test_readme_shows_an_example_workflow_as_it_is(name: str) -> None:
    assert (EXAMPLES / name).read_text(encoding="utf-8") in blocks("yaml")


def test_the_example_for_github_takes_no_more_than_it_needs() -> None:
    text = (EXAMPLES / "github.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    steps = workflow["jobs"]["vultr"]["steps"]
    pinned = [re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step["uses"]) for step in steps if "uses" in step]
    assert all(pinned)
    assert len(pinned) == 3
    assert [step["if"] for step in steps if "upload" in step.get("uses", "")] == ["always()"]
    assert set(re.findall(r"VULTR_API_KEY: (.*)", text)) == {"${{ secrets.VULTR_API_KEY }}"}


LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
LOCKED = {
    canonicalize_name(name): version
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", LOCK, re.MULTILINE)
}


def asked_for() -> list[str]:
    groups = PROJECT["dependency-groups"]
    return [
        *PROJECT["project"]["dependencies"],
        *PROJECT["build-system"]["requires"],
        *(entry for group in groups.values() for entry in group if isinstance(entry, str)),
    ]


@pytest.mark.parametrize("asked", asked_for())
def test_what_the_project_asks_for_is_locked(asked: str) -> None:
    requirement = Requirement(asked)
    locked = LOCKED.get(canonicalize_name(requirement.name))
    assert locked is not None, "run `make lock`"
    assert requirement.specifier.contains(locked, prereleases=True), "run `make lock`"
    # A bound below is what `make test-oldest` installs.
    assert {">", "=", "~"} & {str(clause)[0] for clause in requirement.specifier}


def test_all_that_is_locked_has_hashes_and_no_address() -> None:
    entries = re.split(r"\n(?=[a-z])", LOCK.partition("\n\n")[2] or LOCK)
    assert [entry.splitlines()[0] for entry in entries if "==" in entry and "--hash=sha256:" not in entry] == []
    assert not re.search(r"https?://|file:|--(index|find|extra)", LOCK)


def test_the_version_is_in_the_changelog() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{PROJECT['project']['version']}]" in changes
    assert "## [Unreleased]" in changes
