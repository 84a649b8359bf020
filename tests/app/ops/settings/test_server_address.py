"""Addresses of the server by Streamlit's options."""

from typing import Any

import pytest
from streamlit import config

from maskdet_app.ops.settings import server_address


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    given: dict[str, Any] = {"server.port": 8501}
    monkeypatch.setattr(config, "get_option", given.get)
    monkeypatch.setattr(config, "is_manually_set", given.__contains__)
    return given


def test_a_server_on_this_machine_alone_has_no_network_host(options: dict[str, Any]) -> None:
    options["server.address"] = "127.0.0.1"
    assert server_address.network_host() is None
    assert server_address.local_url() == "http://127.0.0.1:8501"


@pytest.mark.parametrize("address", [None, "0.0.0.0", "::"])
def test_a_server_on_all_interfaces_has_the_address_of_this_machine_or_none(
    address: str | None, options: dict[str, Any]
) -> None:
    options["server.address"] = address
    host = server_address.network_host()
    assert host is None or not server_address.is_loopback(host)
    assert server_address.local_url() == "http://localhost:8501"


def test_the_address_for_browsers_counts_unless_it_is_this_machine(
    options: dict[str, Any],
) -> None:
    options["browser.serverAddress"] = "masks.example.org"
    assert server_address.network_host() == "masks.example.org"
    # as in the container, whose own address nobody reaches
    options["browser.serverAddress"] = "localhost"
    assert server_address.network_host() is None


def test_urls_have_scheme_base_path_and_brackets(options: dict[str, Any]) -> None:
    options |= {"server.sslCertFile": "a.pem", "server.baseUrlPath": "/mask/"}
    assert server_address.url_of("fd00::1") == "https://[fd00::1]:8501/mask"
