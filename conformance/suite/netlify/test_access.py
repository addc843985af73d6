"""Who reaches what: sites of others, teams with single sign-on, passwords; that reading changes nothing."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from conformance.contract import Need
from conformance.properties import (
    Collection,
    NotExercised,
    Subject,
    Unsupported,
    assert_equal,
    assert_not_status,
    assert_status,
    assert_that,
    requirement,
)
from conformance.suite.netlify import environment
from conformance.suite.netlify.deploying import CREATE as DEPLOY
from conformance.suite.netlify.deploying import DEPLOYS, Deploying, digest
from conformance.suite.netlify.environment import Variables
from conformance.suite.netlify.sites import (
    A_FEW,
    ACCOUNT,
    PATCH,
    PUT,
    SITE,
    SITES,
    deploying_for_few,
    page_of,
    sites_of,
    written,
)
from conformance.targets import Client
from conformance.traffic.exchange import Exchange

PAGES = 10
"""Of a list that are looked through for a password."""


def sites_listed(subject: Subject, client: Client) -> list[str]:
    """The ids of the sites that somebody has access to."""
    return Collection(client, subject.contract.operation(SITES), subject.conventions.lists).ids


@requirement("netlify.auth.no-token-denied", on=(environment.CREATE, DEPLOY))
def test_nothing_is_made_without_a_token(subject: Subject) -> None:
    """What is accepted with a token is refused without one, and makes nothing."""
    if subject.operation_id == DEPLOY:
        deploying = Deploying.of(subject)
        site = deploying.site()
        body = digest(deploying.uniques("/index.html"))
        subject.client.control(deploying.post(site, body))
        _is_refused(lambda **sent: deploying.post(site, body, **sent), lambda: deploying.listed(site))
        return
    variables = Variables.of_site(subject)
    variables.create({"production": "one"})
    body = variables.body(variables.key(), {"production": "two"})
    _is_refused(lambda **sent: variables.post(body, **sent), lambda: sorted(variables.listed()))


def _is_refused(post: Callable[..., Exchange], listed: Callable[[], list[str]]) -> None:
    before = listed()
    exchange = post(credential=None, negative=True)
    assert_not_status(exchange, "2xx", when="without a credential")
    assert_equal(listed(), before, "the list after that", exchange=exchange)
    assert_status(exchange, "4xx", when="without a credential")


@requirement("netlify.auth.foreign-site-denied")
def test_a_site_of_another_is_out_of_reach(subject: Subject) -> None:
    """A site that one account has listed and reads, is neither listed nor read by another, nor is what it has."""
    stranger, operation = subject.client.acting_as("second"), subject.operation
    if operation.id != SITES and "site_id" not in operation.path_parameters:
        _is_out_of_reach(subject, stranger, subject.values(operation))
        return
    sites = [str(one.get("id")) for one in page_of(subject, SITES)[:1]]
    if not sites:
        raise NotExercised("the account has no site")
    if "writes" in subject.session.capabilities:
        sites.append(written(Deploying.of(subject))[0])
    theirs = sites_listed(subject, stranger) if operation.id == SITES else []
    for site in sites:
        if operation.id != SITES:
            _is_out_of_reach(subject, stranger, {"site_id": site})
            continue
        subject.client.control(subject.client.call(subject.contract.operation(SITE), {"site_id": site}))
        when = "whether the list of another account has the site"
        assert_equal(site in theirs, False, when, exchange=stranger.exchanges[-1])


def _is_out_of_reach(subject: Subject, stranger: Client, values: Mapping[str, str]) -> None:
    """What is answered to the account that has it is refused to another."""
    own = subject.client.control(subject.client.call(subject.operation, values, query=_few(subject)))
    exchange = stranger.call(subject.operation, values, query=_few(subject), negative=True)
    empty = subject.operation.collection is not None and exchange.response.at("") == []
    if empty and subject.operation.id != DEPLOYS:
        # Of what a site has beside its deploys an empty list shows nothing either.
        if own.response.at("") == []:
            raise NotExercised("the list is empty for the account that has the site, too")
        assert_equal(len(exchange.response.at("")), 0, "records of another account's site", exchange=exchange)
        return
    assert_status(exchange, "4xx", when="with the token of another account")


def _few(subject: Subject) -> dict[str, int]:
    return A_FEW if subject.operation.collection is not None else {}


@requirement("netlify.auth.saml-denied-by-default")
def test_a_team_with_single_sign_on_needs_the_grant(subject: Subject) -> None:
    """What a token reaches with the grant for a team, another token of the same user does not reach without it."""
    granted, other = subject.client.acting_as("saml"), subject.client.acting_as("no-saml")
    known, operation = subject.session.parameters, subject.operation
    name = "saml_account_slug" if operation.id == ACCOUNT else "saml_site_id"
    if not known.get(name):
        raise Unsupported(f"needs a team with single sign-on, and a site of it: {name}", Need.parameter(name))
    value = known[name][0]
    if operation.id == SITES:
        if value not in sites_listed(subject, granted):
            raise NotExercised("the site of the team is not in the list for the token with the grant")
        own = sites_listed(subject, other)
        when = "whether it is in the list for the token without the grant"
        assert_equal(value in own, False, when, exchange=other.exchanges[-1])
        return
    values = {operation.path_parameters[0]: value}
    granted.control(granted.call(operation, values))
    # The token is good, so that it is the team that it does not reach.
    other.control(other.call(subject.contract.operation(SITES), query=A_FEW))
    assert_status(other.call(operation, values, negative=True), "4xx", when="with a token that lacks the grant")


@requirement("netlify.errors.method-not-allowed")
def test_a_method_that_a_path_lacks_is_refused(subject: Subject) -> None:
    """A PATCH of the types of hooks is refused, and they are what they were."""
    operation, client = subject.operation, subject.client
    before = client.control(client.call(operation))
    exchange = client.send("PATCH", operation.path, body={"name": "conformance"}, negative=True)
    assert_status(exchange, "4xx", 501, when="with a method that the path lacks")
    after = client.control(client.call(operation))
    assert_equal(after.response.at(""), before.response.at(""), "the types of hooks after that", exchange=exchange)


def times_in(value: Any) -> list[tuple[str, str]]:
    """Id and last update of every object in an answer that has either, in an order of their own."""
    if isinstance(value, list):
        return sorted(found for item in value for found in times_in(item))
    if isinstance(value, dict):
        own = [(str(value.get("id")), str(value.get("updated_at")))] if {"id", "updated_at"} & set(value) else []
        return sorted([*own, *times_in([*value.values()])])
    return []


@requirement("netlify.crud.get-is-safe")
def test_reading_changes_nothing(subject: Subject) -> None:
    """After a GET the same ids are there with the same times of their last update, in what it answers and in a site.

    What differs once may have been written by others; what differs time and again is what reading does.
    """
    client, operation, query = subject.client, subject.operation, _few(subject)
    values, site = subject.values(operation), subject.session.parameters.get("site_id", ())
    asked = {**operation.asked_of(subject.session.parameters), **query}

    def read() -> list[list[tuple[str, str]]]:
        found = [client.control(client.call(operation, values, query=asked))]
        if site:
            found.append(client.control(client.call(subject.contract.operation(SITE), {"site_id": site[0]})))
        return [times_in(exchange.response.at("")) for exchange in found]

    before, after = read(), read()
    if not any(before):
        raise NotExercised("nothing that is read has an id or the time of an update")
    if after != before:
        before, after = after, read()
    assert_equal(after, before, "ids and times of update before and after a GET", exchange=client.exchanges[-1])


@requirement("netlify.security.site-password-write-only")
def test_a_password_is_not_told(subject: Subject) -> None:
    """The password of a site is not in the answer to what sets it, nor in that to a GET, nor in the list."""
    deploying = deploying_for_few(subject)
    sites, client = sites_of(deploying), deploying.client
    password = f"{subject.prefix}-of-no-answer"
    if subject.operation_id == PUT:
        site = written(deploying)[0]
        exchange = sites.call("replace", site, body={"password": password})
    elif subject.operation_id == PATCH:
        site = written(deploying)[0]
        exchange = sites.call("update", site, body={"password": password})
    else:
        exchange = sites.post({**sites.body(), "password": password})
    if exchange.response.status_class == 4:
        raise NotExercised(f"a site cannot be given a password: {exchange}")
    _tells_nothing(client, password, client.control(exchange))
    if not sites.created:
        raise NotExercised(f"{exchange}: the answer names no site")
    _tells_nothing(client, password, client.control(sites.get(sites.created[-1])))
    step = sites.listing.page()
    for _ in range(PAGES):
        _tells_nothing(client, password, step.exchange)
        if step.page.next is None:
            break
        step = sites.listing.follow(step)


def _tells_nothing(client: Client, password: str, exchange: Exchange) -> None:
    """The last answer does not hold it, in whatever form; it is looked for as it came, before it is redacted."""
    answer = client.last_answer
    if answer is None:
        raise NotExercised("the answer is too large to look for a password in")
    found = [form for form in _forms(password) if form in answer.text]
    assert_that(
        not found,
        "an answer tells the password of a site",
        expected="an answer without it",
        actual="its password",
        exchange=exchange,
    )


def _forms(secret: str) -> tuple[str, ...]:
    return secret, b64encode(secret.encode()).decode().rstrip("="), quote(secret, safe="")
