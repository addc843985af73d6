"""Sites: what is created, updated and deleted, and by which names a site is reached."""

from datetime import UTC, datetime
from typing import Any

from attrs import evolve

from conformance.properties import (
    NotExercised,
    Subject,
    Unsupported,
    assert_equal,
    assert_status,
    assert_that,
    property_test,
    requirement,
)
from conformance.suite.netlify.deploying import FINISHED, Deploying
from conformance.suite.netlify.environment import Variables
from conformance.suite.netlify.sites import (
    CREATE,
    PARTS,
    PATCH,
    PUT,
    SITE,
    SSL,
    deploying_for_few,
    domains_of,
    fixture,
    is_there,
    own_domain,
    page_of,
    read_part,
    shown,
    sites_of,
    written,
)
from conformance.targets.errors import Blocked
from conformance.targets.guard import NO_SUCH_ID
from conformance.traffic.exchange import Exchange

PRETTY, PLAIN = ({"html": {"pretty_urls": value}} for value in (True, False))
SETTABLE = ("name", "custom_domain", "processing_settings", "force_ssl")
"""What a create may set and a site shows; `force_ssl` has its effect only where SSL is enabled."""


def with_domain(subject: Subject, deploying: Deploying) -> dict[str, Any]:
    """The custom domain that a new site is given, where there is one to give."""
    domain = own_domain(subject, deploying)
    return {} if domain is None else {"custom_domain": domain}


def assert_shows(deploying: Deploying, site: str, due: dict[str, Any], when: str) -> None:
    """A site shows these members; an object may have members beside those."""

    def now() -> dict[str, Any]:
        read = shown(deploying, site)
        return {name: _of_those(value, read.get(name)) for name, value in due.items()}

    found = deploying.comes_to(now, due)
    assert_equal(found, due, f"what a site shows {when}", exchange=deploying.client.exchanges[-1])


def _of_those(due: Any, found: Any) -> Any:
    """What is found, of an object without what is not due."""
    if not (isinstance(due, dict) and isinstance(found, dict)):
        return found
    return {name: _of_those(value, found[name]) for name, value in due.items() if name in found}


def is_listed(deploying: Deploying, site: str) -> bool:
    """Whether a site comes to be in the list."""
    return bool(deploying.comes_to(lambda: site in sites_of(deploying).listed(), True))


def update(deploying: Deploying, operation: str, site: str, body: dict[str, Any]) -> Exchange:
    """Sends properties to a site, which takes them.

    Raises:
        Blocked: it does not.
    """
    sent = deploying.client.call(deploying.contract.operation(operation), {"site_id": site}, body=body)
    return deploying.client.control(sent)


@requirement("netlify.crud.site-create")
def test_a_new_site_is_what_was_asked_for(subject: Subject) -> None:
    """A site has the name and the domain that it was created with, is read by its id, and is in the list."""
    deploying = deploying_for_few(subject)
    domain = with_domain(subject, deploying)
    for properties in [{}, domain] if domain else [{}]:
        site, body = written(deploying, **properties)
        when = f"that was created with {' and '.join(sorted(body))}"
        assert_shows(deploying, site, {name: body[name] for name in ("name", *properties)}, when)
        assert_that(
            is_listed(deploying, site),
            "a new site is not in the list",
            expected=site,
            actual="a list without it",
        )


@requirement("netlify.crud.site-create-team")
def test_a_site_is_created_in_the_team_of_the_path(subject: Subject) -> None:
    """A site is in the team whose slug is in the path, and without a slug in the personal one, under its name."""
    deploying, sites = Deploying.of(subject), sites_of(Deploying.of(subject))
    slugs = subject.client.guard.may_write("account_slug")
    personal = subject.session.facts.get("seeded", {}).get(CREATE, {}).get("")
    if not slugs:
        raise Unsupported("needs a team to create sites in: name its account_slug in `disposable` of the target")
    ways = [(slug, evolve(sites, by=subject.operation_id, fixed={"account_slug": slug})) for slug in slugs[:2]]
    ways += [(str(personal), sites)] if personal else []
    for slug, things in ways:
        body = {**things.body(), "processing_settings": PLAIN}
        site = shown(deploying, things.create(body))
        if not isinstance(site.get("account_slug"), str):
            raise NotExercised("a site does not show whose it is: it has no account_slug")
        where = f"created in {slug}" if things.by else "created without a slug"
        assert_equal(site["account_slug"], slug, f"the team of a site {where}")
        assert_equal(site.get("name"), body["name"], f"the name of a site {where}")
        if site.get("processing_settings") is not None:
            settings = _of_those(PLAIN, site["processing_settings"])
            assert_equal(settings, PLAIN, f"the settings of a site {where}")


@requirement("netlify.crud.site-patch-merges")
@property_test(examples=[{"keys": [*keys]} for keys in (SETTABLE[:1], SETTABLE[1:2], SETTABLE[2:3], SETTABLE[::2])])
def test_a_patch_changes_what_it_sends(subject: Subject, keys: list[str]) -> None:
    """A PATCH gives a site the values that it sends, and leaves all else that can be set as it was."""
    deploying = deploying_for_few(subject)
    site, _ = written(deploying, **with_domain(subject, deploying), processing_settings=PRETTY)
    before = shown(deploying, site)
    changes = {"name": sites_of(deploying).body()["name"], "processing_settings": PLAIN}
    if subject.client.guard.throwaway:
        changes["custom_domain"] = own_domain(subject, deploying)
    sent = {key: changes[key] for key in keys if key in changes and key in before}
    if not sent:
        raise NotExercised(f"a site shows none of {', '.join(keys)}, or cannot be given another")
    update(deploying, PATCH, site, sent)
    due = {key: before[key] for key in SETTABLE if key in before} | sent
    assert_shows(deploying, site, due, f"after a PATCH of {', '.join(sent)}")
    assert_not_earlier(shown(deploying, site), before)


def assert_not_earlier(after: dict[str, Any], before: dict[str, Any]) -> None:
    """The time of the last update did not go back."""
    earlier, later = moment(before.get("updated_at")), moment(after.get("updated_at"))
    if earlier is not None and later is not None:
        assert_that(
            later >= earlier, "updated_at goes back", expected=f"{earlier} or later", actual=str(after["updated_at"])
        )


def moment(text: object) -> datetime | None:
    try:
        read = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


@requirement("netlify.crud.site-put-updates")
def test_a_put_applies_what_it_sends_once(subject: Subject) -> None:
    """A PUT gives a site what it sends; the same PUT again changes nothing, and neither makes a site."""
    deploying = deploying_for_few(subject)
    sites = sites_of(deploying)
    site, _ = written(deploying, processing_settings=PRETTY)
    before, was = sorted(sites.listed_but_others()), shown(deploying, site)
    sent = {"name": sites.body()["name"]}
    if "processing_settings" in was:
        sent["processing_settings"] = PLAIN
    update(deploying, PUT, site, sent)
    assert_shows(deploying, site, sent, f"after a PUT of {', '.join(sent)}")
    first = shown(deploying, site)
    update(deploying, PUT, site, sent)
    again = shown(deploying, site)
    assert_equal(again | {"updated_at": ""}, first | {"updated_at": ""}, "a site after the same PUT again")
    assert_equal(sorted(sites.listed_but_others()), before, "the ids in the list after two PUTs")


@requirement("netlify.crud.site-delete")
def test_a_deleted_site_is_gone(subject: Subject) -> None:
    """Within a minute neither a deleted site nor what is below it is read, and it is not listed; others are."""
    deploying = deploying_for_few(subject)
    sites = sites_of(deploying)
    site, other = written(deploying)[0], written(deploying)[0]
    if not deploying.comes_to(lambda: is_there(deploying, site) == (True, True), True):
        raise NotExercised("a new site is not read, or not listed")
    parts = [part for part in PARTS if read_part(deploying, site, part).response.ok]
    deploying.client.control(sites.delete(site))
    gone = deploying.comes_to(lambda: is_there(deploying, site), (False, False))
    assert_equal(gone, (False, False), "whether a deleted site is read, and listed")
    missing = subject.conventions.errors.unknown_resource
    assert_status(sites.call("read", site, negative=True), *missing, when="of a deleted site")
    for part in parts:
        assert_status(read_part(deploying, site, part, negative=True), *missing, when="of a deleted site")
    assert_equal(is_there(deploying, other), (True, True), "whether another site is read, and listed")


@requirement("netlify.crud.site-delete-200")
def test_a_delete_is_answered_with_200(subject: Subject) -> None:
    """A site that is deleted is answered with 200, whether it was ever deployed to or not."""
    deploying = Deploying.of(subject)
    empty, full = written(deploying)[0], written(deploying)[0]
    deploying.made(full, deploying.uniques("/index.html"))
    for site in (empty, full):
        exchange = sites_of(deploying).delete(site)
        deploying.client.control(exchange)
        assert_status(exchange, 200, when="that was created")


@requirement("netlify.crud.site-no-env")
def test_a_site_has_no_variables(subject: Subject) -> None:
    """Variables that are sent to a site are not in it afterwards, and not among its environment variables."""
    deploying = Deploying.of(subject)
    site, body = written(deploying)
    key = body["name"].upper().replace("-", "_")
    sent = deploying.client.call(
        deploying.contract.operation(PATCH), {"site_id": site}, body={"env": {key: "conformance"}}
    )
    if not sent.response.ok and sent.response.status_class != 4:
        raise Blocked(f"the PATCH of a site was not answered: {sent}", "usable", sent)
    told = [sent] if sent.response.ok else []
    for exchange in (*told, deploying.client.control(sites_of(deploying).get(site))):
        assert_that(
            key not in exchange.response.text,
            "a site shows a variable that was sent to it",
            expected=f"nothing of {key}",
            actual=exchange.response.text,
            exchange=exchange,
        )
    try:
        variables = Variables.shared(subject)
    except Unsupported:
        return
    variables.site = site
    try:
        found = variables.listed()
    except (Blocked, NotExercised):
        return
    assert_equal(key in found, False, "whether it is one of the environment variables of the site")


@requirement("netlify.crud.ssl-precondition")
def test_ssl_needs_a_domain(subject: Subject) -> None:
    """On a site without a domain of its own SSL is refused; that it is accepted elsewhere is another test."""
    deploying = Deploying.of(subject)
    site = written(deploying)[0]
    if shown(deploying, site).get("custom_domain"):
        raise NotExercised("a new site has a custom domain")
    exchange = deploying.client.call(deploying.contract.operation(SSL), {"site_id": site}, negative=True)
    if exchange.response.status in (404, 405, 501):
        # Nothing but a success elsewhere tells a refusal from an operation that is not there.
        having = fixture(subject, SSL, "a site whose domain points to the target")
        deploying.client.control(deploying.client.call(deploying.contract.operation(SSL), {"site_id": having}))
    assert_status(exchange, "4xx", when="on a site without a custom domain")


@requirement("netlify.crud.ssl-activates")
def test_ssl_is_activated(subject: Subject) -> None:
    """On a site whose domain points to the target SSL is accepted, and the site is there as before."""
    site = fixture(subject, SSL, "a site whose domain points to the target")
    client, contract = subject.client, subject.contract
    before = client.control(client.call(contract.operation(SITE), {"site_id": site}))
    unknown = client.call(contract.operation(SSL), {"site_id": NO_SUCH_ID}, negative=True)
    if unknown.response.ok:
        raise NotExercised(f"it is accepted for a site that nobody has: {unknown}")
    exchange = client.call(contract.operation(SSL), {"site_id": site})
    assert_status(exchange, "2xx", when="on a site whose domain points to the target")
    after = client.control(client.call(contract.operation(SITE), {"site_id": site}))
    for member in ("id", "name", "custom_domain"):
        value = before.response.at(f"/{member}")
        assert_equal(after.response.at(f"/{member}"), value, f"the {member} of a site with SSL", exchange=after)


@requirement("netlify.crud.site-id-or-domain")
def test_a_site_is_reached_by_its_domains(subject: Subject) -> None:
    """What a site answers by its id it answers by each domain that it shows: the same status, the same body."""
    operation, client = subject.operation, subject.client
    sites = [site for site in subject.session.parameters.get("site_id", ()) if "." not in site][:2]
    held = 0
    for site in sites or [str(one.get("id")) for one in page_of(subject, "GET /api/v1/sites")]:
        read = client.control(client.call(subject.contract.operation(SITE), {"site_id": site}))
        found = read.response.at("")
        domains = domains_of(subject, found if isinstance(found, dict) else {})
        try:
            values = values_below(subject, site)
        except (Blocked, NotExercised):
            continue
        for domain in domains:
            first, by_domain, again = (
                client.call(operation, {**values, "site_id": name}, query=few(subject)) for name in (site, domain, site)
            )
            client.control(first)
            if body_of(first) != body_of(again):
                continue
            held += 1
            assert_status(by_domain, first.response.status, when="by the domain of a site")
            same = body_of(by_domain) == body_of(first)
            assert_that(
                same,
                f"{operation.path} answers otherwise by the domain {domain} than by the id of the site",
                expected=first.response.text,
                actual=by_domain.response.text,
                exchange=by_domain,
            )
    if not held:
        raise NotExercised("no site with a domain was read twice alike by its id")


def few(subject: Subject) -> dict[str, int]:
    return {"per_page": 2} if subject.operation.collection is not None else {}


def body_of(exchange: Exchange) -> tuple[int, Any]:
    """Status and content of an answer."""
    response = exchange.response
    return response.status, response.json if response.is_json else response.body


def values_below(subject: Subject, site: str) -> dict[str, str]:
    """Values for what the operation names below a site: the first that its list shows.

    Raises:
        NotExercised: there is none.
    """
    values = {}
    for name in subject.operation.path_parameters:
        if name != "site_id":
            template = subject.operation.path.partition(f"/{{{name}}}")[0]
            records = page_of(subject, f"GET {template}", site_id=site)
            if not records or records[0].get("id") is None:
                raise NotExercised(f"the site has nothing of which {name} is one")
            values[name] = str(records[0]["id"]).removeprefix("/")
    return values


LISTED_IN = {
    "GET /api/v1/sites/{site_id}": "GET /api/v1/sites",
    "GET /api/v1/sites/{site_id}/deploys/{deploy_id}": "GET /api/v1/sites/{site_id}/deploys",
    "GET /api/v1/sites/{site_id}/files/{file_path}": "GET /api/v1/sites/{site_id}/files",
    "GET /api/v1/sites/{site_id}/snippets/{snippet_id}": "GET /api/v1/sites/{site_id}/snippets",
    "GET /api/v1/accounts/{account_id}/env/{key}": "GET /api/v1/accounts/{account_id}/env",
}


@requirement("netlify.crud.list-get-agree")
def test_a_list_shows_what_reading_shows(subject: Subject) -> None:
    """What a record of a list and its own GET both have is equal, as far as the list stays as it is meanwhile."""
    operation, client = subject.operation, subject.client
    listing, last = LISTED_IN[operation.id], operation.path_parameters[-1]
    fixed = {name: subject.values(operation)[name] for name in operation.path_parameters[:-1]}
    identity = "key" if last == "key" else "id"
    agreed = 0
    for record in page_of(subject, listing, **fixed):
        named = str(record.get(identity)).removeprefix("/")
        read = client.control(client.call(operation, {**fixed, last: named}))
        if record not in page_of(subject, listing, **fixed):
            continue
        found = read.response.at("")
        single = found if isinstance(found, dict) else {}
        agreed += 1
        shared = sorted(set(record) & set(single))
        assert_that(
            identity in shared,
            f"the answer to GET {operation.path} has no {identity}",
            expected=named,
            actual=read.response.text,
            exchange=read,
        )
        for member in shared:
            if member == "state" and {record[member], single[member]} <= {*FINISHED}:
                # Of a deploy that is finished the document shows two words, one in each place.
                continue
            what = f"the {member} in the answer to GET {read.path}, against that in {listing}"
            assert_equal(single[member], record[member], what, exchange=read)
    if not agreed:
        raise NotExercised(f"{listing} has no record that stays as it is")
