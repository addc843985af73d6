"""The Vultr reference server as a whole: equal runs, and faults that each change something."""

from __future__ import annotations

import base64
import itertools
from functools import cache

import httpx2
import pytest

from conformance.reference import Fault, Server, VirtualClock, build, faults_of
from conformance.selftest.test_reference_vultr import DOMAIN, LISTS, OTHER_ADDRESS, Api, ids

FAULTS = faults_of("vultr")


def links_of(page: httpx2.Response) -> tuple[str, str]:
    """next and prev of a page, empty where a fault has spoiled them."""
    body = page.json()
    links = body.get("meta", {}).get("links") if isinstance(body, dict) else None
    return (links["next"], links["prev"]) if isinstance(links, dict) else ("", "")


def tour(server: Server) -> list[tuple[int, dict[str, str], bytes]]:
    """What a server answers to one request or more of each kind."""
    api = Api(server)
    json_type = {"Content-Type": "application/json"}
    key = server.credentials["default"]
    seen = [
        api.get("/v2/account"),
        api.get("/v2/account", key="second"),
        api.get("/v2/account", key="ip-restricted"),
        api.get("/v2/account", key="no-permission"),
        api.get("http://api.vultr.com/v2/account"),
        *(api.get(path, key=None) for path in ("/v2/account", "/v2/backups", "/v2/applications")),
        *(
            api.get("/v2/account", key=None, headers={"Authorization": value})
            for value in ("Bearer nonsense", f"Basic {key}", key)
        ),
        *(api.get(f"/v2/users/{one}") for one in (*server.parameters["user-id"], "nobody", "é", "x" * 300)),
        api.get("/v2/nothing"),
        *(api.get(f"/v2/{root}") for root in LISTS),
        *(api.get(f"/v2/applications?per_page={size}") for size in ("60", "129", "500", "0", "-1", "501", "5000", "x")),
        *(api.get(f"/v2/applications?type={kind}") for kind in ("all", "marketplace", "one-click", "nosuch")),
        api.get("/v2/backups", params={"instance_id": "nosuch"}),
        api.get("/v2/backups?per_page=501"),
        api.get("/v2/backups", key="second"),
        api.get("/v2/plans?type=vhf"),
        api.get("/v2/plans?cursor=conformance-invalid"),
        api.get("/v2/plans?cursor=YWJj"),
        *(api.get(f"/v2/plans?type=vhf&{one}") for one in ("per_page=1", "per_page=0", "cursor=conformance-invalid")),
        api.get("/v2/applications?type=nosuch&per_page=1"),
        api.get(DOMAIN, key="second"),
    ]
    for path in (
        "/v2/plans?per_page=6",
        "/v2/plans?per_page=2&type=vhf",
        "/v2/backups?per_page=300",
        "/v2/backups?per_page=1",
    ):
        cursor = ""
        for _ in range(4):
            page = api.get(f"{path}&cursor={cursor}")
            seen.append(page)
            cursor, back = links_of(page)
            if back:
                seen.append(api.get(f"{path}&cursor={back}"))
            if not cursor:
                break
    backup = next(iter(server.store["backups"].rows.values()))
    of_one = {"instance_id": backup["instance_id"]}
    seen += [api.get("/v2/backups", params={**of_one, **size}) for size in ({"per_page": 2}, {"per_page": 60}, {})]
    following, _ = links_of(seen[-2])
    seen.append(api.get("/v2/backups", params={**of_one, "per_page": 60, "cursor": following}))
    for content in (
        b'{"domain":',
        b"plain text",
        b'{"domain": 5}',
        b'{"ip": "192.0.2.1"}',
        b'{"domain": "new.example.com"}',
    ):
        seen += [api("POST", "/v2/domains", content=content, headers=json_type), api.get("/v2/domains")]
    seen.append(api.get("/v2/domains"))
    for changes in ({"ip": "192.0.2.50"}, {"dns_sec": "enabled"}, {"ip": "192.0.2.51", "dns_sec": "disabled"}):
        for domain in (DOMAIN, "/v2/domains/beta.default.example.com"):
            seen += [api("PATCH", domain, json=changes), api.get(domain), api.get(domain)]
            seen += [api.get("/v2/domains") for _ in range(2)]
    for _ in range(2):
        seen.append(api("PUT", DOMAIN, json={"ip": "192.0.2.60", "dns_sec": "enabled"}))
        seen += [api.get(DOMAIN) for _ in range(3)]
    seen += [api("DELETE", DOMAIN), *(api.get(path) for path in (DOMAIN, "/v2/domains") * 2), api("DELETE", DOMAIN)]
    assert isinstance(server.clock, VirtualClock)
    server.clock.advance(1)
    server.clock.tick = 0
    seen += [api.get("/v2/users/nobody") for _ in range(31)]
    seen += [api.get("/v2/users/nobody", key="second"), api.get("/v2/users/nobody", address=OTHER_ADDRESS)]
    return [(one.status_code, dict(one.headers), one.content) for one in seen]


@cache
def faultless() -> list[tuple[int, dict[str, str], bytes]]:
    return tour(build("vultr"))


def test_two_runs_are_equal_to_the_byte() -> None:
    assert tour(build("vultr")) == faultless()


def test_the_tour_sees_no_server_error_and_no_key() -> None:
    server = build("vultr")
    for status, headers, body in faultless():
        assert status in (200, 201, 202, 204, 400, 401, 403, 404, 429)
        assert (headers.get("content-type") == "application/json") == bool(body)
        for token in server.credentials.values():
            for form in (token, base64.b64encode(token.encode()).decode()):
                assert form not in body.decode() + str(headers)


def test_faults_are_many_and_well_named() -> None:
    assert len({fault.id for fault in FAULTS}) == len(FAULTS) >= 75
    assert len({fault.requirement for fault in FAULTS}) == 51
    for fault in FAULTS:
        assert fault.api == "vultr"
        assert fault.id.startswith(f"{fault.requirement}/")
        assert fault.description.endswith(".")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_each_fault_shows(fault: Fault) -> None:
    assert tour(build("vultr", fault=fault)) != faultless()


def planted(fault_id: str) -> Api:
    (fault,) = [one for one in FAULTS if one.id == fault_id]
    return Api(build("vultr", fault=fault))


def test_basic_is_accepted_in_two_forms_and_nonsense_is_not() -> None:
    api = planted("vultr.auth.bad-key-401/basic-accepted")
    key = api.server.credentials["default"]
    for value in (key, base64.b64encode(f"{key}:".encode()).decode(), base64.b64encode(f":{key}".encode()).decode()):
        assert api.get("/v2/account", key=None, headers={"Authorization": f"Basic {value}"}).status_code == 200
    for value in ("Basic nonsense", "Basic ", f"Digest {key}", key):
        assert api.get("/v2/account", key=None, headers={"Authorization": value}).status_code == 401


def test_pages_overlap_at_their_boundaries_only() -> None:
    api = planted("vultr.pagination.walk-exactly-once/pages-overlap-by-one")
    whole = ids(api.walk("/v2/plans"), "plans")
    assert len(set(whole)) == len(whole) == 19
    assert ids(api.walk("/v2/plans", per_page=10), "plans") == whole[:10] + whole[9:]


def test_order_depends_on_the_page_size() -> None:
    api = planted("vultr.pagination.walk-exactly-once/order-depends-on-page-size")
    odd, even = (ids(api.walk("/v2/plans", per_page=size), "plans") for size in (5, 6))
    assert odd == even[::-1]


def test_deleted_is_listed_but_not_readable() -> None:
    api = planted("vultr.crud.delete-then-404/deleted-stays-listed")
    assert api("DELETE", DOMAIN).status_code == 204
    assert api.get(DOMAIN).status_code == 404
    assert "alpha.default" in api.get("/v2/domains").text


def test_deleted_is_readable_but_not_listed() -> None:
    api = planted("vultr.crud.delete-then-404/deleted-stays-readable")
    assert api("DELETE", DOMAIN).status_code == 204
    assert api.get(DOMAIN).status_code == 200
    assert "alpha.default" not in api.get("/v2/domains").text


def test_patch_resets_what_is_not_sent() -> None:
    api = planted("vultr.crud.patch-partial/patch-resets-dns-sec")
    api("PATCH", "/v2/domains/beta.default.example.com", json={"ip": "192.0.2.44"})
    changed = api.get("/v2/domains/beta.default.example.com").json()["domain"]
    assert (changed["ip"], changed["dns_sec"]) == ("192.0.2.44", "disabled")


def test_second_put_toggles_and_both_answers_agree() -> None:
    api = planted("vultr.crud.put-sets/put-toggles")
    states = []
    for _ in range(2):
        assert api("PUT", DOMAIN, json={"dns_sec": "enabled"}).status_code == 202
        api.server.clock.advance(1)  # type: ignore[attr-defined]
        states.append(api.get(DOMAIN).json()["domain"]["dns_sec"])
    assert states == ["enabled", "disabled"]


def test_filter_is_applied_after_the_cut() -> None:
    api = planted("vultr.pagination.filter-with-paging/filtered-after-the-cut")
    page = api.get("/v2/plans?type=vhf&per_page=2").json()
    assert len(page["plans"]) == 1
    assert page["meta"]["links"]["next"]


def test_refused_body_creates_all_the_same() -> None:
    api = planted("vultr.errors.malformed-400/refused-malformed-stored")
    answer = api("POST", "/v2/domains", content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert api.get("/v2/domains").json()["meta"]["total"] == 4


def test_restriction_and_permission_are_separate_faults() -> None:
    unrestricted = planted("vultr.auth.ip-restriction/restriction-ignored")
    assert unrestricted.get("/v2/account", key="ip-restricted").status_code == 200
    assert unrestricted.get("/v2/account", key="no-permission").status_code == 403
    permissive = planted("vultr.auth.permission-403/permission-ignored")
    assert permissive.get("/v2/account", key="no-permission").status_code == 200
    assert permissive.get("/v2/account", key="ip-restricted").status_code == 401


def test_body_behind_a_204_reaches_the_client() -> None:
    answer = planted("vultr.schema.no-content-empty/deleted-with-body")("DELETE", DOMAIN)
    assert (answer.status_code, answer.content) == (204, b"{}")


def test_last_page_leads_to_the_first() -> None:
    api = planted("vultr.pagination.last-page-no-next/last-page-leads-to-first")
    pages = list(itertools.islice(api.walk("/v2/plans", per_page=10), 3))
    assert pages[0]["plans"] == pages[2]["plans"]
