"""The real server's API: the example of its page, a client that goes, and a base path."""

import contextlib
import http.client
import io
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from maskdet_core.command_line import cli
from testbed.pictures import failing_decoders, hostile
from testbed.processes.process_tree import members
from testbed.repository import REPO_ROOT
from testbed.servers import slow_decoder_server
from testbed.servers.server import Server, serve
from testbed.visitors import api_clients
from testbed.visitors.session import request
from tests.docs.markdown import examples

MODEL = REPO_ROOT / "models" / "maskdet-vgg19-int8.json"
SAMPLES = REPO_ROOT / "maskdet_app" / "photo" / "samples"
PAGE = REPO_ROOT / "docs" / "http-api.md"
SMALL = hostile.flat("RGB", 60, "JPEG")
JPEG = {"Content-Type": "image/jpeg"}
WAIT_S = 60.0

pytestmark = [
    pytest.mark.skipif(not MODEL.is_file(), reason="models/ holds no network"),
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve(script=slow_decoder_server.SCRIPT, base_path="/mask") as running:
        yield running


def n_decoders(server: Server) -> int:
    """Processes of the server that decode."""
    n = 0
    for pid in members(server.pid)[1:]:
        with suppress(OSError):
            n += b"judge_process" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return n


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("n_pictures", [1, 5])
def test_a_client_that_goes_ends_its_decoders(server: Server, n_pictures: int) -> None:
    until(lambda: not n_decoders(server))
    body: bytes = failing_decoders.SLEEP + SMALL
    headers = JPEG
    if n_pictures > 1:
        body, headers = api_clients.multipart_form([("a.jpg", body)] * n_pictures)
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("POST", "/mask/api/v1/check", body, headers)
    until(lambda: n_decoders(server))
    connection.close()
    until(lambda: not n_decoders(server))
    # nothing of the batch begins afterwards, and the next client is served
    answer = request(server.port, "POST", "/mask/api/v1/check", SMALL, JPEG)
    assert answer.status == 200


def test_rows_are_those_of_the_command_line(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["masked.jpg", "none.jpg", "hand.jpg", "bare.jpg"]
    for name in names:
        source = SAMPLES / name
        (tmp_path / name).write_bytes(source.read_bytes() if source.exists() else b"none")
    photos = [(name, (tmp_path / name).read_bytes()) for name in names]
    body, headers = api_clients.multipart_form(photos)
    answer = request(
        server.port,
        "POST",
        "/mask/api/v1/check",
        body,
        {**headers, "Accept": "application/x-ndjson"},
    )
    assert answer.status == 200
    with contextlib.chdir(tmp_path):
        assert cli.main(["check", *names, "--format", "json"]) == 1
    assert answer.body.decode().splitlines() == capsys.readouterr().out.splitlines()


def test_the_guards_hold_over_the_wire(server: Server) -> None:
    def status(**headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return request(server.port, "GET", "/mask/api/v1/health", headers=named).status

    assert status() == 200
    assert status(Host="evil.example") == 403
    assert status(Origin="http://evil.example") == 403
    assert status(X_Forwarded_For="127.0.0.1") == 403
    described = request(server.port, "GET", "/mask/api/v1/docs")
    assert described.status == 200
    assert b"<script" not in described.body
    refused = request(server.port, "POST", "/mask/api/v1/check", b"x=1", {"Content-Type": "text/x"})
    assert refused.status == 415
    assert json.loads(refused.body)["type"] == "/mask/api/v1/docs#problem-media-type"
    assert "access-control-allow-origin" not in refused.headers


def test_the_example_of_the_page_runs(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    (example,) = examples(PAGE)
    shutil.copy(SAMPLES / "masked.jpg", tmp_path / "photo.jpg")
    code = example.code.replace("http://localhost:8501", f"{server.url}/mask")
    monkeypatch.chdir(tmp_path)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(code, example.label, "exec"), {})
    assert out.getvalue() == example.output
