"""The layers: who may import whom, and what no module may hold."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import conformance

ROOT = Path(conformance.__file__).parent
MODULES = {
    str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(ROOT.rglob("*.py"))
}

LAYERS = ("contract", "traffic", "checks", "planting", "targets", "properties")
ENGINE = (*LAYERS, "report", "proposals")
# The server under test is a target; the table that proves detection plants its faults.
REFERENCE_USERS = {"targets/reference.py", "properties/detection.py"}
REPORT_MAY_USE = {"report", "contract", "traffic", "checks"}
APIS = r"vercel|zeit|netlify|snyk|vultr"


def package(module: str) -> str:
    """The package a module lies in; its own name for one that lies in none."""
    return module.split("/")[0].removesuffix(".py")


def imported(module: str) -> set[str]:
    """Names below `conformance` that a module imports, e.g. `contract.load` or `report.verdict.Outcome`."""
    names: set[str] = set()
    for node in ast.walk(MODULES[module]):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    below = {name.partition(".")[2] for name in names if name.split(".")[0] == "conformance"}
    # Where things lie, and how numbers are typed, is for all to know.
    return {name for name in below if name.split(".")[0] not in ("shipped", "arguments")}


def of(*packages: str) -> list[str]:
    return [module for module in MODULES if package(module) in packages]


@pytest.mark.parametrize("module", of(*LAYERS))
def test_imports_point_one_way(module: str) -> None:
    allowed = set(LAYERS[: LAYERS.index(package(module)) + 1])
    for name in imported(module):
        if name.startswith("reference"):
            assert module in REFERENCE_USERS, name
        else:
            assert name.split(".")[0] in allowed, name


@pytest.mark.parametrize("module", of("report"))
def test_reports_stand_on_what_is_judged_alone(module: str) -> None:
    assert {name.split(".")[0] for name in imported(module)} <= REPORT_MAY_USE


@pytest.mark.parametrize("module", of("proposals"))
def test_proposals_stand_on_what_is_judged_alone(module: str) -> None:
    assert {name.split(".")[0] for name in imported(module)} <= {"proposals", "contract", "traffic", "checks"}


@pytest.mark.parametrize("module", of("suite"))
def test_the_suite_does_not_know_the_reference_server(module: str) -> None:
    assert not {name for name in imported(module) if name.split(".")[0] == "reference"}


@pytest.mark.parametrize("module", of("reference"))
def test_the_reference_server_knows_nothing_of_what_judges_it(module: str) -> None:
    assert {name.split(".")[0] for name in imported(module)} <= {"reference"}


def test_nothing_imports_the_commands_or_the_selftests() -> None:
    for module in MODULES:
        if package(module) not in ("selftest", "plugin", "commands"):
            assert not {name.split(".")[0] for name in imported(module)} & {"plugin", "commands", "selftest"}, module


def words(tree: ast.AST) -> Iterator[str]:
    """Every identifier and every string of a module, cut into words in lower case."""
    for node in ast.walk(tree):
        texts: list[object] = []
        match node:
            case ast.Constant(value=str() | bytes() as value):
                texts = [value if isinstance(value, str) else value.decode("latin-1")]
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=name):
                texts = [name]
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                texts = [name]
            case ast.alias(name=name, asname=other):
                texts = [name, other]
            case ast.ImportFrom(module=name):
                texts = [name]
        for text in texts:
            for part in re.findall(r"[A-Za-z][a-z]*", str(text or "")):
                yield part.lower()
            yield from re.findall(r"[a-z]+", str(text or "").lower())


@pytest.mark.parametrize("module", of(*ENGINE))
def test_no_engine_module_names_an_api(module: str) -> None:
    assert not [word for word in words(MODULES[module]) if re.fullmatch(APIS, word)]


@pytest.mark.parametrize(
    "source",
    [
        '"""Reads what Vultr answers."""',
        'a = "vultr.errors.envelope"',
        "def read_vultr(): ...",
        "class VultrTarget: ...",
        "from conformance.reference import vultr",
        "import conformance.reference.vultr.server as server",
        'f"https://api.{name}.snyk.io"',
        "NETLIFY_TOKEN = 1",
        "x.zeit = 1",
        "call(vercel=1)",
    ],
)
def test_an_api_is_noticed_wherever_it_is_named(source: str) -> None:
    assert [word for word in words(ast.parse(source)) if re.fullmatch(APIS, word)]


def test_other_words_are_no_api() -> None:
    source = '"""A zeitgeist of vultures."""\nsnykish = "netlifying"'
    assert not [word for word in words(ast.parse(source)) if re.fullmatch(APIS, word)]


def narrows_a_type(node: ast.Assert) -> bool:
    """`assert NAME is not None` and `assert isinstance(NAME, …)` tell the type checker something and test nothing."""
    match node.test:
        case ast.Compare(left=ast.Name(), ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return True
        case ast.Call(func=ast.Name(id="isinstance"), args=[ast.Name(), _]):
            return True
    return False


@pytest.mark.parametrize("module", of("suite"))
def test_what_the_suite_asserts_counts_as_evidence(module: str) -> None:
    bare = [node for node in ast.walk(MODULES[module]) if isinstance(node, ast.Assert) and not narrows_a_type(node)]
    assert not [node.lineno for node in bare]


def test_the_suite_does_not_sleep() -> None:
    """It asks the client's clock to pass the time, which a recording and the reference server do not wait for."""
    for module in of("suite"):
        nodes = list(ast.walk(MODULES[module]))
        names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
        assert not {"time", "asyncio"} & names, module


def test_modules_stay_short() -> None:
    texts = {module: (ROOT / module).read_text(encoding="utf-8") for module in MODULES}
    assert {module for module, text in texts.items() if len(text.splitlines()) >= 450} == set()
