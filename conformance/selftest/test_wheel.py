"""The built wheel in an empty folder: what it gives there, and what it leaves alone."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import yaml

from conformance.selftest.installed import Installed, build, install
from conformance.selftest.servers import ROOT, TOKEN
from conformance.selftest.test_contract_errors import CATALOGUE, CONVENTIONS, OPENAPI

HARD = ("--strict-markers", "--strict-config", "-W", "error")
FEW = ("-k", "bad-key-401 or no-key-401")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """The wheel, installed; nothing that a test does may change what it installed."""
    # Inside a project, as most environments are.
    environment = install(wheel, tmp_path_factory.mktemp("project") / ".venv")
    before = content(environment.site / "conformance")
    yield environment
    assert content(environment.site / "conformance") == before


def content(folder: Path) -> dict[str, int]:
    """The files below a folder and when they were changed; Python's own compiled ones left out."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in files}


def test_it_holds_what_lies_at_the_top_of_the_repository(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder in ("specs", "cassettes"):
        here = {str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob("*.yaml")}
        assert {f"conformance/_shipped/{name}" for name in here} <= names
    assert {"conformance/py.typed", "conformance/report/report.schema.json"} <= names
    assert not [name for name in names if "selftest" in name or name.split("/")[0] in ("specs", "cassettes", "reports")]


def test_the_suite_passes_on_the_shipped_cassettes(installed: Installed, tmp_path: Path) -> None:
    ran = installed(tmp_path, "pytest", "--api", "vultr", *HARD)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "conformance: vultr on cassette" in ran.stdout
    report = json.loads((tmp_path / "reports" / "cassette" / "report.json").read_text("utf-8"))
    verdicts = {case["verdict"] for requirement in report["requirements"] for case in requirement["cases"]}
    assert verdicts == {"passed", "not-exercised"}
    assert {path.name for path in tmp_path.iterdir()} - {".pytest_cache", ".hypothesis"} == {"reports"}


def test_in_several_processes(installed: Installed, tmp_path: Path) -> None:
    ran = installed(tmp_path, "pytest", "--api", "vultr", "-n", "2", *FEW)
    assert (ran.returncode, (tmp_path / "reports/cassette/report.html").is_file()) == (0, True), ran.stdout + ran.stderr


def test_by_the_name_of_the_package_and_without_autoload(installed: Installed, tmp_path: Path) -> None:
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ran = installed(tmp_path, "pytest", "-p", "conformance", "--pyargs", "conformance.suite.common", *FEW, **alone)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "conformance: netlify, snyk, vercel, vultr, zeit on cassette" in ran.stdout


def test_the_commands(installed: Installed, tmp_path: Path) -> None:
    listed = installed(tmp_path, "conformance", "requirements", "vultr")
    assert (listed.returncode, listed.stdout.splitlines()[0]) == (0, "vultr: 58 requirements of Vultr API (2.0)")
    said = {
        "request": {"method": "GET", "uri": "https://api.vultr.com/v2/account", "headers": {}, "body": None},
        "response": {
            "status": {"code": 401, "message": "Unauthorized"},
            "headers": {"Content-Type": ["application/json"]},
            "body": {"string": '{"error": "Invalid API token.", "status": 401}'},
        },
    }
    recording = tmp_path / "said.json"
    recording.write_text(json.dumps({"version": 1, "interactions": [said]}), encoding="utf-8")
    judged = installed(tmp_path, "conformance", "judge", "--api", "vultr", "said.json")
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert "\nvultr: 1 exchanges in 1 files read" in judged.stdout
    assert (tmp_path / "reports" / "traffic" / "report.html").is_file()


def test_a_named_target_of_the_users_own_project(installed: Installed, tmp_path: Path) -> None:
    with installed.serving(tmp_path, "vultr", VULTR_API_KEY=TOKEN) as (url, _):
        with httpx2.Client(trust_env=False) as client:
            assert client.get(f"{url}/account").status_code == 401
        table = f'[tool.conformance.targets.staging]\napi = "vultr"\nurl = "{url}"\ncredentials = {{default = "KEY"}}\n'
        (tmp_path / "pyproject.toml").write_text(table, encoding="utf-8")
        ran = installed(tmp_path, "pytest", "--target", "staging", *FEW, KEY=TOKEN)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (tmp_path / "reports" / "staging" / "report.html").is_file()


def test_recordings_need_a_folder_of_their_own(installed: Installed, tmp_path: Path) -> None:
    refused = installed(tmp_path, "pytest", "--record", "--api", "vultr", *FEW)
    assert refused.returncode == 4
    assert "ERROR: --record: say with --cassettes=DIR where to keep them: those shipped are not written" in (
        refused.stderr
    )
    kept = installed(tmp_path, "pytest", "--record", "--cassettes=own", "--api", "vultr", *FEW)
    assert kept.returncode == 0, kept.stdout + kept.stderr
    assert [path.name for path in sorted((tmp_path / "own" / "vultr").rglob("*.yaml"))]
    again = installed(tmp_path, "pytest", "--cassettes=own", "--api", "vultr", *FEW)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "not-recorded" not in again.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that has nothing to do with conformance, and settings that would hide the suite."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "check_own.py").write_text(
        "import sys\n\n\ndef test_nothing_else_is_loaded():\n"
        "    light = {'conformance.plugin', 'conformance.plugin.options', 'conformance.shipped'}\n"
        "    assert {name for name in sys.modules if name.startswith('conformance.')} == light\n",
        encoding="utf-8",
    )
    (tmp_path / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\npython_files = ["check_*.py"]\ntestpaths = ["tests"]\nfilterwarnings = ["error"]\n'
        'addopts = ["--strict-markers", "--strict-config", "-pno:schemathesis"]\n',
        encoding="utf-8",
    )
    return tmp_path


@pytest.mark.parametrize("arguments", [(), ("-n", "1"), (".",), ("conformance",)], ids=" ".join)
def test_another_project_is_left_alone(installed: Installed, project: Path, arguments: tuple[str, ...]) -> None:
    if "conformance" in arguments:
        # A folder of the same name is not the suite.
        (project / "tests").rename(project / "conformance")
    ran = installed(project, "pytest", *arguments)
    assert (ran.returncode, "1 passed" in ran.stdout) == (0, True), ran.stdout + ran.stderr
    assert "conformance: " not in ran.stdout
    assert not (project / "reports").exists()


def test_in_another_project_the_suite_runs_where_it_is_asked_for(installed: Installed, project: Path) -> None:
    ran = installed(project, "pytest", "--api", "vultr", *FEW)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "check_own" not in ran.stdout
    assert (project / "reports" / "cassette" / "report.html").is_file()


@pytest.mark.parametrize(
    "option", ['"--target"', '"--record", action="store_true"', '"--ours", dest="api"', '"--report-dir"']
)
def test_the_options_of_another_project_come_first(installed: Installed, project: Path, option: str) -> None:
    _of_its_own(project, option)
    flag = option.split('"')[1]
    ran = installed(project, "pytest", flag if "store_true" in option else f"{flag}=x")
    assert (ran.returncode, "1 passed" in ran.stdout) == (0, True), ran.stdout + ran.stderr


def test_who_asks_for_options_that_gave_way_is_told_why(installed: Installed, project: Path) -> None:
    _of_its_own(project, '"--target"')
    asked = installed(project, "pytest", "--allow-writes")
    assert asked.returncode == 4
    assert "conformance: its options are left out, as another plugin has --target" in asked.stderr


def _of_its_own(project: Path, option: str) -> None:
    adds = f"def pytest_addoption(parser):\n    parser.addoption({option})\n"
    (project / "conftest.py").write_text(adds, encoding="utf-8")


def test_an_environment_inside_the_project_hides_nothing(installed: Installed) -> None:
    ran = installed(installed.folder.parent, "pytest", "--api", "vultr", *FEW)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "conformance: vultr on cassette" in ran.stdout


def test_a_further_api_from_a_folder(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "own" / "acme").mkdir(parents=True)
    for name, data in (("requirements", CATALOGUE), ("openapi", OPENAPI), ("conventions", CONVENTIONS)):
        (tmp_path / "own" / "acme" / f"{name}.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    listed = installed(tmp_path, "conformance", "requirements", "--specs", "own")
    assert [line.split(":")[0] for line in listed.stdout.splitlines() if line[0] != " "] == [
        "acme", "netlify", "snyk", "vercel", "vultr", "zeit", "<api>",
    ]  # fmt: skip
    said = {
        "request": {"method": "GET", "uri": "https://api.acme.example/things", "headers": {}, "body": None},
        "response": {
            "status": {"code": 404, "message": "Not Found"},
            "headers": {"Content-Type": ["application/json"]},
            "body": {"string": '"gone"'},
        },
    }
    (tmp_path / "said.json").write_text(json.dumps({"version": 1, "interactions": [said]}), encoding="utf-8")
    judged = installed(tmp_path, "conformance", "judge", "--specs", "own", "--api", "acme", "said.json")
    assert judged.returncode == 1, judged.stdout + judged.stderr
    assert "acme.errors.envelope" in judged.stdout
    ran = installed(tmp_path, "pytest", "--specs", "own", "--api", "acme", "--collect-only", "-q")
    assert "acme.errors.envelope[GET /things]" in ran.stdout, ran.stdout + ran.stderr
    unknown = installed(tmp_path, "pytest", "--specs=nowhere", "--api", "acme")
    assert (unknown.returncode, "nowhere: there is no such folder" in unknown.stderr) == (4, True)
