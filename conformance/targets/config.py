"""Which target answers: by name, by URL, or as `[tool.conformance.targets.<name>]` of a pyproject.toml says."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from attrs import evolve, frozen
from pydantic import Discriminator, Field, Tag

from conformance.contract import Contract, ContractError, Record, Spec, contracts, load, validated
from conformance.targets.buckets import Kept
from conformance.targets.clock import RemoteClock
from conformance.targets.errors import TargetError
from conformance.targets.facts import Facts
from conformance.targets.origin import Origin
from conformance.targets.reference import SERVED, ReferenceTarget
from conformance.targets.sharing import PROCESS, BudgetRecord, kept
from conformance.targets.target import CASSETTES, CassetteTarget, Target, UrlTarget
from conformance.targets.tokens import SourceRecord, Tokens, unfit
from conformance.traffic.redact import Redactor
from conformance.traffic.urls import is_loopback, origin_of

BUILT_IN = ("cassette", "reference")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
CAPABILITIES = frozenset({"writes", "load", "clock", "seeded", "billable", "tls", "h2", "single-consumer", "receiver"})


Source = Annotated[
    Annotated[str, Tag("variable")] | Annotated[SourceRecord, Tag("source")],
    Discriminator(lambda given: "variable" if isinstance(given, str) else "source"),
]


class TargetRecord(Record):
    """One `[tool.conformance.targets.<name>]` table.

    Attributes:
        api: whose contract it is held to.
        url: its base URL.
        credentials: credential name → environment variable, or what else it comes from; the conventions' variables
            where left out.
        capabilities: what it allows beyond what its address implies.
        parameters: parameter → values known to exist, which are for reading.
        disposable: parameter → values that are given up: tests may change and destroy what they name.
        paths: operation, or the beginning of documented paths → the path that serves it, below the base URL.
        discover: where a documented path is not found, look with GETs for the version that is served.
        seed: `module:function` that fills the target's lists before a run that may write; it is called with a
            `conformance.properties.seeding.Seeding`.
        facts: what else is known about it, e.g. the releases it serves.
        deviations: file of known deviations, relative to the pyproject.toml.
        ca: file with certificates to trust beside the usual ones, relative to the pyproject.toml.
        plain_url: where it answers in clear.
        clock_url: where its clock is moved on, by a POST of `{"advance": SECONDS}`; nothing is waited for then.
        budget: the rate that a run keeps to, and together with whom.
        strict: it claims the document to the letter.
    """

    api: str
    url: str
    credentials: dict[str, Source] = Field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    parameters: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    disposable: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    paths: dict[str, str] = Field(default_factory=dict)
    discover: bool = False
    seed: str | None = Field(default=None, pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")
    facts: Facts = Field(default_factory=Facts)
    deviations: str | None = None
    ca: str | None = None
    plain_url: str | None = None
    clock_url: str | None = None
    budget: BudgetRecord = Field(default_factory=BudgetRecord)
    strict: bool = False


class Settings(Record):
    """The `[tool.conformance]` table of a pyproject.toml."""

    targets: dict[str, dict[str, Any]] = Field(default_factory=dict)


@frozen
class Selection:
    """What `--target` and `--api` came to: one target for each API, and the deviations that are known."""

    name: str
    targets: Mapping[str, Target]
    deviations: Path | None = None


def select(
    name: str,
    api_names: tuple[str, ...] = (),
    *,
    root: Path = Path(),
    environ: Mapping[str, str] = os.environ,
    cassettes: Path = CASSETTES,
    specs: Path | None = None,
    allow_writes: bool = False,
    allow_billable: bool = False,
    parameters: Mapping[str, tuple[str, ...]] | None = None,
    disposable: Mapping[str, tuple[str, ...]] | None = None,
    discover: bool = False,
    spec: Spec | None = None,
    share: str | None = None,
) -> Selection:
    """The target of each API asked for, or of every API that has a contract.

    `parameters` are values known to exist at a URL, beside those that its record names, and `disposable` those
    that may be changed and destroyed; `specs` is a folder with APIs beside the shipped ones; with `discover` the
    paths that a URL serves are looked for, where they are not those of the document. `allow_billable` adds to what
    `allow_writes` allows what may cost money. A published document `spec` is
    the contract, of one API or by itself. `share` says with whom the rate budget of a URL is shared.

    Raises:
        ContractError: an API is unknown or has no contract.
        TargetError: the target is unknown, its record is wrong, or a variable with a credential is not set.
    """
    allowed = {name for name, given in (("writes", allow_writes), ("billable", allow_billable)) if given}
    given, given_up = dict(parameters or {}), dict(disposable or {})
    for option, values in (("--parameter", given), ("--disposable", given_up)):
        if values and name in BUILT_IN:
            raise TargetError(f"{option} {next(iter(values))}: is for a URL or a named target, {name} knows its own")
    if share is not None and name in BUILT_IN:
        raise TargetError(f"--budget-share: is for a URL or a named target, {name} is called as fast as it answers")
    if discover and name in BUILT_IN:
        raise TargetError(f"--discover: is for a URL or a named target, {name} serves the documented paths")
    records = _records(root / "pyproject.toml")
    loaded = _contracts(api_names, specs, spec)
    if name == "cassette":
        return Selection(name, {api: CassetteTarget(c, cassettes / api) for api, c in loaded.items()})
    if name == "reference":
        # What is not asked for by name is left out where nothing serves it; a document is asked for.
        if unserved := set(loaded if spec else api_names) - set(SERVED):
            raise TargetError(f"there is no reference server for {min(unserved)}: give the URL of a target")
        return Selection(name, {api: ReferenceTarget(c) for api, c in loaded.items() if api in SERVED})
    if "://" in name:
        if len(loaded) != 1:
            raise TargetError(f"--target {name}: say with --api which API answers there")
        (contract,) = loaded.values()
        record = TargetRecord(
            api=contract.api,
            url=name,
            parameters=given,
            disposable=given_up,
            discover=discover,
            budget=_shared(BudgetRecord(), share),
        )
        url = _split(name)
        label = "-".join(str(part).replace(":", "-") for part in (url.hostname, url.port) if part)
        target = _at_url(label, record, contract, environ, allowed, root)
        target.given = name
        return Selection(label, {contract.api: target})
    root, name, records = _of_file(name, api_names, root, records)
    if name not in records:
        known = ", ".join([*BUILT_IN, *sorted(records), "a URL"])
        raise TargetError(f"unknown target {name!r}: known are {known}")
    record = records[name]
    added = {
        "parameters": record.parameters | given,
        "disposable": record.disposable | given_up,
        "discover": record.discover or discover,
        "budget": _shared(record.budget, share),
    }
    record = record.model_copy(update=added)
    if (api_names or spec is not None) and record.api not in loaded:
        raise TargetError(f"the target {name!r} answers for {record.api}, not for {', '.join(loaded)}")
    contract = loaded.get(record.api) or load(record.api, specs)
    target = _at_url(name, record, contract, environ, allowed, root)
    deviations = root / record.deviations if record.deviations else None
    return Selection(name, {record.api: target}, deviations)


def _contracts(api_names: tuple[str, ...], specs: Path | None, spec: Spec | None) -> dict[str, Contract]:
    """The contract of each API asked for, or of every one; of a published document that of its API."""
    apis = tuple(dict.fromkeys(api_names))
    if spec is None:
        return {api: load(api, specs) for api in apis or contracts(specs)}
    if len(apis) > 1:
        raise TargetError(f"--spec {spec.file}: is of one API, and --api names {', '.join(apis)}")
    contract = spec.contract(apis[0] if apis else None, specs)
    return {contract.api: contract}


def _shared(record: BudgetRecord, share: str | None) -> BudgetRecord:
    """A budget that is shared as an option says, where it is given."""
    stated = record.model_dump(exclude_unset=True) | ({} if share is None else {"share": share})
    return validated(BudgetRecord, stated, "--budget-share")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise TargetError(f"the URL of the target cannot be read: {error}") from None
    return parts


def _of_file(
    name: str, api_names: tuple[str, ...], root: Path, records: dict[str, TargetRecord]
) -> tuple[Path, str, dict[str, TargetRecord]]:
    """Where `--target` names a TOML file: its folder, and the one target in it that answers for what is asked for."""
    path = Path(name)
    if name in records or path.suffix != ".toml":
        return root, name, records
    if not path.is_file():
        raise TargetError(f"--target {name}: there is no such file")
    found = {label: one for label, one in _records(path).items() if not api_names or one.api in api_names}
    if len(found) != 1:
        told = f"several: {', '.join(sorted(found))}; say with --api which" if found else "none"
        raise TargetError(f"--target {name}: of [tool.conformance.targets.<name>] the file has {told}")
    return path.resolve().parent, next(iter(found)), found


def _records(path: Path) -> dict[str, TargetRecord]:
    """The targets that a pyproject.toml names; none where there is no such file."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise TargetError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise TargetError(f"{path}: is not TOML: byte {error.start} is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise TargetError(f"{path}: is not TOML: {error}") from None
    tool = data.get("tool")
    where = f"{path.name}: tool.conformance"
    tables = validated(Settings, tool.get("conformance", {}) if isinstance(tool, dict) else {}, where).targets
    for name in tables:
        if name in BUILT_IN or not _NAME.fullmatch(name):
            # Reports and deviations of a target lie in a folder and a file of its name.
            raise TargetError(
                f"{where}.targets: {name!r} can be no target's name: "
                f"it is made of letters, digits, `.`, `_` and `-`, and is none of {', '.join(BUILT_IN)}"
            )
    return {name: validated(TargetRecord, table, f"{where}.targets.{name}") for name, table in tables.items()}


def _with_variables(contract: Contract, credentials: Mapping[str, Source]) -> Contract:
    """The contract, with credentials under the variables that a target names: what is told of them names those.

    One that comes from elsewhere, and that the conventions do not have, is told of under a variable of its name.
    """
    if not credentials:
        return contract
    auth = contract.conventions.auth
    elsewhere = {name: auth.credentials.get(name, f"TOKEN_{name.upper().replace('-', '_')}") for name in credentials}
    variables = {name: one if isinstance(one, str) else elsewhere[name] for name, one in credentials.items()}
    named = auth.model_copy(update={"credentials": {**auth.credentials, **variables}})
    return evolve(contract, conventions=contract.conventions.model_copy(update={"auth": named}))


def _credentials(record: TargetRecord, contract: Contract, environ: Mapping[str, str], root: Path) -> Tokens:
    sources = {key: one for key, one in record.credentials.items() if isinstance(one, SourceRecord)}
    variables = contract.conventions.auth.credentials
    given = {
        key: environ[variable] for key, variable in variables.items() if key not in sources and environ.get(variable)
    }
    if "default" in variables and "default" not in {**given, **sources}:
        raise TargetError(f" needs a token: set the environment variable {variables['default']}")
    for key, token in given.items():
        if problem := unfit(token):
            raise TargetError(f": {variables[key]} holds {problem}")
    for key, source in sources.items():
        try:
            source.check(root)
        except TargetError as error:
            raise TargetError(f": the credential {key!r}: {error}") from None
    # A name or a token that cannot be kept out of recordings is refused now, not at the first request.
    Redactor({**given, **dict.fromkeys(sources, "what stands in for a token")})
    return Tokens(given, sources, root)


def _kept(
    record: TargetRecord, contract: Contract, base_url: str, credentials: Tokens, environ: Mapping[str, str]
) -> Kept | None:
    budget = record.budget
    if record.clock_url is not None and budget.share != PROCESS and "share" in budget.model_fields_set:
        raise TargetError(": budget: is not shared where a clock is moved on, since nobody else's moves with it")
    source = credentials.sources.get("default")
    account = source.model_dump_json() if source else credentials.given.get("default", "")
    try:
        return kept(budget, contract.api, base_url, account, contract.conventions.rate_limit, environ)
    except TargetError as error:
        raise TargetError(f": {error}") from None


def _at_url(
    name: str, record: TargetRecord, contract: Contract, environ: Mapping[str, str], allowed: set[str], root: Path
) -> UrlTarget:
    url = _split(record.url)
    if "@" in url.netloc or url.query or url.fragment:
        raise TargetError(f"the target {name!r}: its URL may not carry credentials, a query or a fragment")
    if url.scheme not in ("http", "https") or not url.hostname:
        raise TargetError(f"the target {name!r}: {record.url} is no http or https URL")
    loopback = is_loopback(record.url)
    if url.scheme == "http" and not loopback:
        raise TargetError(
            f"the target {name!r}: a token is sent over TLS only, and {record.url} is neither https nor loopback"
        )
    unknown = sorted(set(record.capabilities) - CAPABILITIES)
    if unknown:
        raise TargetError(
            f"the target {name!r}: unknown capability {unknown[0]!r}: known are {', '.join(sorted(CAPABILITIES))}"
        )
    base_url = contract.below_documented_prefix(record.url)
    plain = origin_of(record.plain_url) if record.plain_url is not None else None
    if record.plain_url is not None and (plain is None or plain.host != Origin.of(base_url).host):
        raise TargetError(f"the target {name!r}: plain_url is on another host than url")
    ca = root / record.ca if record.ca else None
    if ca is not None and not ca.is_file():
        raise TargetError(f"the target {name!r}: ca: there is no file {ca}")
    if "load" in record.capabilities and not loopback:
        raise TargetError(f"the target {name!r}: load tests run against loopback addresses only")
    if "receiver" in record.capabilities and not loopback:
        raise TargetError(f"the target {name!r}: only what is on loopback can call a receiver there")
    capabilities = set(record.capabilities) - {"writes"} | allowed
    if loopback:
        capabilities |= {"load", "receiver"}
    if url.scheme == "https":
        # What a document promises of HTTP/2 is asked of every host but an emulator, which says so if it has it.
        capabilities |= {"tls"} if loopback else {"tls", "h2"}
    if record.clock_url is not None:
        if not is_loopback(record.clock_url) or _split(record.clock_url).scheme != "http":
            raise TargetError(
                f"the target {name!r}: clock_url is no http URL on loopback, where alone a clock is moved"
            )
        capabilities.add("clock")
    contract = _with_variables(contract, record.credentials)
    try:
        credentials = _credentials(record, contract, environ, root)
        share = _kept(record, contract, base_url, credentials, environ)
    except TargetError as error:
        raise TargetError(f"the target {name!r}{error}") from None
    for parameter in (*record.parameters, *record.disposable):
        if parameter not in contract.named_by_targets:
            raise TargetError(
                f"the target {name!r}: {contract.api} has no parameter {parameter!r} that a target names values of: "
                f"known are {', '.join(contract.named_by_targets)}"
            )
    try:
        routes = contract.routes(record.paths)
    except ContractError as error:
        raise TargetError(f"the target {name!r}: {error}") from None
    examples = {parameter: values for op in contract.operations for parameter, values in op.examples.items() if values}
    target = UrlTarget(
        contract=contract,
        name=name,
        base_url=base_url,
        credentials=credentials,
        capabilities=frozenset(capabilities),
        parameters=examples | record.parameters,
        assumed=frozenset(examples.keys() - record.parameters.keys()),
        disposable=record.disposable,
        routes=routes,
        discover=record.discover,
        seed=record.seed,
        root=root,
        given=name,
        facts=record.facts.stated,
        ca=ca,
        plain_url=record.plain_url,
        strict=record.strict,
        rate=record.budget.rate,
        kept=share,
    )
    if record.clock_url is not None:
        target.clock = RemoteClock(record.clock_url)
    return target
