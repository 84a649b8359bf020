"""The console script: what `maskdet app` hands to Streamlit, and where the app's files lie."""

import logging
import socket
from pathlib import Path

import pytest

from maskdet_app import command
from maskdet_app.ops.installation.paths import checkout_folder, site_folder
from testbed.processes.interpreter import run_python


def given_to_streamlit(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> list[str]:
    from streamlit.web import cli as streamlit_cli

    given: list[str] = []

    def main(arguments: list[str], **options: object) -> None:
        given.extend(arguments)

    monkeypatch.setattr(streamlit_cli, "main", main)
    # another server may use it on this machine
    monkeypatch.setattr(command, "_is_free", lambda address, port: True)
    assert command.main(["app", *arguments]) == 0
    return given


def test_app_runs_the_server_without_asking_for_an_address(
    monkeypatch: pytest.MonkeyPatch, repo_root: Path
) -> None:
    assert given_to_streamlit(monkeypatch) == [
        *("run", str(repo_root / "server.py")),
        *("--server.port", "8501", "--server.showEmailPrompt", "false"),
    ]


def test_app_options_and_those_of_streamlit(monkeypatch: pytest.MonkeyPatch) -> None:
    given = given_to_streamlit(
        monkeypatch,
        *("--port", "9000", "--address", "127.0.0.1"),
        *("--", "--server.headless", "true", "--server.port", "9001"),
    )
    assert given[2:4] == ["--server.port", "9000"]
    assert given[6:8] == ["--server.address", "127.0.0.1"]
    # what the user writes comes last, so that it counts
    assert given[8:] == ["--server.headless", "true", "--server.port", "9001"]


@pytest.mark.parametrize("port", ["0", "no"])
def test_wrong_ports_are_wrong_usage(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["app", "--port", port]) == 2
    assert "--port" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["127.0.0.1", None])
def test_port_in_use_is_said_with_a_way_on(
    address: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        given = ["--address", address] if address else []
        assert command.main(["app", "--port", str(port), *given]) == 2
    said = capsys.readouterr().err
    assert f"port {port} is in use" in said
    assert f"--port {port + 1}" in said


def test_help_lists_all_commands_without_loading_streamlit() -> None:
    code = (
        "import sys; from maskdet_app.command import main; main(['--help']);"
        "sys.exit('streamlit' in sys.modules)"
    )
    printed = run_python(code)
    assert all(name in printed for name in ("check", "classify", "app"))


def test_files_lie_at_the_top_of_a_checkout(repo_root: Path) -> None:
    assert site_folder() == checkout_folder() == repo_root


def test_files_lie_inside_an_installed_package(tmp_path: Path) -> None:
    package = tmp_path / "maskdet_app"
    (package / "site").mkdir(parents=True)
    assert site_folder(package) == package / "site"
    assert checkout_folder(package) is None


def test_unknown_log_format_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MASKDET_LOG", "jsno")
    assert command.main(["app"]) == 2
    assert capsys.readouterr().err == (
        "maskdet app: MASKDET_LOG: expected one of text, json, got 'jsno'\n"
    )
    # It changes nothing in the process before that.
    assert logging.Logger.callHandlers.__module__ == "logging"
