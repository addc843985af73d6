"""What a Netlify reference server holds at the start: the same small records in every run.

User A is the caller: Owner of a personal team, which user C is a member of, and of one more. User B is a stranger, and
user S a member of a team with single sign-on. A's team has more sites than two pages hold; the first one has more than
a few of all that a site may have.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from conformance.reference.messages import Record
from conformance.reference.netlify.forms import SPAM, VERIFIED, form, submission
from conformance.reference.netlify.policies import OWNER, iso, stable_id
from conformance.reference.netlify.publishing import digest_of
from conformance.reference.store import PUBLIC

USER_A, USER_B, USER_C, USER_S = (stable_id(f"user {letter}") for letter in "ABCS")
TEAM_A, TEAM_A2, TEAM_B, TEAM_C, TEAM_S, TEAM_SSO = (
    stable_id(f"account {name}") for name in ("ada", "ada-works", "ben", "cleo", "sam", "sso-team")
)
ACCOUNTS = {
    TEAM_A: ("ada", USER_A, {USER_A: OWNER, USER_C: "Developer"}),
    TEAM_A2: ("ada-works", None, {USER_A: OWNER}),
    TEAM_B: ("ben", USER_B, {USER_B: OWNER}),
    TEAM_C: ("cleo", USER_C, {USER_C: OWNER}),
    TEAM_S: ("sam", USER_S, {USER_S: OWNER}),
    TEAM_SSO: ("sso-team", None, {USER_S: OWNER}),
}
"""Team → slug, the user whose personal team it is, and who is what in it."""

SITES = {TEAM_A: 12, TEAM_A2: 2, TEAM_B: 2, TEAM_C: 1, TEAM_S: 1, TEAM_SSO: 2}
"""How many sites a team has at the start."""

KEYS = {
    "accounts": "id",
    "members": "user",
    "sites": "id",
    "contents": "sha",
    "functions": "sha",
    "deploys": "id",
    "snippets": "id",
    "forms": "id",
    "submissions": "id",
    "hooks": "id",
    "variables": "key",
    "domains": "name",
}
"""The member that identifies a record of each collection."""

MANY = 8
"""How many deploys, snippets, forms, hooks and submissions to a form the first site has."""

FILES = 104
"""How many files it has: more than a page holds. Their records are the smallest of all."""

SHARED, OTHER_SHARED, OF_SITE = "SHARED_SETTING", "SHARED_SWITCH", "SITE_SETTING"
FUNCTION = "hello-world"
FORMS = ("contact", "newsletter")

LIFETIME = timedelta(days=30)
"""How long the token `expiring` is valid from the start of the server."""

_START = datetime(2025, 9, 17, 5, 13, 8, tzinfo=UTC)
_PAGE = "<!doctype html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1>{forms}</body></html>\n"
_FORM = '<form name="{name}" method="post" netlify><input name="name"><input name="email" type="email">\
<textarea name="message"></textarea></form>'


def new_site(site_id: str, account: Record, name: str, user: str, created: str) -> dict[str, Any]:
    """A site to which nothing was deployed yet."""
    return {
        "id": site_id,
        "premium": False,
        "claimed": True,
        "name": name,
        "custom_domain": None,
        "domain_aliases": [],
        "notification_email": None,
        "url": f"http://{name}.netlify.app",
        "admin_url": f"https://api.netlify.com/sites/{name}",
        "screenshot_url": None,
        "created_at": created,
        "updated_at": created,
        "user_id": user,
        "account_slug": account["slug"],
        "ssl": False,
        "force_ssl": False,
        "processing_settings": {"html": {"pretty_urls": True}},
        "_account_id": account["id"],
        "_published": None,
        "_password": None,
        "_metadata": {},
        "_next_snippet": 0,
    }


def site_id(slug: str, number: int) -> str:
    """The id of a site that is there at the start."""
    return stable_id(f"site {slug} {number}")


@cache
def rows() -> dict[str, dict[tuple[str, str], Record]]:
    """Each collection as {(owner, id): record}; shared by all servers, so copy before changing."""
    found: dict[str, dict[tuple[str, str], Record]] = {name: {} for name in KEYS}
    for name, owner, record in _records():
        found[name][owner, str(record[KEYS[name]])] = record
    return found


def _records() -> Iterator[tuple[str, str, Record]]:
    """Collection, owner and record of everything there is."""
    for name in ("www.ada-shop.example", "alias.ada-shop.example"):
        yield "domains", PUBLIC, {"name": name}
    for account_id, (slug, personal, members) in ACCOUNTS.items():
        account = {"id": account_id, "name": slug.title(), "slug": slug, "created_at": iso(_START)}
        yield "accounts", PUBLIC, {**account, "updated_at": iso(_START), "_personal_of": personal}
        for user, role in members.items():
            yield "members", account_id, {"user": user, "role": role}
        for number in range(SITES[account_id]):
            yield from _site(account, number, personal or next(iter(members)))
        for key in (SHARED, OTHER_SHARED):
            yield "variables", account_id, _variable(key, slug)


def _site(account: Record, number: int, user: str) -> Iterator[tuple[str, str, Record]]:
    slug, at = account["slug"], _START + timedelta(hours=number)
    site = new_site(site_id(slug, number), account, f"{slug}-site-{number:03}", user, iso(at))
    site["notification_email"] = f"{slug}@mail.example"
    if (slug, number) == ("ada", 0):
        site |= {"custom_domain": "www.ada-shop.example", "url": "http://www.ada-shop.example"}
        site |= {"domain_aliases": ["alias.ada-shop.example", "elsewhere.ada-shop.example"]}
        site |= {"_metadata": {"my_meta_key": "my_meta_value"}, "_next_snippet": MANY}
    # Most of the sites are there to be listed, and for nothing else.
    deployed = [] if number > 2 else list(_deploys(site, MANY if slug == "ada" and number == 0 else 2, at))
    for name, owner, record in deployed:
        if name == "deploys":
            site |= {"_published": record["id"], "updated_at": record["updated_at"]}
        yield name, owner, record
    yield "sites", account["id"], site
    if (slug, number) == ("ada", 0):
        yield from _parts(site, at)
    elif (slug, number) in (("ada", 1), ("ben", 0)):
        yield "snippets", site["id"], _snippet(0)
        yield from _forms(site, FORMS[:1], 2, at)
        yield "hooks", site["id"], _hook(site, 0, at)
        yield "variables", site["id"], _variable(OF_SITE, site["name"])


def _deploys(site: Record, count: int, at: datetime) -> Iterator[tuple[str, str, Record]]:
    for number in range(count):
        pages = FILES if count == MANY and number == count - 1 else count
        contents = {f"/page-{page}.html": _page(f"Page {page}", ()) for page in range(1, pages)}
        contents["/index.html"] = _page(f"{site['name']} {number}", FORMS)
        for content in contents.values():
            yield "contents", PUBLIC, {"sha": digest_of(content), "content": content}
        function = f"PK function of {site['name']}".encode()
        yield "functions", PUBLIC, {"sha": digest_of(function, 64), "content": function}
        created = at + timedelta(minutes=number)
        yield (
            "deploys",
            site["id"],
            {
                "id": stable_id(f"deploy {site['name']} {number}"),
                "created_at": iso(created),
                "updated_at": iso(created + timedelta(seconds=11)),
                "user_id": site["user_id"],
                "_site_id": site["id"],
                "_files": {path: digest_of(content) for path, content in contents.items()},
                "_functions": {FUNCTION: digest_of(function, 64)},
                "_draft": False,
                "_prepared": created,
                "_uploading": True,
                "_complete": created + timedelta(seconds=10),
                "_ready": created + timedelta(seconds=11),
                "_was_live": True,
            },
        )


def _page(title: str, forms: tuple[str, ...]) -> bytes:
    return _PAGE.format(title=title, forms="".join(_FORM.format(name=name) for name in forms)).encode()


def _parts(site: Record, at: datetime) -> Iterator[tuple[str, str, Record]]:
    for number in range(MANY):
        yield "snippets", site["id"], _snippet(number)
        yield "hooks", site["id"], _hook(site, number, at)
        yield "variables", site["id"], _variable(f"{OF_SITE}_{number}" if number else OF_SITE, site["name"])
    more = tuple(f"survey-{number}" for number in range(MANY - len(FORMS)))
    yield from _forms(site, FORMS, MANY, at)
    yield from _forms(site, more, 1, at)


def _snippet(number: int) -> dict[str, Any]:
    code = f'<script>console.log("Snippet {number}")</script>'
    texts = {"title": f"Snippet {number}", "general": code, "general_position": "head"}
    return {"id": number, **texts, "goal": "", "goal_position": "footer"}


def _hook(site: Record, number: int, at: datetime) -> dict[str, Any]:
    created = iso(at + timedelta(minutes=number))
    return {
        "id": stable_id(f"hook {site['name']} {number}"),
        "site_id": site["id"],
        "type": "email",
        "event": ("submission_created", "deploy_created")[number % 2],
        "data": {"email": f"hook-{number}@mail.example"},
        "created_at": created,
        "updated_at": created,
        "form_id": None,
        "form_name": None,
    }


def _forms(site: Record, names: tuple[str, ...], count: int, at: datetime) -> Iterator[tuple[str, str, Record]]:
    """Forms, with so many verified submissions each, and one spam submission less."""
    fields = [{"name": "name", "type": "text"}, {"name": "email", "type": "email"}]
    for name in names:
        form_id = stable_id(f"form {site['name']} {name}")
        told = {"paths": ["/index"], "fields": [*fields, {"name": "message", "type": "textarea"}]}
        yield "forms", site["id"], form(form_id, site["id"], name, iso(at), **told)
        for number in range(2 * count - 1):
            data = {"name": f"Visitor Number{number}", "email": f"visitor-{number}@mail.example"}
            data |= {"message": f"Hello from {number}", "ip": "192.0.2.7"}
            created = iso(at + timedelta(days=1, minutes=number))
            known = stable_id(f"submission {site['name']} {name} {number}")
            state = SPAM if number % 2 else VERIFIED
            yield "submissions", site["id"], submission(known, number + 1, data, created, site, form_id, state)


def _variable(key: str, owner: str) -> dict[str, Any]:
    values = [
        {"id": stable_id(f"value {owner} {key} {context}"), "context": context, "value": f"{context} of {owner}"}
        for context in ("production", "dev")
    ]
    told = {"key": key, "scopes": ["builds", "runtime"], "values": values, "is_secret": False}
    return {**told, "updated_at": iso(_START)}


def parameters() -> dict[str, list[str]]:
    """Known good values of path parameters, of user A; those of parts of a site are of the first one.

    The first team is user A's personal one. What begins with the name of another credential is what that one reaches.
    """
    name = "ada-site-000"
    return {
        "site_id": [site_id("ada", number) for number in range(3)],
        "deploy_id": [stable_id(f"deploy {name} {number}") for number in reversed(range(MANY))],
        "file_path": ["index.html", "page-1.html"],
        "account_slug": ["ada", "ada-works"],
        "account_id": [TEAM_A, TEAM_A2],
        "key": [SHARED],
        "id": [stable_id(f"value ada {SHARED} {context}") for context in ("production", "dev")],
        "snippet_id": [str(number) for number in range(MANY)],
        "form_id": [stable_id(f"form {name} {form}") for form in FORMS],
        "submission_id": [stable_id(f"submission {name} {FORMS[0]} {number}") for number in (0, 2, 4)],
        "hook_id": [stable_id(f"hook {name} {number}") for number in range(MANY)],
        "name": [FUNCTION],
        "second_site_id": [site_id("ben", 0)],
        "second_deploy_id": [stable_id("deploy ben-site-000 0")],
        "second_account_slug": ["ben"],
        "saml_site_id": [site_id("sso-team", 0)],
        "saml_account_slug": ["sso-team"],
    }


_SITE_TEXTS = ("id", "name", "url", "admin_url", "created_at", "updated_at", "user_id")


def facts() -> dict[str, Any]:
    """What is to be known of this server beyond the document: which records there are, and how to play a user.

    `environment` is how variables are written, `sites` where the pages of a site answer, `emulator` the calls that
    stand for what happens outside the API, `seeded` names a record that is listed at the start, `others` one of the
    second account, and `keys` what every record of a list has.
    """
    value = {"context": "{context}", "value": "{value}"}
    variable = {"key": "{key}", "scopes": ["builds", "runtime"], "values": [{"context": "all", "value": "{value}"}]}
    known = {
        "environment": {"site": "site_id", "many": True, "variable": variable, "value": value},
        "sites": "/_site/{name}",
        "emulator": {"submit": "/_emulator/submit", "dns": "/_emulator/dns"},
        "seeded": {
            "GET /api/v1/sites": {"": site_id("ada", 0)},
            "GET /api/v1/sites/{site_id}/deploys": {"": stable_id("deploy ada-site-000 0")},
            # The personal team.
            "POST /api/v1/sites": {"": "ada"},
            # A site whose domain points here.
            "POST /api/v1/sites/{site_id}/ssl": {"": site_id("ada", 0)},
        },
        "others": {
            "GET /api/v1/sites": site_id("ben", 0),
            "GET /api/v1/deploys/{deploy_id}": stable_id("deploy ben-site-000 0"),
            "GET /api/v1/accounts/{account_slug}": "ben",
        },
        "keys": {
            "GET /api/v1/sites": {"/*": dict.fromkeys(_SITE_TEXTS, "string")},
            "GET /api/v1/sites/{site_id}": {"": dict.fromkeys(_SITE_TEXTS, "string")},
            "GET /api/v1/sites/{site_id}/deploys": {"/*": dict.fromkeys((*_SITE_TEXTS, "site_id", "state"), "string")},
            "GET /api/v1/sites/{site_id}/files": {
                "/*": {**dict.fromkeys(("id", "path", "sha"), "string"), "size": "number"}
            },
            "GET /api/v1/hooks": {
                "/*": {**dict.fromkeys(("id", "site_id", "type", "event"), "string"), "data": "object"}
            },
        },
        "roles": {"owner": USER_A, "member": USER_C},
        "lifetime": LIFETIME.total_seconds(),
    }
    # Copied, so that no two places share an object: a recording then has no aliases.
    copied: dict[str, Any] = json.loads(json.dumps(known))
    return copied
