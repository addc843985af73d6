"""Environment variables: how they are written, which the document does not show, and how they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

from attrs import define, field

from conformance.contract import Need
from conformance.properties import Collection, NotExercised, Subject, Unsupported
from conformance.properties.resource import filled_in
from conformance.suite.netlify.receiving import Site
from conformance.targets import Client
from conformance.traffic.exchange import Exchange

LIST, CREATE = "GET /api/v1/accounts/{account_id}/env", "POST /api/v1/accounts/{account_id}/env"
GET, PUT = "GET /api/v1/accounts/{account_id}/env/{key}", "PUT /api/v1/accounts/{account_id}/env/{key}"
PATCH, DELETE = "PATCH /api/v1/accounts/{account_id}/env/{key}", "DELETE /api/v1/accounts/{account_id}/env/{key}"
DELETE_VALUE = "DELETE /api/v1/accounts/{account_id}/env/{key}/value/{id}"

CONTEXTS = ("production", "dev", "deploy-preview")
"""Deploy contexts that every site has; the document names none."""

PUBLISHED: dict[str, Any] = {
    "site": "site_id",
    "many": True,
    "variable": {
        "key": "{key}",
        "scopes": ["builds", "runtime"],
        "values": [{"context": "{context}", "value": "{value}"}],
    },
    "value": {"context": "{context}", "value": "{value}"},
}
"""How variables are written by Netlify's published description of the API, where a target says nothing else."""

Values = Mapping[str, str]
"""Context → value."""


@define
class Variables:
    """The variables of one site, or those that an account shares among its sites.

    Attributes:
        client: who asks.
        account: its id.
        site: the id of the site; None for those that are shared.
        form: how they are written, as `facts.environment` has it.
        prefix: what the keys begin with that are made here.
    """

    client: Client
    subject: Subject
    account: str
    site: str | None
    form: Mapping[str, Any]
    prefix: str
    numbers: Iterator[int] = field(factory=lambda: count(1))

    @classmethod
    def shared(cls, subject: Subject) -> Variables:
        """Those of an account that may be written to.

        Raises:
            Unsupported: there is none.
        """
        subject.need("writes")
        accounts = subject.client.guard.may_write("account_id")
        if not accounts:
            text = "needs a team whose variables may be written: name its id in `disposable` of the target"
            raise Unsupported(text, Need.disposable("account_id"))
        form = {**PUBLISHED, **(subject.session.facts.get("environment") or {})}
        prefix = subject.prefix.upper().replace("-", "_")
        return cls(subject.client, subject, accounts[0], None, form, prefix)

    @classmethod
    def of_site(cls, subject: Subject) -> Variables:
        """Those of a site of this run's own, with which they go.

        Raises:
            Unsupported, Blocked, NotExercised: there is none.
        """
        variables = cls.shared(subject)
        if not variables.form["site"]:
            raise Unsupported("the target's facts say that no site has variables of its own (facts.environment.site)")
        variables.site = Site.new(subject).id
        return variables

    @property
    def scopes(self) -> list[str]:
        """The scopes that new variables are given."""
        return sorted(self.form["variable"].get("scopes", ()))

    def key(self) -> str:
        """A key that nothing else has: letters, digits and _ alone."""
        return f"{self.prefix}_{next(self.numbers)}"

    # What is sent.

    def call(self, operation: str, body: Any = None, sent: Mapping[str, Any] | None = None, **values: str) -> Exchange:
        """Calls an operation; `values` are those of path parameters beside the account, `sent` as in `Client.send`."""
        query = {self.form["site"]: self.site} if self.site is not None else {}
        return self.client.call(
            self.subject.contract.operation(operation),
            {"account_id": self.account, **values},
            query=query,
            body=body,
            **(sent or {}),
        )

    def body(self, key: str, values: Values) -> dict[str, Any]:
        """A variable with these values, as it is written."""
        variable: dict[str, Any] = filled_in(dict(self.form["variable"]), {"key": key})
        return {**variable, "values": [self.value(context, value) for context, value in values.items()]}

    def value(self, context: str, value: str) -> dict[str, Any]:
        """A value of a variable, as it is written."""
        written: dict[str, Any] = filled_in(dict(self.form["value"]), {"context": context, "value": value})
        return written

    def post(self, *written: Mapping[str, Any], **sent: Any) -> Exchange:
        """Sends a create of variables; options as in `Client.send`."""
        return self.call(CREATE, list(written) if self.form["many"] else written[0], sent)

    def create(self, *values: Values) -> list[str]:
        """Creates variables, one for each set of values; their keys.

        Raises:
            NotExercised: they cannot be created as it is taken to be done.
        """
        keys = [self.key() for _ in values]
        written = [self.body(key, each) for key, each in zip(keys, values, strict=True)]
        for several in [written] if self.form["many"] else [[one] for one in written]:
            self.accepted(self.post(*several), "created")
        return keys

    def accepted(self, exchange: Exchange, what: str) -> Exchange:
        """The answer to a write, which was accepted.

        Raises:
            NotExercised: it was not: the document shows no bodies, so that it may be ours that is wrong.
        """
        if not exchange.response.ok:
            told = "facts.environment of the target says how they are written"
            raise NotExercised(f"no variable can be {what} in this way: {exchange}; {told}")
        return exchange

    @contextmanager
    def kept_while(self, keys: Sequence[str]) -> Iterator[None]:
        """Deletes variables at the end: those that are shared go with no site."""
        try:
            yield
        finally:
            for key in keys:
                self.call(DELETE, key=key)

    # What is read.

    def listed(self, client: Client | None = None) -> dict[str, dict[str, Any]]:
        """Key → variable, as the list shows them to somebody.

        Raises:
            Blocked, NotExercised: it cannot be read whole.
        """
        operation, pagination = self.subject.contract.operation(LIST), self.subject.conventions.lists
        query = {self.form["site"]: self.site} if self.site is not None else {}
        listing = Collection(client or self.client, operation, pagination, {"account_id": self.account}, query)
        records = [record for step in listing.everything.steps for record in step.page.records]
        return {str(record.get("key")): record for record in records if isinstance(record, dict)}

    def shown(self, key: str) -> dict[str, Any]:
        """A variable as it is read by its key; empty where it cannot be read."""
        found = self.call(GET, key=key).response.at("")
        return found if isinstance(found, dict) and "key" in found else {}

    def comes_to(self, seen: Any, due: Any) -> Any:
        """What is seen: as soon as it is what is due, else after a while."""
        for pause in (1.0, 2.0, 5.0, 12.0):
            found = seen()
            if found == due:
                return found
            self.client.clock.sleep(pause)
        return seen()


def values_of(variable: Mapping[str, Any], masked: Values) -> dict[str, Any]:
    """Context → value of a variable that was read; for one that is masked, what `masked` says it is.

    A target may keep values from being read, those of secrets say.
    """
    found: dict[str, Any] = {}
    values = variable.get("values")
    for one in values if isinstance(values, list) else []:
        if isinstance(one, dict):
            context, value = str(one.get("context")), one.get("value")
            hidden = not isinstance(value, str) or not any(map(str.isalnum, value))
            # Twice the same context is no set of values.
            found[context if context not in found else f"{context} again"] = masked.get(context) if hidden else value
    return found


def ids_of(variable: Mapping[str, Any]) -> dict[str, str]:
    """Context → id of each value of a variable that was read."""
    values = variable.get("values")
    return {
        str(one.get("context")): str(one["id"])
        for one in (values if isinstance(values, list) else [])
        if isinstance(one, dict) and one.get("id") is not None
    }
