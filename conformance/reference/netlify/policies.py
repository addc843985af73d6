"""What the Netlify API does in its own way: ids, errors, who reaches what, bodies."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from attrs import field, frozen, mutable

from conformance.reference.core import Server
from conformance.reference.messages import Principal, Problem, Record, Request, Response
from conformance.reference.pages import PageNumberPaginator
from conformance.reference.policies import Ids, JsonBody, TeamAuthenticator, stable_uuid
from conformance.reference.senders import Sender
from conformance.reference.store import PUBLIC, Collection

if TYPE_CHECKING:
    from conformance.reference.netlify.environment import Variables
    from conformance.reference.netlify.hooks import Notices
    from conformance.reference.netlify.publishing import Flow

ZIP, JSON, OCTETS = "application/zip", "application/json", "application/octet-stream"
OWNER = "Owner"


@mutable(eq=False)
class NetlifyServer(Server):
    """A server with what only Netlify has: how deploys go on, variables are changed, hooks called."""

    flow: Flow = field(kw_only=True)
    variables: Variables = field(kw_only=True)
    notices: Notices = field(kw_only=True)
    sender: Sender = field(factory=Sender, kw_only=True)


Handling = Callable[[NetlifyServer, Request], Response]


class NetlifyIds(Ids):
    """A source of ids in the forms of the document's samples."""

    def made(self, name: str) -> str:
        """The id that belongs to a name, whose first word is its kind."""
        return stable_id(name)


def stable_id(name: str) -> str:
    """An id that depends on the name alone: a UUID for a site, 40 hex digits for a form, 24 for the rest."""
    kind = name.partition(" ")[0]
    if kind == "site":
        return stable_uuid(name)
    return hashlib.sha256(name.encode()).hexdigest()[: 40 if kind == "form" else 24]


class Invalid(Problem):
    """A 422 for a member of the body, a parameter or a header that is not as it has to be."""

    def __init__(self, field: str, message: str, cause: str = "invalid", status: int = 422) -> None:
        super().__init__(status, cause, message)
        self.field = field


class Missing(Problem):
    """A 404 for what there is none of, or none that the caller may see: the two are told alike."""

    def __init__(self, what: str) -> None:
        super().__init__(404, f"unknown-{what}", "Not Found")


def envelope(problem: Problem) -> dict[str, Any]:
    """The body of an error, for which the document shows no form."""
    if isinstance(problem, Invalid) and problem.status == 422:
        return {"errors": {problem.field: [problem.message]}}
    if problem.status == 422:
        return {"errors": {problem.source.get("parameter", "base"): [problem.message]}}
    known = problem.status == 404 or not problem.message
    return {
        "code": problem.status,
        "message": HTTPStatus(problem.status).phrase if known else problem.message,
    }


@mutable
class Access(TeamAuthenticator):
    """Tokens of users, who reach the teams that they are members of; `members` holds who is in which team.

    A token without the grant does not reach a team with single sign-on: `granted` names the tokens with it, by
    principal, and `sso` the teams.
    """

    members: Collection = field(kw_only=True)
    sso: frozenset[str] = field(kw_only=True)
    granted: frozenset[str] = field(kw_only=True)

    def owner(self, _request: Request, principal: Principal) -> str:
        """Whose resources a request is about is said by its path, so that it is the user's own account here."""
        return principal.account

    def reaches(self, principal: Principal, account: str) -> bool:
        """Whether a token may use what belongs to a team."""
        return self.role(principal, account) is not None and self.admits(principal, account)

    def admits(self, principal: Principal, account: str) -> bool:
        """Whether single sign-on does not stand between a token and a team."""
        return account not in self.sso or principal.name in self.granted

    def role(self, principal: Principal, account: str) -> str | None:
        """What a user is in a team, None for no member of it."""
        member = self.members.get(account, principal.account)
        return None if member is None else str(member["role"])


@frozen
class Bodies(JsonBody):
    """JSON bodies; none at all where all their members are optional."""

    def optional(self, request: Request) -> dict[str, Any]:
        """The members of the body, none without a body."""
        return self.parse(request) if request.body else {}

    def array(self, request: Request) -> list[Any]:
        """The items of a body that is an array."""
        value = self.value(request)
        if not isinstance(value, list):
            raise self.refusal("no-array", "The request body must be a JSON array.")
        return value

    def is_archive(self, request: Request) -> bool:
        """Whether the media type of a request says that its body is an archive to deploy."""
        return self.sent_as(request) == ZIP

    def refusal(self, cause: str, message: str) -> Problem:
        """A 415 for another media type, else a 400."""
        return Problem(415 if cause == "media-type" else 400, cause, message)


def access(server: Server) -> Access:
    """Who reaches what."""
    assert isinstance(server.authenticator, Access)
    return server.authenticator


def bodies(server: Server) -> Bodies:
    """How bodies are read."""
    assert isinstance(server.bodies, Bodies)
    return server.bodies


def principal(request: Request) -> Principal:
    """Who asks, of a request that is authenticated."""
    assert request.principal is not None
    return request.principal


def accounts_of(server: Server, request: Request) -> list[Record]:
    """The teams that the token of a request reaches."""
    known = server.store["accounts"].of(PUBLIC)
    return [one for one in known if access(server).reaches(principal(request), one["id"])]


def account_of(server: Server, request: Request) -> Record:
    """The team that the path names by its id or its slug."""
    wanted = request.arguments.get("account_id") or request.arguments["account_slug"]
    for account in server.store["accounts"].of(PUBLIC):
        if wanted in (account["id"], account["slug"]) and access(server).role(principal(request), account["id"]):
            if not access(server).admits(principal(request), account["id"]):
                raise Problem(403, "sso", "The token is not granted access to this team, which has single sign-on.")
            return account
    raise Missing("account")


def site_of(server: Server, request: Request, wanted: str | None = None, member: str = "site_id") -> Record:
    """The site that the path names by its id or one of its domains; `wanted` where it is not the path."""
    name = request.arguments[member] if wanted is None else wanted
    for account in accounts_of(server, request):
        site = server.store["sites"].get(account["id"], name) or _by_domain(server, account["id"], name)
        if site is not None:
            return site
    raise Missing("site")


def _by_domain(server: Server, account: str, domain: str) -> Record | None:
    sites = server.store["sites"].of(account) if "." in domain else []
    return next((site for site in sites if domain.lower() in domains_of(site)), None)


def domains_of(site: Record) -> list[str]:
    """The domains that a site is known by, in lower case."""
    own = [f"{site['name']}.netlify.app", site["custom_domain"]]
    return [domain.lower() for domain in own if domain]


def listing(
    server: Server,
    request: Request,
    records: Sequence[Record],
    show: Callable[[Record], Any] = dict,
    key: str = "id",
) -> Response:
    """A page of a list, with the links to the others (Pagination); `key` is what tells its records apart."""
    paginator = server.paginator
    assert isinstance(paginator, PageNumberPaginator)
    page = paginator.page(request, server.listed(request, records), key)
    response = Response.of([show(record) for record in page.items])
    links = paginator.links(request, page)
    return response.with_header("Link", links) if links else response


def text_of(body: Mapping[str, Any], name: str) -> str:
    """A member of a body that has to be text which is not empty."""
    value = body.get(name)
    if value is None:
        raise Invalid(name, "is required", "required")
    if not isinstance(value, str) or not value:
        raise Invalid(name, "must be a string that is not empty", "type")
    return value


def optional_of(body: Mapping[str, Any], name: str, kind: type | tuple[type, ...], default: Any) -> Any:
    """A member of a body that may be left out, and else has to be of this kind."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise Invalid(name, "is of the wrong type", "type")
    return value


def iso(moment: datetime) -> str:
    """A moment as the samples write it, with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def visible(record: Record) -> dict[str, Any]:
    """A record as it is sent: members whose name begins with `_` are the server's own."""
    return {name: value for name, value in record.items() if not name.startswith("_")}
