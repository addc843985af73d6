"""The Vultr reference server does what its document says, and each of its faults shows."""

from __future__ import annotations

import base64
import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from conformance.reference import VirtualClock, build, faults_of
from conformance.selftest.reference_calls import Calls

FAULTS = faults_of("vultr")
DOMAIN = "/v2/domains/alpha.default.example.com"
LISTS = ("applications", "backups", "plans", "domains")
OTHER_ADDRESS = "198.51.100.7"


class Api(Calls):
    """A server and clients for it by credential and address."""

    origin = "https://api.vultr.com"

    def walk(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """The pages of a list, following next."""
        for _ in range(600):
            page = self.get(path, params=params).json()
            yield page
            params["cursor"] = page["meta"]["links"]["next"]
            if not params["cursor"]:
                return
        raise AssertionError("the walk does not end")


@pytest.fixture
def api() -> Api:
    return Api(build("vultr"))


def ids(pages: Iterator[dict[str, Any]], root: str) -> list[Any]:
    key = "domain" if root == "domains" else "id"
    return [item[key] for page in pages for item in page[root]]


# Keys


@pytest.mark.parametrize("path", ["/v2/account", "/v2/backups", "/v2/domains", "/v2/users/x", "/v2/nothing"])
def test_no_key_is_401(api: Api, path: str) -> None:
    answer = api.get(path, key=None)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "No API key was sent" in answer.json()["error"]


@pytest.mark.parametrize("form", ["Bearer nonsense", "Basic {key}", "{key}", "Bearer", "", "Basic {base64}"])
@pytest.mark.parametrize("path", ["/v2/account", "/v2/plans"])
def test_bad_key_or_scheme_is_401(api: Api, form: str, path: str) -> None:
    key = api.server.credentials["default"]
    value = form.format(key=key, base64=base64.b64encode(f"{key}:".encode()).decode())
    answer = api.get(path, key=None, headers={"Authorization": value})
    assert answer.status_code == 401
    assert key not in answer.text


def test_scheme_is_read_in_any_case(api: Api) -> None:
    header = {"Authorization": f"bearer {api.server.credentials['default']}"}
    assert api.get("/v2/account", key=None, headers=header).status_code == 200


@pytest.mark.parametrize("path", ["/v2/applications", "/v2/plans?type=vhf&per_page=2"])
def test_catalogues_answer_without_a_key_and_alike(api: Api, path: str) -> None:
    assert api.get(path, key=None).content == api.get(path).content


def test_restricted_key_works_from_its_address_only(api: Api) -> None:
    assert api.get("/v2/account", key="ip-restricted", address=OTHER_ADDRESS).status_code == 200
    assert api.get("/v2/account", key="ip-restricted").status_code == 401


def test_key_without_permission_is_403(api: Api) -> None:
    for path in ("/v2/account", "/v2/backups", "/v2/domains"):
        assert api.get(path, key="no-permission").status_code == 403
    (user, _) = api.server.parameters["user-id"]
    assert api.get(f"/v2/users/{user}", key="no-permission").status_code == 200


def test_accounts_are_apart(api: Api) -> None:
    assert api.get("/v2/account").json() != api.get("/v2/account", key="second").json()
    first, second = (
        {item["id"] for item in api.get("/v2/backups?per_page=500", key=key).json()["backups"]}
        for key in ("default", "second")
    )
    assert first
    assert second
    assert first.isdisjoint(second)
    assert api.get(DOMAIN, key="second").status_code == 404
    assert api("DELETE", DOMAIN, key="second").status_code == 404
    assert api.get(f"/v2/users/{api.server.parameters['user-id'][0]}", key="second").status_code == 404


@pytest.mark.parametrize("path", ["/v2/account", "/v2/plans"])
def test_plain_http_is_refused(api: Api, path: str) -> None:
    answer = api.get(f"http://api.vultr.com{path}")
    assert answer.status_code == 400
    assert "HTTPS" in answer.json()["error"]
    assert Api(build("vultr", require_https=False)).get(f"http://localhost{path}").status_code == 200


# Rate


def test_thirty_in_a_second_pass_and_the_next_is_429() -> None:
    clock = VirtualClock(tick=0)
    api = Api(build("vultr", clock=clock))
    keys = itertools.cycle(["default", "second"])
    assert {api.get("/v2/account", key=next(keys)).status_code for _ in range(30)} == {200}
    for key in ("default", "second", None):
        refused = api.get("/v2/account", key=key)
        assert refused.status_code == 429
        assert refused.json()["error"]
    assert api.get("/v2/account", address="192.0.2.9").status_code == 200
    clock.advance(0.999)
    assert api.get("/v2/account").status_code == 429
    clock.advance(0.001)
    assert api.get("/v2/account").status_code == 200


def test_default_tick_never_reaches_the_limit(api: Api) -> None:
    assert {api.get("/v2/account").status_code for _ in range(100)} == {200}


# Lists


@pytest.mark.parametrize("root", LISTS)
def test_walk_gives_each_item_once_in_one_order(root: str) -> None:
    api = Api(build("vultr"))
    whole = ids(api.walk(f"/v2/{root}", per_page=500), root)
    assert len(set(whole)) == len(whole) == {"applications": 130, "backups": 520, "plans": 19, "domains": 3}[root]
    for size in (1, 2, 3, 7, 100, 129, 130, 173) if root != "backups" else (40, 173, 260):
        pages = list(api.walk(f"/v2/{root}", per_page=size))
        assert ids(iter(pages), root) == whole
        assert [len(page[root]) for page in pages[:-1]] == [size] * (len(pages) - 1)
        assert {page["meta"]["total"] for page in pages} == {len(whole)}
        assert len(pages) == -(-len(whole) // size)
        assert pages[-1]["meta"]["links"]["next"] == pages[0]["meta"]["links"]["prev"] == ""


def test_prev_leads_back_page_by_page(api: Api) -> None:
    pages = list(api.walk("/v2/plans", per_page=4))
    cursor = pages[-1]["meta"]["links"]["prev"]
    for page in pages[-2::-1]:
        back = api.get("/v2/plans", params={"per_page": 4, "cursor": cursor}).json()
        assert back == page
        cursor = back["meta"]["links"]["prev"]
    assert cursor == ""


def test_cursors_are_letters_and_digits_and_name_a_record(api: Api) -> None:
    links = [page["meta"]["links"] for root in LISTS for page in api.walk(f"/v2/{root}", per_page=50)]
    cursors = [cursor for link in links for cursor in link.values() if cursor]
    assert cursors
    assert all(cursor.isalnum() for cursor in cursors)
    # A cursor names a record: what is removed in front of it moves nothing.
    first = api.get("/v2/domains?per_page=2").json()
    assert api("DELETE", DOMAIN).status_code == 204
    rest = api.get("/v2/domains", params={"per_page": 2, "cursor": first["meta"]["links"]["next"]}).json()
    assert [item["domain"] for item in rest["domains"]] == ["gamma.default.example.com"]


@pytest.mark.parametrize("root", ["applications", "backups"])
def test_page_size_defaults_to_100_and_ends_at_500(api: Api, root: str) -> None:
    assert len(api.get(f"/v2/{root}").json()[root]) == 100
    assert len(api.get(f"/v2/{root}?per_page=500").json()[root]) == min(500, {"applications": 130}.get(root, 500))


@pytest.mark.parametrize("size", ["0", "-1", "501", "5000", "x", "", "1.5", "+5", " 5", "٣", "9" * 5000])
def test_bad_page_size_is_400(api: Api, size: str) -> None:
    answer = api.get("/v2/plans", params={"per_page": size})
    assert answer.status_code == 400
    assert "per_page" in answer.json()["error"]


@pytest.mark.parametrize(
    "cursor",
    ["conformance-invalid", "bmV4dF9fbm9zdWNo", "YQ==", "YQ", "%%%", "é", "x" * 5000, "next__1", "\x00", "+/+/"],
)
def test_bad_cursor_is_400(api: Api, cursor: str) -> None:
    answer = api.get("/v2/plans", params={"cursor": cursor})
    assert answer.status_code == 400
    assert "cursor" in answer.json()["error"]


def test_a_cursor_of_another_list_is_400(api: Api) -> None:
    cursor = api.get("/v2/plans?per_page=1").json()["meta"]["links"]["next"]
    assert api.get("/v2/applications", params={"cursor": cursor}).status_code == 400


def test_filters_are_sound_and_complete(api: Api) -> None:
    def of(kind: str) -> list[Any]:
        return ids(api.walk("/v2/applications", type=kind, per_page=13), "applications")

    whole = ids(api.walk("/v2/applications"), "applications")
    assert of("all") == whole
    assert sorted(of("marketplace") + of("one-click")) == whole
    assert {item["type"] for item in api.get("/v2/plans?type=vhf").json()["plans"]} == {"vhf"}
    pages = list(api.walk("/v2/plans", type="vhf", per_page=2))
    assert [len(page["plans"]) for page in pages] == [2, 2, 2]
    assert {page["meta"]["total"] for page in pages} == {6}


def test_backups_are_filtered_by_instance(api: Api) -> None:
    backups = [item for page in api.walk("/v2/backups", per_page=500) for item in page["backups"]]
    counts = Counter(item["instance_id"] for item in backups)
    assert len(counts) >= 3
    assert min(counts.values()) == 7
    for instance, count in counts.items():
        found = list(api.walk("/v2/backups", instance_id=instance, per_page=500))
        assert {item["instance_id"] for page in found for item in page["backups"]} == {instance}
        assert found[0]["meta"]["total"] == count


@pytest.mark.parametrize("path", ["/v2/applications?type=nosuch", "/v2/plans?type=", "/v2/backups?instance_id=x"])
def test_filter_that_matches_nothing_gives_an_empty_list(api: Api, path: str) -> None:
    body = api.get(path).json()
    assert body.pop("meta") == {"total": 0, "links": {"next": "", "prev": ""}}
    assert list(body.values()) == [[]]


def test_items_have_what_the_document_names(api: Api) -> None:
    for plan in api.get("/v2/plans").json()["plans"]:
        assert isinstance(plan["id"], str)
        assert plan["vcpu_count"] >= 1
        assert plan["ram"] > 0
        assert isinstance(plan["locations"], list)
    for item in api.get("/v2/applications?per_page=500").json()["applications"]:
        assert item["id"] > 0
        assert bool(item["image_id"]) == (item["type"] == "marketplace")


# Single resources


def test_an_id_selects_its_user(api: Api) -> None:
    first, second = (api.get(f"/v2/users/{one}").json()["user"] for one in api.server.parameters["user-id"])
    assert [first["id"], second["id"]] == api.server.parameters["user-id"]
    assert first["name"] != second["name"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2/users/00000000-0000-4000-8000-000000000000"),
        ("GET", "/v2/users/"),
        ("GET", "/v2/users"),
        ("GET", "/v2/nothing"),
        ("GET", "/"),
        ("GET", "/v1/account"),
        ("GET", "/v2/account/"),
        ("POST", "/v2/account"),
        ("DELETE", "/v2/plans"),
        ("DELETE", "/v2/domains/missing.example.com"),
        ("GET", "/v2/domains/missing.example.com"),
        ("PATCH", "/v2/domains/missing.example.com"),
        ("PUT", "/v2/domains/missing.example.com"),
    ],
)
def test_unknown_things_are_404(api: Api, method: str, path: str) -> None:
    answer = api(method, path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["error"] not in ("", "Not Found")


def test_error_texts_differ_by_cause(api: Api) -> None:
    answers = [
        api.get("/v2/account", key=None),
        api.get("/v2/account", key=None, headers={"Authorization": "Bearer nonsense"}),
        api.get("/v2/account", key=None, headers={"Authorization": "nonsense"}),
        api.get("/v2/account", key="ip-restricted"),
        api.get("/v2/account", key="no-permission"),
        api.get("/v2/users/nobody"),
        api.get("/v2/nothing"),
        api.get("/v2/domains/missing.example.com"),
        api.get("/v2/plans?per_page=x"),
        api.get("/v2/plans?cursor=x"),
        api.get("/v2/plans?cursor=bmV4dF9fbm9zdWNo"),
        api.get("http://api.vultr.com/v2/plans"),
        api("POST", "/v2/domains", content=b"{", headers={"Content-Type": "application/json"}),
        api("POST", "/v2/domains", content=b"{}"),
        api("POST", "/v2/domains", json=[]),
        api("POST", "/v2/domains", json={}),
        api("POST", "/v2/domains", json={"domain": 5}),
        api("POST", "/v2/domains", json={"domain": "alpha.default.example.com"}),
    ]
    assert all(400 <= answer.status_code < 500 for answer in answers)
    assert all(answer.json()["status"] == answer.status_code for answer in answers)
    assert len({answer.json()["error"] for answer in answers}) == len(answers)


# Domains


def test_post_creates(api: Api) -> None:
    answer = api("POST", "/v2/domains", json={"domain": "new.example.com", "ip": "192.0.2.123"})
    assert answer.status_code == 201
    assert answer.json()["domain"] == {
        "domain": "new.example.com",
        "date_created": "2026-01-01T00:00:00+00:00",
        "ip": "192.0.2.123",
        "dns_sec": "disabled",
    }
    assert api.get("/v2/domains/new.example.com").json() == answer.json()
    assert api.get("/v2/domains").json()["domains"][-1] == answer.json()["domain"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"domain":',
        b'{"domain": "cut.example.com"',
        b"domain=new.example.com",
        b'{"domain": "nan.example.com", "x": NaN}',
        b"\xff",
        b"[" * 100_000,
        b"null",
        b"[]",
        b'"new.example.com"',
        b"{}",
        b'{"ip": "192.0.2.1"}',
        b'{"domain": null}',
        b'{"domain": 5}',
        b'{"domain": ["new.example.com"]}',
        b'{"domain": ""}',
        b'{"domain": "a/b"}',
        b'{"domain": "new.example.com\\n"}',
        b'{"domain": "\\ud800"}',
        b'{"domain": "new.example.com", "ip": 5}',
        b'{"domain": "new.example.com", "ip": "none"}',
        b'{"domain": "new.example.com", "dns_sec": true}',
        b'{"domain": "new.example.com", "dns_sec": "perhaps"}',
        b'{"domain": "alpha.default.example.com"}',
    ],
)
def test_bad_body_is_400_and_creates_nothing(api: Api, body: bytes) -> None:
    before = api.get("/v2/domains").content
    answer = api("POST", "/v2/domains", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert api.get("/v2/domains").content == before


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_other_media_types_are_400(api: Api, media_type: str) -> None:
    body = b'{"domain": "new.example.com"}'
    assert api("POST", "/v2/domains", content=body, headers={"Content-Type": media_type}).status_code == 400
    charset = {"Content-Type": "application/json; charset=utf-8"}
    assert api("POST", "/v2/domains", content=body, headers=charset).status_code == 201


@pytest.mark.parametrize(
    "changes", [{"ip": "192.0.2.77"}, {"dns_sec": "enabled"}, {"ip": "::1", "dns_sec": "enabled"}, {}]
)
def test_patch_changes_only_what_is_sent(api: Api, changes: dict[str, str]) -> None:
    before = api.get(DOMAIN).json()["domain"]
    answer = api("PATCH", DOMAIN, json=changes)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Content-Length" not in answer.headers
    assert api.get(DOMAIN).json()["domain"] == {**before, **changes}


def test_put_is_accepted_then_holds(api: Api) -> None:
    before = api.get(DOMAIN).json()
    changes = {"ip": "192.0.2.99", "dns_sec": "enabled"}
    answer = api("PUT", DOMAIN, json=changes)
    assert answer.status_code == 202
    assert answer.json()["domain"] == {**before["domain"], **changes}
    assert api.get(DOMAIN).json() == before
    assert api.get(DOMAIN).json() == answer.json()
    assert api("PUT", DOMAIN, json=changes).json() == answer.json()
    api.server.clock.advance(1)  # type: ignore[attr-defined]
    assert api.get(DOMAIN).json() == answer.json()


def test_delete_removes(api: Api) -> None:
    answer = api("DELETE", DOMAIN)
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.get(DOMAIN).status_code == 404
    assert "alpha.default.example.com" not in api.get("/v2/domains").text
    assert api("DELETE", DOMAIN).status_code == 404
