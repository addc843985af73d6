"""What the ZEIT Now API does in its own way: ids, error codes with what comes beside them, teams."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Mapping
from typing import Any

from attrs import field, mutable

from conformance.reference.messages import Principal, Problem, Request
from conformance.reference.policies import Ids, TeamAuthenticator
from conformance.reference.store import Collection

_BASE_62 = string.ascii_uppercase + string.ascii_lowercase + string.digits

PREFIXES = {
    "deployment": ("dpl_", 28),
    "build": ("hdl_", 9),
    "log": ("log_", 24),
    "record": ("rec_", 24),
    "secret": ("sec_", 24),
    "team": ("team_", 24),
    "client": ("oac_", 24),
}
"""Kind → what its ids begin with, and how many letters and digits follow; others have 24 and no prefix."""


class PrefixedIds(Ids):
    """A source of ids that begin with what their kind begins with."""

    def made(self, name: str) -> str:
        """The id that belongs to a name, whose first word is its kind."""
        return stable_id(name)


def stable_id(name: str) -> str:
    """An id that depends on the name alone; the first word of that is the kind."""
    prefix, length = PREFIXES.get(name.partition(" ")[0], ("", 24))
    number = int.from_bytes(hashlib.sha512(name.encode()).digest())
    text = ""
    for _ in range(length):
        number, digit = divmod(number, 62)
        text += _BASE_62[digit]
    return prefix + text


class Refusal(Problem):
    """A problem with the code that the document gives it, and the members that it has beside code and message."""

    def __init__(self, status: int, code: str, message: str, cause: str | None = None, **extra: Any) -> None:
        super().__init__(status, cause or code, message)
        self.code = code
        self.extra = extra


_CODES = {
    400: "bad_request",
    403: "forbidden",
    404: "not_found",
    405: "method_unknown",
    429: "too_many_requests",
    500: "internal_server_error",
}


def envelope(problem: Problem) -> dict[str, Any]:
    """The body of an error (Errors)."""
    if isinstance(problem, Refusal):
        return {"error": {"code": problem.code, "message": problem.message, **problem.extra}}
    return {"error": {"code": _CODES.get(problem.status, "internal_server_error"), "message": problem.message}}


@mutable
class Memberships(TeamAuthenticator):
    """Tokens of users, who may use their own account and the teams that they are members of.

    `members` holds who is in which team. A path that names a team says whose it is as `teamId` does.
    """

    members: Collection = field(kw_only=True)

    def authenticate(self, request: Request) -> Principal | None:
        """Who asks; a login needs no token, and one that is sent is not looked at."""
        try:
            return super().authenticate(request)
        except Problem:
            if request.segments[:1] == ("now",) or request.segments[1:2] == ("oauth",):
                return None
            raise

    def owner(self, request: Request, principal: Principal) -> str:
        """Whose resources the request is about: the team of `teamId`, else the user."""
        owner = request.query.get("teamId", principal.account)
        if owner != principal.account and self.members.get(owner, principal.account) is None:
            # A team that does not exist and one of others are refused alike, so that neither is told from it.
            raise self.refusal("team")
        return owner

    def user(self, request: Request) -> str:
        """The account of the token, whosever the resources are."""
        return self.principals[self.token(request.headers["Authorization"])].account


def digest_of(content: bytes) -> str:
    """The SHA1 of a file, by which it is known."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def text_of(body: Mapping[str, Any], name: str) -> str:
    """A member of a body that has to be text; a Problem where it is not."""
    value = body.get(name)
    if value is None:
        raise Refusal(400, "bad_request", f"The property `{name}` is required.", cause="required")
    if not isinstance(value, str) or not value:
        raise Refusal(400, "bad_request", f"The property `{name}` must be a string.", cause="type")
    return value
