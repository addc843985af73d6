"""Faults of the client: one for each requirement that binds clients, as the reference server's faults bind servers."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, quote, urlencode

from attrs import frozen

from conformance.contract import Requirement
from conformance.properties.client_faults.grants import (
    asks_for_a_personal_token,
    keeps_its_own_token,
    names_its_library,
    names_no_contact,
    repeats_what_failed,
    sends_forms_as_json,
    sends_forms_in_the_url,
    takes_any_state,
)
from conformance.properties.client_faults.lists import (
    follows_null,
    forgets_the_page_size,
    forwards_what_it_gets,
    needs_an_envelope,
    stops_at_a_short_page,
    stops_at_an_empty_page,
)
from conformance.properties.client_faults.uploads import (
    encodes_paths_twice,
    encodes_slashes,
    gives_up_at_once,
    never_gives_up,
    takes_any_path,
    types_uploads_as_text,
    uploads_everything,
    uploads_in_parts,
    uploads_twice,
    waits_for_the_digest,
)
from conformance.properties.client_faults.versions import (
    asks_for_the_stable_version,
    capitalises_scheme,
    drops_base_path,
    gives_up,
    ignores_sunset,
    never_restarts,
    one_scheme_for_all,
    quotes_credential,
    resolves_as_rfc_has_it,
    sorts,
    tells_sunset_each_time,
)
from conformance.targets.client import Client
from conformance.targets.errors import HarnessError
from conformance.traffic.exchange import Exchange
from conformance.traffic.redact import Redactor


@frozen
class ClientFault:
    """A defect planted in the client.

    Attributes:
        breaks: the rule that must turn red, or for one that no rule names, its id without the API.
    """

    id: str
    breaks: str
    description: str
    plant: Callable[[Client], None]

    def concerns(self, requirement: Requirement) -> bool:
        return self.breaks in (requirement.rule, requirement.id.partition(".")[2])


def _form_encodes(client: Client) -> None:
    client.encode = lambda body: (urlencode(body).encode(), "application/x-www-form-urlencoded")  # type: ignore[method-assign]


def _omits_media_type(client: Client) -> None:
    encode = client.encode
    client.encode = lambda body: (encode(body)[0], "text/plain")  # type: ignore[method-assign]


def _rewrites_url(
    client: Client, rewrite: Callable[[str, list[tuple[str, str]]], tuple[str, list[tuple[str, str]]]]
) -> None:
    url = client.url

    def rewritten(path: str, query: list[tuple[str, str]]) -> str:
        # A link that is followed as it stands brings its query with its path.
        path, _, own = path.partition("?")
        return url(*rewrite(path, [*parse_qsl(own, keep_blank_values=True), *query]))

    client.url = rewritten  # type: ignore[method-assign]


def _cursor(client: Client) -> str:
    return client.contract.conventions.paging.cursor


def _strips_cursor(client: Client) -> None:
    name = _cursor(client)
    _rewrites_url(client, lambda path, query: (path, [(k, v.strip("=") if k == name else v) for k, v in query]))


def _encodes_cursor_twice(client: Client) -> None:
    name = _cursor(client)
    _rewrites_url(client, lambda path, query: (path, [(k, quote(v, safe="") if k == name else v) for k, v in query]))


def _drops_filters(client: Client) -> None:
    name = _cursor(client)

    def rewrite(path: str, query: list[tuple[str, str]]) -> tuple[str, list[tuple[str, str]]]:
        cursor = [(k, v) for k, v in query if k == name]
        return path, cursor or query

    _rewrites_url(client, rewrite)


def _refuses_new_members(client: Client) -> None:
    control, known = client.control, set[str]()

    def strict(exchange: Exchange) -> Exchange:
        body = exchange.response.json
        found = {name for value in (body if isinstance(body, list) else [body]) for name in value}
        if known and found - known:
            raise HarnessError(f"unknown member {min(found - known)}")
        known.update(found)
        return control(exchange)

    client.control = strict  # type: ignore[method-assign]


def _bursts(client: Client) -> None:
    client.budget = None


def _retries_at_once(client: Client) -> None:
    if client.budget is not None:
        client.budget.refused = lambda *_: None  # type: ignore[method-assign]


def _waits_a_second(client: Client) -> None:
    if client.budget is not None:
        client.budget.pause = lambda *_: 1.0  # type: ignore[method-assign]


def _ignores_what_is_left(client: Client) -> None:
    if client.budget is not None:
        client.budget.heed = lambda *_: None  # type: ignore[method-assign]


def _knows_one_limit(client: Client) -> None:
    if client.budget is not None:
        acquire = client.budget.acquire
        client.budget.acquire = lambda *_: acquire()  # type: ignore[method-assign]


def _drops_version(client: Client) -> None:
    _rewrites_url(client, lambda path, query: (f"/{path.partition('/')[2].partition('/')[2]}", query))


def _key_in_url(client: Client) -> None:
    _rewrites_url(client, lambda path, query: (path, [*query, ("api_key", client.token("default"))]))


def _records_as_sent(client: Client) -> None:
    client.redactor = Redactor()


CLIENT_FAULTS = (
    ClientFault("form-encodes", "content-type.request-media-type", "bodies are form data", _form_encodes),
    ClientFault("plain-text", "content-type.request-media-type", "bodies are typed text/plain", _omits_media_type),
    ClientFault("strips-cursor", "pagination.cursor-opaque", "the padding of a cursor is dropped", _strips_cursor),
    ClientFault("encodes-twice", "pagination.cursor-opaque", "a cursor is encoded twice", _encodes_cursor_twice),
    ClientFault("drops-filters", "pagination.cursor-opaque", "only the cursor is sent on", _drops_filters),
    ClientFault(
        "strict-model",
        "versioning.client-accepts-new-keys",
        "an answer with a new member is refused",
        _refuses_new_members,
    ),
    ClientFault("sends-json", "content-type.oauth-form", "a code is exchanged in JSON", sends_forms_as_json),
    ClientFault("in-the-query", "security.oauth-secret-in-body", "a secret is in the query", sends_forms_in_the_url),
    ClientFault("any-state", "auth.oauth-state-abort", "a redirect with any state is taken", takes_any_state),
    ClientFault(
        "asks-for-a-token",
        "auth.public-integration-oauth",
        "users are asked for a token of their own",
        asks_for_a_personal_token,
    ),
    ClientFault(
        "keeps-its-token", "auth.public-integration-oauth", "a token that was granted is not used", keeps_its_own_token
    ),
    ClientFault("library-default", "transport.user-agent", "calls name the HTTP library", names_its_library),
    ClientFault("no-contact", "transport.user-agent", "calls name nobody to ask", names_no_contact),
    ClientFault("buys-again", "crud.client-no-buy-retry", "a failed purchase is repeated", repeats_what_failed),
    ClientFault("bursts", "rate-limit.client-rate", "a hundred calls leave at once", _bursts),
    ClientFault("hammers", "rate-limit.client-rate", "a call refused with 429 is repeated at once", _retries_at_once),
    ClientFault("drops-version", "versioning.base-path", "paths lack their first segment", _drops_version),
    ClientFault("key-in-url", "security.client-key-hygiene", "the key is sent as ?api_key=", _key_in_url),
    ClientFault("drops-base-path", "transport.base-url", "URLs lack the path of the base URL", drops_base_path),
    ClientFault("resolves-by-rfc", "transport.base-url", "links are resolved by RFC 3986", resolves_as_rfc_has_it),
    ClientFault("capitalises", "auth.client-scheme-exact", "the scheme word has a capital", capitalises_scheme),
    ClientFault("quotes", "auth.client-scheme-exact", "the credential is in quotation marks", quotes_credential),
    ClientFault("one-scheme", "auth.client-scheme-exact", "a key goes under the scheme of apps", one_scheme_for_all),
    ClientFault("sorts", "pagination.client-avoids-sort", "every list is asked for in another order", sorts),
    ClientFault("never-restarts", "pagination.client-avoids-sort", "a walk with a repetition is kept", never_restarts),
    ClientFault("hammers", "rate-limit.client-retries-429", "a refused call is repeated at once", _retries_at_once),
    ClientFault("gives-up", "rate-limit.client-retries-429", "a refused call raises", gives_up),
    ClientFault("waits-too-little", "rate-limit.client-retries-429", "a second is waited after a 429", _waits_a_second),
    ClientFault("ignores-sunset", "versioning.client-watches-sunset", "Sunset is not told", ignores_sunset),
    ClientFault("repeats", "versioning.client-watches-sunset", "Sunset is told each time", tells_sunset_each_time),
    ClientFault(
        "drift-is-drift",
        "versioning.experimental-exempt",
        "an experimental version is taken for one that promises its shape",
        asks_for_the_stable_version,
    ),
    ClientFault("records-as-sent", "security.client-key-hygiene", "recordings keep the key", _records_as_sent),
    ClientFault("records-as-sent", "security.cassette-redaction", "recordings keep the token", _records_as_sent),
    ClientFault("drops-filters", "pagination.client-keeps-params", "only the cursor is sent on", _drops_filters),
    ClientFault(
        "forgets-page-size", "pagination.client-keeps-params", "the page size is not sent on", forgets_the_page_size
    ),
    ClientFault(
        "stops-when-short", "pagination.client-stops-on-null", "a short page ends a walk", stops_at_a_short_page
    ),
    ClientFault(
        "stops-when-empty", "pagination.client-stops-on-null", "an empty page ends a walk", stops_at_an_empty_page
    ),
    ClientFault("follows-null", "pagination.client-stops-on-null", "a null cursor is sent", follows_null),
    ClientFault(
        "needs-envelope", "pagination.client-absent-object", "a list without its envelope crashes", needs_an_envelope
    ),
    ClientFault("hammers", "rate-limit.client-waits", "a call refused with 429 is repeated at once", _retries_at_once),
    ClientFault("waits-too-little", "rate-limit.client-waits", "a second is waited after any 429", _waits_a_second),
    ClientFault("bursts", "rate-limit.client-throttle", "ten deploys leave at once", _bursts),
    ClientFault("hammers", "rate-limit.client-throttle", "a refused call is repeated at once", _retries_at_once),
    ClientFault("waits-too-little", "rate-limit.client-throttle", "a second is waited after a 429", _waits_a_second),
    ClientFault(
        "goes-on-at-nothing-left",
        "rate-limit.client-throttle",
        "calls go on though none is left",
        _ignores_what_is_left,
    ),
    ClientFault(
        "knows-one-limit", "rate-limit.client-throttle", "deploys count in the general limit only", _knows_one_limit
    ),
    ClientFault(
        "forwards-members",
        "security.client-projects-known-keys",
        "members of an answer go into the next request",
        forwards_what_it_gets,
    ),
    ClientFault(
        "uploads-all", "deploy-flow.client-uploads-required-only", "every file is uploaded", uploads_everything
    ),
    ClientFault("uploads-twice", "deploy-flow.client-uploads-required-only", "uploads leave twice", uploads_twice),
    ClientFault("any-path", "deploy-flow.client-uploads-required-only", "any path is deployed", takes_any_path),
    ClientFault(
        "encodes-twice",
        "deploy-flow.client-uploads-required-only",
        "paths of uploads are encoded twice",
        encodes_paths_twice,
    ),
    ClientFault(
        "encodes-slashes",
        "deploy-flow.client-uploads-required-only",
        "slashes in paths of uploads are encoded",
        encodes_slashes,
    ),
    ClientFault("in-parts", "content-type.upload-octet-stream", "uploads are parts of a form", uploads_in_parts),
    ClientFault("plain-text", "content-type.upload-octet-stream", "uploads are text", types_uploads_as_text),
    ClientFault("never-async", "deploy-flow.client-30s", "a large deploy is not async", waits_for_the_digest),
    ClientFault("gives-up", "deploy-flow.client-30s", "an upload that timed out ends it all", gives_up_at_once),
    ClientFault("never-ends", "deploy-flow.client-30s", "an upload that times out is sent for ever", never_gives_up),
)
