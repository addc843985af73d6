"""The page in a real browser: it opens, filters, links, prints and fits, in light and in dark, on a phone too."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from conformance.contract.verdict import Verdict
from conformance.report.events import Event, Footer, Gate, Header
from conformance.report.html import render_html
from conformance.report.model import Report
from conformance.selftest.test_report_events import RUN, evidence, header, verdict, wording
from conformance.selftest.test_report_renderers import SAMPLES

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is missing: `apt-get install chromium` brings it")

LONG = "x" * 10_000
REFUSED = "cannot connect: Connection refused"


def busy() -> list[Event]:
    """Two APIs: failures, what they block, what broke for one reason, warnings, a client, and texts without an end."""
    names = {
        "snyk.auth.no-token-401": wording("Without a token nothing is served.", rule="auth.no-credential"),
        "snyk.pagination.walk": wording("A walk ends.", strength="SHOULD"),
        "vultr.auth.no-key-401": wording(),
        "vultr.errors.body": wording("An error has a body."),
        "vultr.errors.status": wording("An error repeats its status."),
        "vultr.pagination.cursor-opaque": wording("A cursor is sent back as it came.", mode="client"),
        "vultr.pagination.total": wording("The total counts all.", strength="MAY"),
        f"vultr.words.{LONG}": wording(LONG, section=LONG),
        **{f"vultr.lists.of-{number:02}": wording("A list is a list.") for number in range(20)},
    }
    run = RUN.model_copy(update={"api": ("snyk", "vultr"), "gate": Gate(required=("vultr.pagination.total",))})
    refused = [
        verdict(Verdict.BROKEN, name).model_copy(update={"reason": REFUSED}) for name in names if ".lists." in name
    ]
    blocked = [verdict(Verdict.BLOCKED, name) for name in ("vultr.errors.body", "vultr.errors.status")]
    return [
        Header(run=run, requirements=names),
        verdict(Verdict.FAILED),
        evidence("the key was not asked for"),
        verdict(Verdict.WARNED, "snyk.pagination.walk"),
        evidence("it ends too late", "snyk.pagination.walk"),
        verdict(Verdict.PASSED, "snyk.auth.no-token-401"),
        evidence("told, too", "snyk.auth.no-token-401", "note"),
        verdict(Verdict.PASSED, "vultr.pagination.cursor-opaque", "client"),
        verdict(Verdict.FAILED, f"vultr.words.{LONG}", LONG),
        evidence(LONG, f"vultr.words.{LONG}").model_copy(update={"operation": LONG}),
        *refused,
        *(event.model_copy(update={"blocked_by": "vultr.auth.no-key-401"}) for event in blocked),
        Footer(exchanges={"snyk": 3, "vultr": 9}, unknown_operations={f"GET /{LONG}": 80}, errors=(LONG,)),
    ]


DOWN: list[Event] = [
    header("vultr.auth.no-key-401"),
    Footer(exchanges={}, errors=("the target http://127.0.0.1:9 cannot be reached",)),
]
PASSING: list[Event] = [header("vultr.auth.no-key-401"), verdict(Verdict.PASSED), Footer(exchanges={"vultr": 1})]
PAGES: dict[str, list[Event]] = {**SAMPLES, "busy": busy(), "down": DOWN, "passing": PASSING}

Opener = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split())
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    for name, events in PAGES.items():
        (folder / f"{name}.html").write_text(render_html(Report.from_events(events)), "utf-8")
    return folder


@pytest.fixture
def show(browser: Browser, folder: Path) -> Iterator[Opener]:
    """Opens a page; at the end of the test none has complained, asked for anything else or shown a dialog."""
    contexts, told = [], []

    def open_page(name: str, fragment: str = "", width: int = 1200, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(5_000)
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("dialog", lambda dialog: told.append(dialog.message))
        page.on("request", lambda request: None if request.url.startswith("file:") else told.append(request.url))
        page.goto((folder / f"{name}.html").as_uri() + fragment)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert told == []


def visible_rows(page: Page) -> list[str]:
    """The ids of the requirements that are shown, also those in what is folded."""
    rows = "[...document.querySelectorAll('[data-verdict]')]"
    ids: list[str] = page.evaluate(f"{rows}.filter((row) => !row.closest('[hidden]')).map((row) => row.id)")
    return ids


def open_all(page: Page) -> None:
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("busy", "FAIL"),
        ("every-verdict", "FAIL"),
        ("cut-off", "FAIL"),
        ("down", "FAIL"),
        ("passing", "PASS"),
        ("empty", "NOT ENOUGH SEEN"),
        ("nothing-exercised", "NOT ENOUGH SEEN"),
    ],
)
def test_the_result_is_the_headline_and_begins_the_title(show: Opener, name: str, result: str) -> None:
    page = show(name)
    assert page.title().startswith(f"{result}: Conformance of ")
    assert page.locator("h1").inner_text().startswith(f"{result} Conformance of ")


def test_each_api_and_its_client_have_their_result_and_figures(show: Opener) -> None:
    snyk, vultr, client = show("busy").locator(".groups > li").all_inner_texts()
    assert re.match(r"snyk\s+PASS\s+2 of 2 requirements seen: 1 warned, 1 passed", snyk)
    assert re.match(r"vultr\s+FAIL\s+2 of 25 requirements seen: 20 broken, 2 failed, 2 blocked, 1 not-exercised", vultr)
    assert re.match(r"vultr client\s+PASS\s+1 of 1 requirements seen: 1 passed", client)


@pytest.mark.parametrize(
    ("choose", "fragment", "left"),
    [
        (lambda page: page.get_by_role("checkbox", name="warned").check(), "verdict=warned", 1),
        (lambda page: page.get_by_label("API").select_option("snyk"), "api=snyk", 2),
        (lambda page: page.get_by_label("Strength").select_option("MAY"), "strength=MAY", 1),
        (lambda page: page.get_by_label("Area").select_option("errors"), "area=errors", 2),
        (lambda page: page.get_by_label("Text").fill("nothing SERVED"), "text=nothing+SERVED", 1),
        (lambda page: page.get_by_label("Text").fill("no such word"), "text=no+such+word", 0),
    ],
    ids=["verdict", "API", "strength", "area", "text", "nothing"],
)
def test_what_is_chosen_is_shown_and_stays_in_the_url(
    show: Opener, choose: Callable[[Page], None], fragment: str, left: int
) -> None:
    page = show("busy")
    everything = visible_rows(page)
    choose(page)
    shown = visible_rows(page)
    assert len(shown) == left
    expect(page.locator("#shown")).to_have_text(f"{len(shown)} of {len(everything)}")
    expect(page.get_by_text("Nothing matches.")).to_be_visible(visible=not shown)
    assert page.url.endswith(f"#{fragment}")
    page.reload()
    assert visible_rows(page) == shown
    page.go_back()
    assert visible_rows(page) == everything
    page.go_forward()
    assert visible_rows(page) == shown


def test_choices_are_combined_and_can_be_taken_back(show: Opener) -> None:
    page = show("busy", "#verdict=broken&verdict=failed&api=vultr&text=connect")
    assert len(visible_rows(page)) == 20
    expect(page.get_by_label("failed")).to_be_checked()
    page.get_by_label("Text").press_sequentially("ed nowhere")
    assert visible_rows(page) == []
    page.get_by_role("button", name="Show all").click()
    assert len(visible_rows(page)) == 28
    page.go_back()
    assert visible_rows(page) == []
    page.go_back()
    assert len(visible_rows(page)) == 20, "what is typed is one step of the history"


def test_a_link_to_a_requirement_opens_it_whatever_is_hidden_or_folded(show: Opener) -> None:
    page = show("busy", "#verdict=warned")
    page.get_by_role("link", name="vultr.auth.no-key-401").first.click()
    row = page.locator('[id="vultr.auth.no-key-401"]')
    expect(row).to_be_in_viewport()
    expect(row.get_by_text("HTTP/1.1 200").first).to_be_visible()
    page.go_back()
    assert visible_rows(page) == ["snyk.pagination.walk"]
    folded = show("busy", "#vultr.lists.of-07").locator('[id="vultr.lists.of-07"]')
    expect(folded.get_by_text("GET /v2/plans")).to_be_visible()


def test_a_url_that_says_nothing_shows_everything(show: Opener) -> None:
    page = show("busy", "#verdict=warned")
    for fragment in ("#%", "#%ff", "#nowhere", "#area=none&api=none", "#verdict=odd", "#verdict=warned&text="):
        page.evaluate("(fragment) => { location.hash = fragment }", fragment)
        expect(page.locator("#shown")).to_have_text("1 of 28" if "warned" in fragment else "28")


def test_what_one_cause_broke_or_blocked_is_one_row_under_it(show: Opener) -> None:
    page = show("busy")
    broken, blocked = page.locator(".fold").all()
    expect(broken).to_contain_text("20 requirements")
    expect(broken).to_contain_text(REFUSED)
    expect(blocked).to_contain_text("by vultr.auth.no-key-401")
    expect(broken.locator("[data-verdict]").first).to_be_hidden()
    page.get_by_label("Text").fill("of-07")
    expect(broken.locator("[data-verdict]").nth(7)).to_be_visible()
    for section, lines in (("Failures", 3), ("Blocked", 1), ("Warned", 1), ("Required, and not seen", 1)):
        assert page.get_by_role("region", name=section).locator(".index > li").count() == lines, section


def test_a_target_that_is_down_is_one_line(show: Opener) -> None:
    page = show("down")
    assert page.locator("main li:visible").all_inner_texts() == ["the target http://127.0.0.1:9 cannot be reached"]


@pytest.mark.parametrize("name", ["busy", "hostile", "every-verdict"])
def test_nothing_has_to_be_scrolled_sideways(show: Opener, name: str) -> None:
    page = show(name)
    for width in (320, 700, 1200, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert not page.evaluate(
            "[...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > innerWidth)"
            ".map((one) => one.outerHTML.slice(0, 100))"
        )
        open_all(page)


@pytest.mark.parametrize(("name", "scheme"), [("every-verdict", "light"), ("every-verdict", "dark"), ("busy", "light")])
def test_everybody_can_use_it(show: Opener, name: str, scheme: str) -> None:
    """axe finds nothing, and nothing that it cannot tell: contrast, names, order, landmarks."""
    page = show(name, color_scheme=scheme)
    open_all(page)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(20, 22, 26)") is (scheme == "dark")
    found = Axe().run(page, options={"resultTypes": ["violations", "incomplete"]}).response
    assert [(one["id"], one["nodes"][0]["html"]) for one in (*found["violations"], *found["incomplete"])] == []
    assert "color-contrast" in {one["id"] for one in found["passes"]}


def test_print_shows_the_evidence_of_what_failed(show: Opener) -> None:
    page = show("busy", color_scheme="dark")
    failed = page.locator('[id="vultr.auth.no-key-401"]').get_by_text("HTTP/1.1 200")
    passed = page.locator('[id="snyk.auth.no-token-401"]').get_by_text("HTTP/1.1 200")
    expect(failed).to_be_hidden()
    page.emulate_media(media="print")
    expect(failed).to_be_visible()
    expect(passed).to_be_hidden()
    expect(page.locator("form")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(28, 31, 35)", "ink on paper"


def test_all_is_readable_without_its_script(show: Opener) -> None:
    page = show("busy", java_script_enabled=False)
    expect(page.locator("form")).to_be_hidden()
    row = page.locator('[id="vultr.auth.no-key-401"]')
    row.locator("summary").first.click()
    expect(row.get_by_text("HTTP/1.1 200")).to_be_visible()


def test_what_a_server_said_is_text(show: Opener) -> None:
    page = show("hostile")
    open_all(page)
    assert page.locator("img").count() == 0
    expect(page.get_by_text("<img src=x onerror=alert(1)>").first).to_be_visible()
    assert show("hostile", f"#{quote('</script><img src=x onerror=alert(1)>')}").locator("img").count() == 0


def test_a_command_can_be_copied(show: Opener) -> None:
    page = show("busy", "#vultr.auth.no-key-401", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "curl the key was not asked for"
