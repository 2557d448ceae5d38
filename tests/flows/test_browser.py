"""A rerun by hand as a person makes it: Prefect's pages in a real browser, before a real `lifecycle serve`."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect, sync_playwright

from tests.flows.company import Row, plain_config, toml, write_events
from tests.flows.serving import Served, serving

PERIOD = "2025-02"
HOSTILE = "<img src=x onerror=alert(1)>|[x](https://x.test)"
"""A country as an event has it: markup in HTML and in Markdown."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
"""Whichever the machine has; without one, Playwright's own, which `make test` installs."""
OFFLINE = ("quic", "background-networking", "component-update", "sync")
PATIENCE = 60_000
"""Milliseconds: what a run, or a page, takes at most on a busy machine."""


def rows(month: str, customers: int) -> list[Row]:
    """Customers of a month who sign up, and buy, in a country whose name is markup."""
    names = [f"{month}-{number}" for number in range(customers)]
    joined: list[Row] = [
        (f"{name}-j", f"ann-{name}", "joined", f"{month}-05 10:00:00", None, HOSTILE) for name in names
    ]
    return [*joined, *((f"{name}-b", f"ann-{name}", "bought", f"{month}-06 10:00:00", "20.00", None) for name in names)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("browsed")
    write_events(folder / "raw/events.csv", [*rows("2025-01", 40), *rows(PERIOD, 30)])
    file = folder / "lifecycle.toml"
    file.write_text(toml(plain_config()), encoding="utf-8")
    with serving(folder, str(file)) as served:
        yield served


@pytest.fixture
def page() -> Iterator[Page]:
    """A page that fails where a script of ours, or an event's, opens a dialog."""
    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(
            executable_path=next(filter(None, map(shutil.which, BROWSERS)), None),
            args=["--no-sandbox", "--disable-gpu", *(f"--disable-{name}" for name in OFFLINE)],
        )
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        opened: list[str] = []

        def note(dialog: Dialog) -> None:
            opened.append(dialog.message)
            dialog.dismiss()

        page.on("dialog", note)
        yield page
        browser.close()
        assert opened == []


def test_rerun_by_hand(served: Served, page: Page) -> None:
    page.goto(served.address)
    page.get_by_role("link", name="Deployments").click()
    page.locator("a[href*='/deployments/deployment/']", has_text="monthly").click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Custom run").click()
    expect(page.get_by_text("The period, such as 2025-01. Empty: the last complete one")).to_be_visible()
    expect(page.get_by_label("config (Optional)")).to_have_value(str(served.folder / "lifecycle.toml"))
    page.locator("textarea").first.fill(PERIOD)
    page.get_by_role("button", name="Submit").click()

    page.get_by_role("link", name="View run").click()
    expect(page.get_by_text(f"monthly {PERIOD}").first).to_be_visible()
    expect(page.get_by_text("Completed").first).to_be_visible()
    expect(page.get_by_text(PERIOD, exact=True)).to_be_visible()  # its tag
    run = page.url

    open_artifact(page, f"report-{PERIOD}-en")
    expect(page.get_by_text(f"{served.folder}/store/latest/period={PERIOD}/report.en.html")).to_be_visible()
    expect_charts(page)
    report = page.url

    page.goto(run)
    open_artifact(page, f"kpis-{PERIOD}")
    expect(page.get_by_role("row").filter(has_text="New customers")).to_contain_text("30")

    page.goto(run)
    open_artifact(page, f"segments-{PERIOD}")
    segments = page.url

    page.goto(of_first_interface(report))
    expect(page.get_by_text("Customer lifecycle report – February 2025")).to_be_visible()
    expect_charts(page)
    page.goto(of_first_interface(segments))
    expect(page.get_by_text("＜img src=x onerror=alert(1)＞").first).to_be_visible()
    assert page.locator("img, a[href*='x.test']").count() == 0


def open_artifact(page: Page, key: str) -> None:
    """From the page of a run: its artifacts, the one with a key, its newest version."""
    page.get_by_role("tab", name="Artifacts").click()
    page.get_by_role("link", name=key).click()
    page.locator("a[href*='/artifacts/artifact/']").first.click()


def of_first_interface(address: str) -> str:
    """Prefect has two; the older one takes a table's cells for Markdown."""
    return address.replace("/v2/", "/").partition("?")[0]


def expect_charts(page: Page) -> None:
    """The only pictures, and drawn."""
    expect(page.locator("img").first).to_be_visible()
    drawn = "all => all.every(one => one.naturalWidth > 0 && one.src.startsWith('data:image/svg+xml'))"
    assert page.locator("img").evaluate_all(drawn)
