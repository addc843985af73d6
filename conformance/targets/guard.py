"""What a write may reach: only what this run created, what is given up, and ids that nobody has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx2
from attrs import define, field

from conformance.contract import Contract, Need, Operation, Resource
from conformance.contract.needs import BILLABLE, WRITES
from conformance.contract.operation import METHODS
from conformance.targets.bodies import at_place, json_of, name_place, texts
from conformance.targets.credentials import account_of
from conformance.targets.errors import Unsupported
from conformance.targets.ledger import Ledger, Made, is_refusal
from conformance.traffic.exchange import Exchange, Response

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
PREFIX = "conformance-"
RECORDED = f"{PREFIX}recorded"
NO_SUCH_ID = "00000000-0000-4000-8000-00000000c0de"
NO_SUCH = f"{PREFIX}no-such"


def is_nobodys(value: str) -> bool:
    """Whether a value names nothing anywhere: the id that nobody has, or a name that is kept for that."""
    return value == NO_SUCH_ID or value.startswith(NO_SUCH)


@define(eq=False)
class Guard:
    """Lets a write pass, or not, and keeps what the run created. Every request of a client comes by.

    As it is without arguments it lets no write pass at all.

    Attributes:
        contract: whose operations the writes are.
        writes: the target allows them.
        billable: what may cost money may be created.
        throwaway: the server is thrown away after the run, with all it has: anything may be written to.
        known: path parameter → values that a user named, which are for reading.
        given_up: path parameter → values that may be changed and destroyed.
        prefix: what the name of everything this run creates begins with.
        ledger: where each create is noted before it is sent; None only where the server is thrown away.
        made: every create so far.
        stopped: why nothing more is created, None as long as what was created can be deleted.
        existing: whose list a create adds to → the ids that were in it before; None where it could not be read.
        parts: path parameter → ids of what belongs to things that may be written to, and goes with them.
    """

    contract: Contract | None = None
    writes: bool = False
    billable: bool = False
    throwaway: bool = False
    known: Mapping[str, Sequence[str]] = field(factory=dict)
    given_up: Mapping[str, Sequence[str]] = field(factory=dict)
    prefix: str = RECORDED
    ledger: Ledger | None = None
    made: list[Made] = field(factory=list)
    stopped: str | None = None
    existing: dict[str, frozenset[str] | None] = field(factory=dict)
    parts: dict[str, set[str]] = field(factory=dict)

    @classmethod
    def of_throwaway(cls, contract: Contract, known: Mapping[str, Sequence[str]] | None = None) -> Guard:
        """The guard of a server that nobody needs after the run."""
        return cls(contract, writes=True, throwaway=True, known=known or {})

    def admit(self, request: httpx2.Request, path: str, credential: str | None) -> Made | None:
        """Lets a request pass: a create is noted first, and comes back as what it may make.

        Args:
            path: below the base URL.
            credential: name of the one it carries, None for none.

        Raises:
            Unsupported: it would write where it may not.
            HarnessError: the create cannot be noted.
        """
        method = request.method
        if method in SAFE:
            return None
        if self.contract is None or not self.writes:
            raise Unsupported(
                f"{method} {path}: not sent: writes are not allowed here; --allow-writes grants them", WRITES
            )
        query = self._scope(parse_qsl(request.url.query.decode("ascii"), keep_blank_values=True))
        operation = self.contract.router.find(method, path)
        resource = self.created_by(operation)
        if not self.throwaway:
            self._in_reach(method, path, query)
            if resource is not None and resource.billable and not self.billable:
                raise Unsupported(
                    f"{method} {path}: not sent: a {resource.name} may cost money; --allow-billable lets it be created",
                    BILLABLE,
                )
            if resource is not None:
                self._may_create(f"{method} {path}", resource, request.content)
        if operation is None:
            return None
        if resource is None:
            self._note_renames(operation, path, request.content)
            return None
        name = self._name(resource, request.content)
        made = Made(len(self.made) + 1, operation.id, dict(operation.values_in(path)), dict(query), credential, name)
        self.note(made)
        return made

    def _scope(self, query: Iterable[tuple[str, Any]]) -> list[tuple[str, str]]:
        """The query parameters that say whose a thing is: all but the version."""
        versioning = self.contract.conventions.versioning if self.contract else None
        version = versioning.parameter if versioning else None
        return [(name, str(value)) for name, value in query if name != version and value is not None]

    def key(self, create: str, values: Mapping[str, str], query: Mapping[str, Any]) -> str:
        """Whose list a create adds to."""
        return json.dumps([create, dict(values), dict(self._scope(query.items()))], sort_keys=True)

    def owner(self, made: Made) -> str:
        return self.key(made.operation, made.values, made.query)

    def note(self, made: Made) -> None:
        """Keeps a create: in the ledger, where there is one, before anything else.

        Raises:
            HarnessError: it cannot be noted.
        """
        if self.ledger is not None:
            self.ledger.sent(made)
        self.made.append(made)

    def answered(self, made: Made | None, exchange: Exchange, credential: str | None) -> None:
        """Takes note of what came of a write that was let pass, and of what an answer shows of the run's own.

        `credential` is the name of the one that it was made with.
        """
        if exchange.response.ok and exchange.operation is not None and not self.throwaway:
            self._shown(exchange, exchange.operation)
        if made is not None:
            self._created(made, exchange)
        elif exchange.response.ok and exchange.operation is not None and exchange.request.method == "DELETE":
            for each in self.at(exchange.operation, exchange.path):
                # Another account may have something of the same name; what is a team's is no account's.
                if not each.query and account_of(each.credential) != account_of(credential):
                    continue
                each.deleted = True
                if self.throwaway:
                    each.gone = True
                elif self.ledger is not None:
                    self.ledger.deleted(each)
        elif exchange.response.ok and exchange.operation is not None:
            for each, name in list(self._renamed(exchange.operation, exchange.path, exchange.request.body)):
                each.id = each.name = name
                if self.ledger is not None:
                    self.ledger.answered(each)

    def _shown(self, exchange: Exchange, operation: Operation) -> None:
        """Takes note of the parts that an answer shows of what may be written to; a user's own are none of them."""
        for resource in self.contract.conventions.resources if self.contract else ():
            parameter = resource.parameter
            for part in [name for name, shown_by in resource.parts.items() if operation.id in shown_by]:
                of = operation.values_in(exchange.path).get(parameter, "")
                if not self.ours(parameter, of) and of not in self.given_up.get(parameter, ()):
                    continue
                found = exchange.response.at("")
                ids = {str(at_place(record, "/id") or "") for record in (found if isinstance(found, list) else [found])}
                users = {value for values in self.known.values() for value in values}
                self.parts.setdefault(part, set()).update(one for one in ids - users if one.strip("/. "))

    def _renamed(self, operation: Operation, path: str, content: bytes) -> Iterator[tuple[Made, str]]:
        """What a call gives another name, where it is by its name that it is reached; and that name."""
        for made in self.made:
            resource = self.resource_of(made)
            by_name = name_place(resource) == f"{resource.object}/{resource.id}"
            if by_name and operation.id in (resource.update, resource.replace):
                name = at_place(json_of(content), name_place(resource))
                here = self._is_at(made, dict(operation.values_in(path)), made.query)
                # Under a name that is not of this run it may be another's.
                if here and isinstance(name, str) and self._bears_prefix(name, resource):
                    yield made, name

    def _note_renames(self, operation: Operation, path: str, content: bytes) -> None:
        """Keeps the name that something is about to be given, as a create is kept."""
        for made, name in self._renamed(operation, path, content):
            if self.ledger is not None:
                self.ledger.renaming(made, name)
            made.renamed.append(name)

    def gone(self, made: Made) -> None:
        """Takes note that nothing is left of a create."""
        made.gone, made.why = True, None
        if self.ledger is not None:
            self.ledger.gone(made)

    def found(self, made: Made, identity: str) -> None:
        """Takes note of the id of a create that was not answered, found by its name."""
        made.id, made.gone = identity, False
        if self.ledger is not None:
            self.ledger.answered(made)

    def _created(self, made: Made, exchange: Exchange) -> None:
        resource = self.created_by(exchange.operation)
        assert resource is not None
        response = exchange.response
        made.status = response.status
        if response.ok:
            given = response.at(f"{resource.object}/{resource.id}")
            if given is None and made.name is not None:
                # The document may show no answer to a create: where the id is chosen by the client, it is known.
                given = at_place(json_of(exchange.request.body), f"/{resource.id}")
            # What is deleted at the end is named by it: an empty one would name the whole list.
            made.id = str(given) if isinstance(given, (str, int)) and str(given).strip("/. ") else None
            if made.id is not None and not self.throwaway:
                self._doubt(made, resource, response)
        else:
            made.gone = is_refusal(made.status)
        if self.ledger is not None:
            self.ledger.answered(made)
        if response.ok and resource.delete is None and not self.throwaway:
            made.why = f"the contract has no operation to delete a {resource.name}"
            self.stop(made.why)

    def _doubt(self, made: Made, resource: Resource, response: Response) -> None:
        """What was there before is not this run's, whatever the answer to a create says."""
        named = {value for values in self.known.values() for value in values}
        before = self.existing.get(self.owner(made))
        shown = self.shown_name(resource, response.at(resource.object))
        if made.name is None:
            foreign = before is None or made.id in before
        else:
            unread = before is None and self.owner(made) in self.existing
            known_by = str(made.id) if shown is None and unread else shown
            foreign = (known_by is not None and not self._bears_prefix(known_by, resource)) or made.id in (before or ())
        # In what the run made, too, ids may be counted from 0.
        elsewhere = not any(self.ours(name, value) for name, value in made.values.items())
        if foreign or (elsewhere and made.id in named):
            made.why = f"a create was answered with {resource.name} {made.id}, which may have been there before"
            made.id = None
            self.stop(made.why)

    def stop(self, why: str) -> None:
        """Creates nothing more: what is made could not be deleted."""
        self.stopped = self.stopped or why

    def created_by(self, operation: Operation | None) -> Resource | None:
        """The resource that an operation creates."""
        if operation is None or self.contract is None:
            return None
        resources = self.contract.conventions.resources
        return next((each for each in resources if operation.id in (each.create, *each.also)), None)

    def resource_of(self, made: Made) -> Resource:
        """What a create makes."""
        assert self.contract is not None
        resource = self.created_by(self.contract.operation(made.operation))
        assert resource is not None, made.operation
        return resource

    def ours(self, parameter: str, value: str) -> bool:
        """Whether a value of a path parameter names something this run created that is still there."""
        return any(
            made.exists and value in (made.id, made.name) and self.resource_of(made).parameter == parameter
            for made in self.made
        )

    def at(self, operation: Operation, path: str) -> Iterator[Made]:
        """What this run created at a path of an operation on one resource."""
        values = dict(operation.values_in(path))
        for made in self.made:
            if self._is_at(made, values, made.query) and self.resource_of(made).delete == operation.id:
                yield made

    def _is_at(self, made: Made, values: Mapping[str, str], query: Mapping[str, str]) -> bool:
        """Whether path parameters and query lead to the very thing that a create made, where it was made."""
        parameter = self.resource_of(made).parameter
        # Where it was made may be named by more than where it is.
        where = {name: value for name, value in made.values.items() if name in values}
        return made.exists and values == {**where, parameter: made.id} and query == made.query

    def may_reach(self, method: str, path: str) -> bool:
        """Whether a write would be let pass."""
        try:
            if not self.throwaway:
                self._in_reach(method, path, ())
        except Unsupported:
            return False
        return self.writes

    def may_write(self, parameter: str) -> tuple[str, ...]:
        """The values of a path parameter that may be written to, beside those of what the run created."""
        return tuple((self.known if self.throwaway else self.given_up).get(parameter, ()))

    def _is_unknown(self, parameter: str, value: str) -> bool:
        """Whether a value names nothing anywhere."""
        assert self.contract is not None
        scope = self.contract.conventions.auth.scope
        return is_nobodys(value) or (scope is not None and (parameter, value) == (scope.parameter, scope.unknown))

    def _free(self, parameter: str, value: str) -> bool:
        given_up = value in self.given_up.get(parameter, ()) or value in self.parts.get(parameter, ())
        return self._is_unknown(parameter, value) or given_up or self.ours(parameter, value)

    def _for_reading(self, value: str) -> bool:
        """Whether a user named a value, and did not give it up."""
        return any(value in values and not self._free(name, value) for name, values in self.known.items())

    def _in_reach(self, method: str, path: str, query: Sequence[tuple[str, str]]) -> None:
        """Passes if everything that the path and the query name may be written to.

        Raises:
            Unsupported: it may not.
        """
        assert self.contract is not None
        where = f"{method} {path}: not sent:"
        operation = self.contract.router.find(method, path)
        ended = operation is not None and operation.path.endswith("/")
        segments = [unquote(part) for part in (path.removesuffix("/") if ended else path).split("/")[1:]]
        if any(segment in ("", ".", "..") or "/" in segment for segment in segments):
            raise Unsupported(f"{where} a path with empty segments, dots or slashes in them may lead anywhere")
        query = [each for each in query if operation is None or not operation.chooses(each[0])]
        known, beyond = self._known_part(path)
        # What a rest of a path names is a part of what stands before it.
        inner = {known.rest if known else None, *self.contract.conventions.inner_names}
        named = [each for each in known.values_in(path).items() if each[0] not in inner] if known else []
        if not beyond and any(self._is_at(made, dict(named), dict(query)) for made in self.made):
            return
        of_given_up = False
        for name, value in [*named, *query]:
            # What belongs to something that is given up goes with it, unless a user named it for reading.
            if of_given_up and (name, value) in named and not self._for_reading(value):
                continue
            of_given_up = of_given_up or value in self.given_up.get(name, ())
            if not self._free(name, value):
                raise Unsupported(
                    f"{where} {name} {value} was not created by this run; where it may be changed and destroyed, "
                    "name it under `disposable` of the target, or with --disposable",
                    Need.disposable(name),
                )
        for value in beyond:
            if self._for_reading(value):
                raise Unsupported(f"{where} {value} is for reading")
        if operation is None and not named and not (self._is_nobodys(path, segments) or self._is_below_ours(segments)):
            raise Unsupported(f"{where} nothing in the path was created by this run")
        if operation is not None and not named and self.created_by(operation) is None:
            raise Unsupported(f"{where} what it makes or changes is not known, and could not be deleted")

    def _known_part(self, path: str) -> tuple[Operation | None, list[str]]:
        """An operation, of any method, at the longest beginning of a path that has one, and the segments after it."""
        assert self.contract is not None
        segments = path.split("/")
        for end in range(len(segments), 1, -1):
            begun = "/".join(segments[:end])
            for method in METHODS:
                found = self.contract.router.find(method, begun)
                if found is not None:
                    return found, [unquote(part) for part in segments[end:]]
        return None, [unquote(part) for part in segments[1:]]

    def _is_below_ours(self, segments: Sequence[str]) -> bool:
        """Whether a path names something this run created, as that of a page of a site does."""
        return any(made.exists and made.name is not None and made.name in segments for made in self.made)

    def _is_nobodys(self, path: str, segments: list[str]) -> bool:
        assert self.contract is not None
        return path == self.contract.conventions.errors.unknown_path or is_nobodys(segments[-1])

    def _may_create(self, where: str, resource: Resource, content: bytes) -> None:
        if self.stopped is not None:
            raise Unsupported(f"{where}: not sent: nothing more is created on this target: {self.stopped}")
        if self.ledger is None:
            raise Unsupported(f"{where}: not sent: there is no ledger to note it in")
        body = json_of(content)
        place = name_place(resource)
        value = at_place(body, place)
        if isinstance(value, str) and value.strip() and not self._bears_prefix(value, resource):
            raise Unsupported(f"{where}: not sent: {value!r} is no name of this run")
        for text in texts(body):
            if self._for_reading(text):
                raise Unsupported(f"{where}: not sent: its body names {text}, which is for reading")

    def shown_name(self, resource: Resource, record: Any) -> str | None:
        """The name that a record of a target shows, where it shows one."""
        place = name_place(resource)
        shown = at_place(
            record, place.removeprefix(resource.object) if place.startswith(f"{resource.object}/") else place
        )
        return shown if isinstance(shown, str) else None

    def shown_names(self, resource: Resource, record: Any) -> list[str]:
        """What may be the name of a record: the one it shows; where it shows none, its texts from each word on."""
        shown = self.shown_name(resource, record)
        if shown is not None:
            return [shown]
        return [text[word.start() :] for text in texts(record) for word in re.finditer(r"(?<![\w-])\w", text)]

    def is_nowhere(self, made: Made) -> bool:
        """Whether a create was sent to a place that nobody has, or that went with what this run made."""
        gone = [each for each in self.made if each.gone and each.id is not None]
        return any(
            self._is_unknown(name, value)
            or any(each.id == value and self.resource_of(each).parameter == name for each in gone)
            for name, value in (*made.values.items(), *made.query.items())
        )

    def is_named_by_others(self, resource: Resource, record: Any) -> bool:
        """Whether a record shows a name that this run gave to nothing, at a target that others use."""
        shown = self.shown_name(resource, record)
        return not self.throwaway and shown is not None and not self._bears_prefix(shown, resource)

    def _bears_prefix(self, value: str, resource: Resource) -> bool:
        head = str(at_place(resource.body, name_place(resource))).partition("{unique}")[0]
        # A target may keep names in lower or in upper case.
        return value.lower().startswith((f"{head}{self.prefix}-".lower(), f"{head}{RECORDED}-".lower()))

    def _name(self, resource: Resource, content: bytes) -> str | None:
        """The name in a body, also in one that is no JSON."""
        value = at_place(json_of(content), name_place(resource))
        if isinstance(value, str) and (self.throwaway or self._bears_prefix(value, resource)):
            return value
        found = re.search(rf"(?:{re.escape(self.prefix)}|{RECORDED})-[0-9a-f]+-[0-9]+", content.decode("latin-1"))
        return found[0] if found else None
