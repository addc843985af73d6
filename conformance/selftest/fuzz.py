"""Bent recordings and specs: whatever people hand to the commands ends with lines and a status, never with a crash.

`python -m conformance.selftest.fuzz [--cassettes N] [--specs N] [--seed N]` prints each defect with its seed.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import gzip
import io
import json
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import yaml
from attrs import define, field, frozen

from conformance.commands.main import main as run_command
from conformance.contract import ConformanceError, loading
from conformance.contract.contract import SPECS
from conformance.targets.config import select
from conformance.targets.target import CASSETTES
from conformance.traffic.loading import load

APIS = ("vultr", "vercel", "snyk", "zeit")
SECONDS = 30
"""Longer than any of these inputs may take."""

PYTHON_WORDS = re.compile(
    r"Traceback|NoneType|\b[A-Z]\w+Error\b|has no attribute|not subscriptable|not iterable|unhashable|codec can't"
    r"|'(?:str|int|dict|list|float|bool|bytes|tuple|set)'|\bint\(\)|list index|dict\(|<class "
)

HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, -1, 10**15, 10**400, 1.5, float("inf"), float("nan"), "", " ", "\0", "x" * 5000, "\ud800",
    "é漢", "http://[", "://", "-1", "1e999", "null", "{", "[[[[", "%", "%zz", "..", "a\r\nb: c", "::error::x",
    b"\xff\xfe", [], {}, [[]], [None], {"": ""}, {"a": {"a": {}}}, {1: 2}, ["x"] * 50,
    "Thu, 99 Foo 2026 99:99:99 GMT", "9" * 5000,
    "2026-13-45", "/" * 300, "#/components/schemas/nothing", "(", "[a-", "(?P<x>", "*", "$ref", "GET /nothing", "0",
    "200",
)  # fmt: skip


@frozen
class Defect:
    """An input that made a command crash, hang, or speak of its insides."""

    kind: str
    seed: str
    what: str


class _Hang(BaseException):
    """An input took longer than `SECONDS`."""


@define
class Fuzzer:
    """Bends inputs by a seed, runs the commands on them, and keeps what went wrong."""

    folder: Path
    seed: int
    defects: list[Defect] = field(factory=list)
    statuses: dict[Any, int] = field(factory=dict)
    slowest: float = 0

    def cassettes(self, count: int) -> None:
        originals = list(_originals(Random(self.seed)))
        for number in range(count):
            name = f"cassette {self.seed}/{number}"
            random = Random(name)
            api, recording = random.choice(originals)
            path = self.folder / random.choice(("c.yaml", "c.json", "c.yml"))
            path.write_bytes(_written(random, recording))
            arguments = ["judge", "--api", api, "--report-dir", str(self.folder / "reports"), str(path)]
            self.tried("cassette", name, partial(run_command, [*arguments, "--host", "*"]))

    def specs(self, count: int) -> None:
        sample = {api: self.folder / f"{api}.json" for api in APIS}
        for api, path in sample.items():
            path.write_text(json.dumps(_recording(Random(api), api)), encoding="utf-8")
        for number in range(count):
            name = f"specs {self.seed}/{number}"
            random = Random(name)
            api = random.choice(APIS)
            kind = random.choice(("openapi", "conventions", "requirements", "deviations", "pyproject"))
            if kind == "pyproject":
                (self.folder / "pyproject.toml").write_bytes(_targets(random))
                self.tried("specs", name, partial(_selected, self.folder))
                continue
            specs = self.folder / "specs"
            shutil.rmtree(specs, ignore_errors=True)
            shutil.copytree(SPECS / api, specs / api)
            arguments = ["judge", "--api", api, "--specs", str(specs), "--report-dir", str(self.folder / "reports")]
            if kind == "deviations":
                path = self.folder / "deviations.yaml"
                path.write_bytes(_damaged(random, _yaml(_bent(random, _deviations(api))).encode()))
                arguments += ["--deviations", str(path)]
            else:
                path = specs / api / f"{kind}.yaml"
                data = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
                path.write_bytes(_damaged(random, _yaml(_bent(random, data)).encode()))
            self.tried("specs", name, partial(run_command, [*arguments, str(sample[api])]))
            loading._load.cache_clear()

    def tried(self, kind: str, name: str, call: Callable[[], int]) -> None:
        """Makes a call, and keeps it as a defect unless it ends with a status and with lines for people."""
        said = io.StringIO()
        started = time.monotonic()
        signal.signal(signal.SIGALRM, _hang)
        signal.alarm(SECONDS)
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                status = call()
        except _Hang:
            self.defects.append(Defect(kind, name, f"no end after {SECONDS} s"))
            return
        except Exception:
            self.defects.append(Defect(kind, name, traceback.format_exc()))
            return
        finally:
            signal.alarm(0)
        self.slowest = max(self.slowest, time.monotonic() - started)
        self.statuses[kind, status] = self.statuses.get((kind, status), 0) + 1
        text = said.getvalue()
        if status not in (0, 1, 2) or not text.strip():
            self.defects.append(Defect(kind, name, f"the status {status!r} and the text {text!r}"))
        elif (found := PYTHON_WORDS.search(text)) is not None:
            line = text[: found.end()].splitlines()[-1] + text[found.end() :].splitlines()[0]
            self.defects.append(Defect(kind, name, f"speaks of its insides: {line[:500]}"))


def _hang(*_: object) -> None:
    raise _Hang


def _originals(random: Random) -> Iterator[tuple[str, dict[str, Any]]]:
    """Recordings that are good, in several shapes."""
    for api in APIS:
        for _ in range(10):
            recording = _recording(random, api)
            yield api, recording
            shaped = copy.deepcopy(recording)
            shaped.pop("metadata")
            for said in shaped["interactions"]:
                _reshaped(random, said)
            yield api, shaped


def _recording(random: Random, api: str) -> dict[str, Any]:
    """A few interactions of a shipped cassette, as one take."""
    path = random.choice(sorted((CASSETTES / api).rglob("*.yaml")))
    data = load(path)
    kept = random.sample(data["interactions"], min(4, len(data["interactions"])))
    take = {"first": 1, "count": len(kept), "cases": [{"limit": 1}]}
    metadata = {"provenance": data["metadata"]["provenance"], "takes": {"item": take}}
    return {"version": 1, "interactions": copy.deepcopy(kept), "metadata": metadata}


def _reshaped(random: Random, said: dict[str, Any]) -> None:
    """The same interaction as other versions and clients write it."""
    request, response = said["request"], said["response"]
    text = response["body"]["string"]
    match random.randrange(6):
        case 0:
            response["status_code"], response["content"] = response.pop("status")["code"], text
            del response["body"]
        case 1:
            response["headers"] = [{"name": name, "value": value} for name, value in response["headers"].items()]
        case 2:
            response["headers"]["Content-Encoding"] = ["gzip"]
            response["body"]["string"] = gzip.compress(text if isinstance(text, bytes) else text.encode(), mtime=0)
        case 3:
            with contextlib.suppress(TypeError, ValueError):
                response["parsed_body"] = json.loads(text)
                del response["body"]
        case 4:
            with contextlib.suppress(TypeError, ValueError):
                request["body"] = json.loads(request["body"])
        case 5:
            response["headers"] = [f"{name}: {values[0]}" for name, values in response["headers"].items()]


def _bent(random: Random, data: Any) -> Any:
    """The data with one to three of its nodes changed."""
    data = copy.deepcopy(data)
    for _ in range(random.randint(1, 3)):
        nodes = [(node, key) for node, key in _places(data) if key is not None]
        if not nodes:
            break
        node, key = random.choice(nodes)
        match random.randrange(8):
            case 0:
                del node[key]
            case 1 if isinstance(node, dict):
                node[random.choice(("", "x", 0, None, True, f"{key}x", str(key).upper()))] = node.pop(key)
            case 2:
                node[key] = [node[key], node[key]]
            case 3:
                node[key] = {"x": node[key]}
            case 4:
                node[key] = copy.deepcopy(random.choice(nodes)[0])
            case 5 if isinstance(node[key], str) and node[key][:1] in "{[":
                with contextlib.suppress(ValueError):
                    node[key] = json.dumps(_bent(random, json.loads(node[key])), default=str)
            case 6 if isinstance(node[key], str) and node[key]:
                at = random.randrange(len(node[key]))
                node[key] = node[key][:at] + random.choice(("\0", "\n", "é", "%", "9" * 40, "")) + node[key][at + 1 :]
            case _:
                node[key] = copy.deepcopy(random.choice(HOSTILE))
    return data


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with each of its keys; the container of all comes once more, without one."""
    yield data, None
    if isinstance(data, (dict, list)):
        for key in list(data) if isinstance(data, dict) else range(len(data)):
            yield data, key
            yield from _places(data[key])


_TAGS = (
    "!!python/unicode ", "!!python/tuple ", "!!python/object/apply:os.system ", "!!python/object/new:_io.BytesIO ",
    "!!python/object/apply:builtins.iter ", "!!int ", "!!float ", "!!binary ", "!!timestamp ", "!!set ", "!!omap ",
    "!x ", "&a ", "*a ", "<<: ", "!!null ", "!!bool ", "!ruby/object:VCR ", "? ",
)  # fmt: skip


def _written(random: Random, recording: dict[str, Any]) -> bytes:
    """A recording, bent, as YAML or JSON in some style and encoding."""
    data = _bent(random, recording) if random.random() < 0.9 else recording
    text = json.dumps(data, default=lambda value: value.decode("latin-1"), skipkeys=True)
    if random.random() < 0.6:
        text = _yaml(data, default_flow_style=random.choice((None, True, False)))
        if random.random() < 0.3:
            spots = [match.end() for match in re.finditer(r"(?:: |- )(?=\S)", text)]
            for at in sorted(random.sample(spots, min(3, len(spots))), reverse=True):
                text = text[:at] + random.choice(_TAGS) + text[at:]
    encoding = random.choice(("utf-8",) * 12 + ("utf-8-sig", "utf-16", "latin-1", "utf-7"))
    return _damaged(random, text.encode(encoding, "replace" if encoding == "latin-1" else "surrogatepass"))


def _yaml(data: Any, **style: Any) -> str:
    try:
        return str(yaml.dump(data, Dumper=yaml.CSafeDumper, sort_keys=False, **style))
    except UnicodeEncodeError:
        # Half of a surrogate pair can only be escaped.
        return json.dumps(data, default=str, skipkeys=True)


def _damaged(random: Random, content: bytes) -> bytes:
    """The bytes of a file, now and then cut off, doubled, or with some of them changed."""
    match random.randrange(14):
        case 0:
            return content[: random.randrange(len(content) + 1)]
        case 1:
            at = random.randrange(len(content) + 1)
            return content[:at] + random.randbytes(random.randint(1, 8)) + content[at + 4 :]
        case 2:
            return content + random.choice((b"\n---\n", b"", b"\0")) + content
    return content


def _deviations(api: str) -> dict[str, Any]:
    records = yaml.load((SPECS / api / "requirements.yaml").read_text("utf-8"), Loader=yaml.CSafeLoader)["requirements"]
    return {"deviations": [{"requirement": one["id"], "reason": "x", "since": "2026-01-01"} for one in records[:4]]}


_PYPROJECT = {
    "tool": {
        "conformance": {
            "targets": {
                "staging": {
                    "api": "vultr",
                    "url": "https://staging.example/v2",
                    "credentials": {"default": "FUZZ_KEY"},
                    "parameters": {"user-id": ["x"]},
                    "capabilities": ["clock"],
                    "facts": {"types": {"GET /v2/account": {"/account/name": {"type": "String"}}}},
                    "strict": True,
                }
            }
        }
    }
}


def _targets(random: Random) -> bytes:
    """A pyproject.toml, bent."""
    tables = _bent(random, _PYPROJECT)
    # An inline table of JSON is one of TOML with `=` for `:`.
    lines = "\n".join(f"{json.dumps(str(name))} = {_toml(value)}" for name, value in tables.items())
    return _damaged(random, lines.encode("utf-8", "replace"))


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(name))} = {_toml(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value) if isinstance(value, (str, bool, int)) else json.dumps(str(value))


def _selected(folder: Path) -> int:
    """Takes the target that the pyproject.toml of a folder names."""
    try:
        selection = select("staging", root=folder, environ={"FUZZ_KEY": "staging-key-of-nobody"})
    except ConformanceError as error:
        print(error)
        return 2
    print(selection.name)
    return 0


def fuzz(cassettes: int, specs: int, seed: int) -> Fuzzer:
    """Tries so many of each kind."""
    with tempfile.TemporaryDirectory() as folder:
        fuzzer = Fuzzer(Path(folder), seed)
        fuzzer.cassettes(cassettes)
        fuzzer.specs(specs)
        return fuzzer


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--cassettes", type=int, default=2000, metavar="N")
    parser.add_argument("--specs", type=int, default=500, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    fuzzer = fuzz(options.cassettes, options.specs, options.seed)
    for defect in fuzzer.defects:
        print(f"--- {defect.seed}\n{defect.what}")
    ended = ", ".join(f"{count} {kind} with status {status}" for (kind, status), count in fuzzer.statuses.items())
    print(f"{options.cassettes} cassettes and {options.specs} specs files, seed {options.seed}: {ended}")
    print(f"{time.monotonic() - started:.0f} s, the slowest {fuzzer.slowest:.1f} s; {len(fuzzer.defects)} defects")
    return 1 if fuzzer.defects else 0


if __name__ == "__main__":
    sys.exit(main())
