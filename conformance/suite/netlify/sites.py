"""Sites as tests see them: made by whoever has the fewest, written to, read by their id and by their domains."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from attrs import evolve

from conformance.contract import Need
from conformance.properties import Collection, Subject, Things, Unsupported
from conformance.suite.netlify.deploying import Deploying
from conformance.traffic.exchange import Exchange

SITES, SITE, CREATE = "GET /api/v1/sites", "GET /api/v1/sites/{site_id}", "POST /api/v1/sites"
PATCH, PUT, DELETE = (f"{method} /api/v1/sites/{{site_id}}" for method in ("PATCH", "PUT", "DELETE"))
IN_TEAM, ACCOUNT = "POST /api/v1/{account_slug}/sites/", "GET /api/v1/accounts/{account_slug}"
SSL = "POST /api/v1/sites/{site_id}/ssl"
GET_METADATA, PUT_METADATA = (f"{method} /api/v1/sites/{{site_id}}/metadata" for method in ("GET", "PUT"))

PARTS = ("metadata", "files", "deploys", "snippets", "forms", "submissions")
"""What is read below a site."""

A_FEW = {"per_page": 2}
"""Enough of a list for what is said of each record."""


def deploying_for_few(subject: Subject) -> Deploying:
    """Makes sites for the second account where there is one: the list of the first may take many pages to read."""
    deploying = Deploying.of(subject)
    try:
        client = subject.client.acting_as("second")
    except Unsupported:
        return deploying
    return evolve(deploying, client=client, sites=evolve(sites_of(deploying), client=client))


def sites_of(deploying: Deploying) -> Things:
    sites = deploying.sites
    assert sites is not None
    return sites


def written(deploying: Deploying, **properties: Any) -> tuple[str, dict[str, Any]]:
    """A new site with these properties and a name of its own: its id, and the body it was made with.

    Raises:
        Blocked, NotExercised: there is none.
    """
    sites = sites_of(deploying)
    body = {**sites.body(), **properties}
    return sites.create(body), body


def shown(deploying: Deploying, site: str) -> dict[str, Any]:
    """A site as it is read now."""
    return sites_of(deploying).read(site)


def own_domain(subject: Subject, deploying: Deploying) -> str | None:
    """A domain that a site may be given; None where nobody says which one.

    On a server that is thrown away any will do (RFC 2606); else it is the `domain` of `facts.emulator`.
    """
    if subject.client.guard.throwaway:
        return f"{sites_of(deploying).body()['name']}.example"
    domain = subject.session.facts.get("emulator", {}).get("domain")
    return domain if isinstance(domain, str) else None


def fixture(subject: Subject, operation: str, what: str) -> str:
    """The site that the target's facts name for an operation, which changes it.

    Raises:
        Unsupported: they name none, or it may not be written to.
    """
    site = subject.session.facts.get("seeded", {}).get(operation, {}).get("")
    if site is None:
        raise Unsupported(f"needs {what}: facts.seeded names it", Need.fact("seeded", what))
    if site not in subject.client.guard.may_write("site_id"):
        text = f"needs {what} that may be written to: name it in `disposable` of the target"
        raise Unsupported(text, Need.disposable("site_id"))
    return str(site)


def domains_of(subject: Subject, site: dict[str, Any]) -> list[str]:
    """The domains that a site shows itself to have: the host of its URL, and its own domain.

    A target may serve all sites at one host, which then names none of them.
    """
    host = urlsplit(str(site.get("url") or "")).hostname or ""
    own = site.get("custom_domain")
    base = urlsplit(subject.client.base_url).hostname
    named = dict.fromkeys([host, own] if isinstance(own, str) else [host])
    return [name for name in named if "." in name and name != base and not _is_address(name)]


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def page_of(subject: Subject, operation: str, **values: str) -> list[dict[str, Any]]:
    """The first few records of a list.

    Raises:
        Blocked: it cannot be read.
    """
    listing = Collection(subject.client, subject.contract.operation(operation), subject.conventions.lists, values)
    records = listing.page(A_FEW["per_page"]).page.records
    return [record for record in records if isinstance(record, dict)]


def is_there(deploying: Deploying, site: str) -> tuple[bool, bool]:
    """Whether a site is read by its id, and listed."""
    sites = sites_of(deploying)
    return sites.get(site).response.ok, site in sites.listed()


def read_part(deploying: Deploying, site: str, part: str, **options: Any) -> Exchange:
    """What is below a site, a few records of it."""
    operation = deploying.contract.operation(f"{SITE}/{part}")
    query = A_FEW if operation.collection is not None else {}
    return deploying.client.call(operation, {"site_id": site}, query=query, **options)
