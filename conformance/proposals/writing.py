"""The files of an API that nobody described, made from its document and from recordings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from attrs import define, evolve, field, frozen

from conformance.contract import Contract, ContractError, Document, alone
from conformance.contract.loading import check_name
from conformance.proposals.conventions import Draft, draft
from conformance.proposals.evidence import Proposal
from conformance.proposals.material import Material
from conformance.proposals.requirements import Proposed, proposed
from conformance.traffic import cassette, formats
from conformance.traffic.cassette import BY_OTHERS, CassetteError, Interaction, worth_keeping
from conformance.traffic.exchange import Exchange
from conformance.traffic.files import write_whole
from conformance.traffic.formats import Told, untold
from conformance.traffic.listening import Listener

MOST_LOOKED_AT = 64 * 1024 * 1024
"""Bytes of bodies that conventions are derived from; what comes after them is kept, and not looked at."""

MOST_IN_A_FILE = 8 * 1024 * 1024
MOST_SAID = 1000
"""Bytes of bodies, and exchanges, in one file of what was recorded."""

MOST_ERRORS = 3
"""Errors of recordings that are told where nothing else was found in them."""

_ENCODED = frozenset(("content-encoding", "transfer-encoding"))


@frozen
class Written:
    """What came of it.

    Attributes:
        kept: how many exchanges were copied, in how many files.
        looked_at: how many of them conventions were derived from.
    """

    draft: Draft
    proposed: Proposed
    kept: int
    files: int
    looked_at: int
    listener: Listener


@define
class Init:
    """Writes the files of one API.

    Attributes:
        specs, cassettes: the folders below which its files go.
    """

    name: str
    document: Document
    specs: Path
    cassettes: Path
    hosts: tuple[str, ...] = ()
    _sequences: list[list[Exchange]] = field(factory=list)
    _size: int = 0
    _kept: int = 0
    _looked_at: int = 0

    @property
    def folder(self) -> Path:
        return self.specs / self.name

    @property
    def recorded(self) -> Path:
        return self.cassettes / self.name / "recorded"

    def check(self, *, force: bool) -> None:
        """Whether it may write.

        Raises:
            ContractError: the name cannot be one, or something is there already.
        """
        check_name(self.name, self.name)
        for folder in (self.folder, self.recorded):
            if folder.exists() and not force and (not folder.is_dir() or any(folder.iterdir())):
                raise ContractError(f"{folder}: is there already; --force writes over it")

    def write(self, recordings: Iterable[Path], told: Callable[[Path], Told] | None = None) -> Written:
        """Copies the recordings, and writes what they and the document tell.

        Raises:
            ContractError: no exchange with an operation of the document was recorded.
        """
        contract = alone(self.document, self.name)
        listener = Listener(contract, self.hosts)
        removed = self._older()
        count = 0
        for path in recordings:
            try:
                for number, said in enumerate(self._parts(listener, path, told(path) if told else untold)):
                    count += 1
                    target = self.recorded / f"{_stem(path)}{f'-{number + 1}' if number else ''}.yaml"
                    base = _base_of(self._sequences) or contract.conventions.origin
                    cassette.write_foreign(target, path, base, said)
                    removed.discard(target)
            except CassetteError as error:
                listener.errors.append(str(error))
        if not any(exchange.operation for sequence in self._sequences for exchange in sequence):
            hosts = listener.tally.hosts_seen
            seen = [f"the hosts seen are {hosts}; --host names one of the API"] if hosts else []
            why = "; ".join([*listener.errors[:MOST_ERRORS], *seen])
            nothing = f"no recording has an exchange with an operation of {self.document.path}"
            raise ContractError(f"{nothing}: {why}" if why else nothing)
        for path in removed:
            path.unlink()
        material = Material(contract, tuple(map(tuple, self._sequences)))
        made = draft(material, self.name, self.document.title, _base_url(material, contract))
        found = self._finish(material, made)
        return Written(made, found, self._kept, count, self._looked_at, listener)

    def _finish(self, material: Material, made: Draft) -> Proposed:
        conventions = made.conventions()
        contract = alone(self.document, self.name, conventions)
        found = proposed(material, made, contract)
        for path in self.folder.glob("document.*"):
            path.unlink()
        main, *others = self.document.files
        kind = "json" if main.suffix.lower() == ".json" else "yaml"
        write_whole(self.folder / f"document.{kind}", main.read_bytes())
        for path in others:
            write_whole(self.folder / path.relative_to(main.parent), path.read_bytes())
        head = (
            f"How {self.document.title} does things everywhere, as its document and {self._looked_at} exchanges tell.\n"
            "Proposed by `conformance init`; what stands behind a value is the evidence for it."
        )
        write_whole(self.folder / "conventions.yaml", made.text(head).encode())
        head = (
            f"What {self.document.title} is held to: one record per requirement.\n"
            "Proposed by `conformance init`: a MUST is what the document says, a SHOULD what recordings show."
        )
        text = found.text(head, self.document.title, str(conventions.base_url))
        write_whole(self.folder / "requirements.yaml", text.encode())
        return found

    def _older(self) -> set[Path]:
        """What an earlier call has copied."""
        there = self.recorded.rglob("*.yaml")
        return {path for path in there if str(formats.provenance_of(path).get("source", "")).startswith(BY_OTHERS)}

    def _parts(self, listener: Listener, path: Path, told: Told) -> Iterator[list[Interaction]]:
        """The exchanges of a recording with the API, in parts that a file can hold."""
        part: list[Interaction] = []
        size = 0
        for heard in listener.hear(formats.read(path), told):
            exchange = heard.exchange
            unread = exchange.response.unread is not None or exchange.request.unread is not None
            if unread or not exchange.response.answered:
                continue
            # What is kept in one file is one conversation to whoever reads it.
            self._look_at(exchange, begins=not part)
            part.append(_interaction(exchange))
            size += len(exchange.response.body) + len(exchange.request.body)
            self._kept += 1
            if size >= MOST_IN_A_FILE or len(part) >= MOST_SAID:
                yield part
                part, size = [], 0
        if part:
            yield part

    def _look_at(self, exchange: Exchange, *, begins: bool) -> None:
        self._size += len(exchange.response.body) + len(exchange.request.body)
        if self._size > MOST_LOOKED_AT:
            return
        if begins or not self._sequences:
            self._sequences.append([])
        self._sequences[-1].append(exchange)
        self._looked_at += 1


def _interaction(exchange: Exchange) -> Interaction:
    """An exchange as it is kept: its bodies are decoded, so that no header may say that they are not."""
    response = exchange.response
    coded = response.header("content-encoding") is not None
    dropped = _ENCODED | ({"content-length"} if coded else set())
    headers = tuple((name, value) for name, value in response.headers if name.lower() not in dropped)
    answer = evolve(response, headers=headers)
    return Interaction(worth_keeping(exchange.request), answer, exchange.negative, exchange.sent_at)


def _stem(path: Path) -> str:
    return re.sub(r"[^\w.-]+", "_", path.stem or path.name)


def _base_of(sequences: list[list[Exchange]]) -> str | None:
    """Where the API was recorded, by the exchanges with operations of its document."""
    bases: Counter[str] = Counter()
    for sequence in sequences:
        for exchange in sequence:
            url = urlsplit(exchange.request.url)
            if exchange.operation is not None and url.path.endswith(exchange.served_at):
                bases[f"{url.scheme}://{url.netloc}{url.path.removesuffix(exchange.served_at)}"] += 1
    return min(bases, key=lambda base: (-bases[base], base), default=None)


def _base_url(material: Material, contract: Contract) -> Proposal:
    base = _base_of([list(sequence) for sequence in material.sequences])
    at = sum(each.request.url.startswith(str(base)) for each in material.known)
    said = ("#/servers",) if base == contract.conventions.origin.rstrip("/") else ()
    return Proposal(base, at, len(material.known) - at, "requests", said)
