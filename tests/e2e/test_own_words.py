"""Maskdet's own words where Python cannot speak, in the language of the page."""

from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from maskdet_app.ui.i18n import catalogue

WAIT_MS = 30_000

pytestmark = pytest.mark.browser


def test_unknown_page_and_lost_server(server: Any, open_browser: Any) -> None:
    connections: list[WebSocketRoute] = []

    def connect(route: WebSocketRoute) -> None:
        route.connect_to_server()
        connections.append(route)

    words = catalogue("es")["trouble"]
    with open_browser(locale="es-ES", size=(390, 844)) as browser:
        page: Page = browser.new_page()
        page.route_web_socket("**/_stcore/stream", connect)
        page.goto(f"{server.url}/nowhere")
        dialog = page.get_by_test_id("stDialog")
        expect(dialog).to_contain_text(words["unknown_title"], timeout=WAIT_MS)
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
        expect(dialog).to_contain_text(words["local_title"], timeout=WAIT_MS)
        expect(page.get_by_text("Streamlit")).to_be_hidden()
        page.unroute("**/_stcore/health")
        expect(dialog).to_be_hidden(timeout=WAIT_MS)
