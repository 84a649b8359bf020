"""Texts in the place of Streamlit's, in the language of the page, where Python cannot speak."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from maskdet_app.metrics.records import words
from maskdet_app.ui.texts.i18n import catalogue
from tests.e2e import layout_shift

WAIT_MS = 30_000
VERSION = re.compile(r"\d+\.\d+\.\d+\S*")
# Shorter ones, such as "live", are parts of other words.
ENGLISH_WORDS = [word for word in catalogue("en")[words.TABLE] if " " in word]

pytestmark = pytest.mark.browser


def test_unknown_page_and_lost_server(server: Any, open_browser: Any) -> None:
    connections: list[WebSocketRoute] = []

    def connect(route: WebSocketRoute) -> None:
        route.connect_to_server()
        connections.append(route)

    trouble = catalogue("es")["trouble"]
    with open_browser(locale="es-ES", size=(390, 844)) as browser:
        page: Page = browser.new_page()
        page.route_web_socket("**/_stcore/stream", connect)
        page.goto(f"{server.url}/nowhere")
        dialog = page.get_by_test_id("stDialog")
        expect(dialog).to_contain_text(trouble["unknown_title"], timeout=WAIT_MS)
        expect(dialog).to_contain_text("/nowhere")
        expect(page.get_by_text("pages/ directory")).to_be_hidden()
        dialog.press("Escape")
        expect(dialog).to_be_hidden()

        # The menu covers most of a phone, and closes where a page is chosen.
        assert page.evaluate("document.documentElement.lang") == "es"
        widgets = catalogue("es")["widgets"]
        page.get_by_role("button", name=widgets["open_menu"]).click()
        page.get_by_test_id("stSidebarNavLink").nth(1).click()
        expect(page.get_by_test_id("stSidebar")).to_have_attribute("data-collapsed", "true")
        upload = page.get_by_role("button", name=widgets["upload"])
        # the hidden field behind it has the same name
        expect(upload.and_(page.locator("button"))).to_be_visible(timeout=WAIT_MS)

        page.route("**/_stcore/health", lambda route: route.abort())
        for connection in connections:
            connection.close(code=1011)
        expect(dialog).to_contain_text(trouble["local_title"], timeout=WAIT_MS)
        expect(page.get_by_text("Streamlit")).to_be_hidden()
        page.unroute("**/_stcore/health")
        expect(dialog).to_be_hidden(timeout=WAIT_MS)


@pytest.mark.parametrize("tab", ["summary", "errors", "groups", "finder", "compare"])
def test_metrics_in_spanish_have_spanish_numbers_and_names(
    tab: str, server: Any, network: Path, open_browser: Any
) -> None:
    with open_browser(locale="es-ES") as browser:
        page: Page = browser.new_page()
        page.goto(f"{server.url}/metrics?tab={tab}")
        charts = page.get_by_test_id("stVegaLiteChart")
        expect(charts.first.locator("svg")).to_be_visible(timeout=WAIT_MS)
        layout_shift.wait_until_settled(page, WAIT_MS)
        shown = page.locator(".stMain").inner_text()
        # to screen readers a chart is one picture with a name
        heard = charts.evaluate_all("all => all.map(one => one.ariaLabel || '').join(' ')")
        assert heard.strip()
        for text in (shown, heard):
            numbers = VERSION.sub("", text)
            assert re.findall(r".{0,30}\d\.\d.{0,30}", numbers) == []
            english = [word for word in ENGLISH_WORDS if word in text]
            assert english == []
        assert re.search(r"\d,\d", shown)
        if tab == "errors":
            # every column of the confusion matrix has its name, a word a line
            drawn = charts.first.locator(".role-axis-label text").all_text_contents()
            assert {"malpuesta", "dudoso"} <= {"".join(name.split()) for name in drawn}
