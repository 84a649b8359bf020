"""What the API answers: the command line's JSON, problems, and nothing after a client has gone."""

import asyncio
import json
import time
import traceback
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from starlette.requests import Request
from starlette.types import Send

from maskdet_app.api import bodies, resources
from maskdet_app.api.problems import KINDS
from maskdet_app.api.routing import CutShortError, Resource
from maskdet_app.ops.observability import operator_log
from maskdet_app.ops.process import shutdown
from maskdet_app.ops.settings.api_settings import ApiSettings
from maskdet_core import ModelError
from maskdet_core.batch.photos.check import PhotoChecker, PhotoTask
from maskdet_core.batch.photos.report import to_json
from tests.app.api.fakes import (
    FAIL,
    JPEG,
    KEY,
    MB,
    SHORT,
    SLEEP,
    GoingClient,
    Served,
    StubDecoder,
    StubStation,
    form,
    json_of,
)
from tests.app.conftest import jpeg
from tests.app.server import asgi_client
from tests.app.server.asgi_client import Response

PICTURES = tuple(jpeg(seed=seed) for seed in range(5))


@pytest.fixture
def served() -> Served:
    return Served()


def count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def problem(answer: Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = json_of(answer)
    assert found["type"] == f"/api/v1/docs#problem-{code}"
    assert found["status"] == status
    assert set(found) == {"type", "title", "status", "detail", "instance"}
    return found


def command_lines_row(folder: Path, picture: bytes) -> dict[str, Any]:
    path = folder / "0.jpg"
    path.write_bytes(picture)
    checker = PhotoChecker(StubStation(StubDecoder()).detector)
    return {**to_json(checker(PhotoTask(path, 1))), "path": "0.jpg"}


def test_a_picture_gives_the_command_lines_row(served: Served, tmp_path: Path) -> None:
    answer = served.check(PICTURES[0], query="name=0.jpg")
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    assert json_of(answer) == command_lines_row(tmp_path, PICTURES[0])
    assert json_of(answer)["faces"][0]["verdict"] == "with_mask"


def test_a_batch_gives_its_rows_in_order_with_reasons(served: Served, tmp_path: Path) -> None:
    batch = [PICTURES[0], b"no picture", PICTURES[1], FAIL, SHORT, b""]
    rows = json_of(served.check(*batch))
    assert [row["path"] for row in rows] == [f"{n}.jpg" for n in range(6)]
    assert [row["error"] is None for row in rows] == [True, False, True, False, False, False]
    assert rows[0] == command_lines_row(tmp_path, PICTURES[0])
    assert {name: rows[1][name] for name in ("width", "faces", "n_unjudged")} == {
        "width": None,
        "faces": [],
        "n_unjudged": 0,
    }
    assert rows[3]["error"] == "cannot be checked (RuntimeError)"
    assert "/secret" not in json.dumps(rows)


def test_a_batch_is_sent_by_line_where_the_client_accepts_lines(served: Served) -> None:
    answer = served.check(*PICTURES, headers={"accept": "application/x-ndjson"})
    assert answer.headers["content-type"] == "application/x-ndjson"
    rows = [json.loads(line) for line in answer.body.decode().splitlines()]
    assert rows == json_of(served.check(*PICTURES))
    # each row is sent as soon as it is there
    assert len(answer.messages) >= len(PICTURES) + 1


def test_options_decide_as_on_the_command_line(served: Served) -> None:
    sure = served.check(PICTURES[0], query="min_confidence=0.98")
    assert json_of(sure)["faces"][0]["verdict"] == "not_sure"
    assert served.check(PICTURES[0], query="two_classes=true&min_face=30").status == 200


@pytest.mark.parametrize(
    "query",
    [
        "min_confidence=2",
        "min_face=1",
        "two_classes=maybe",
        "lang=es",
        "min_confidence=nan",
        "min_face=٣٠",
        f"name={'a' * 256}",
    ],
)
def test_invalid_options_are_malformed(served: Served, query: str) -> None:
    problem(served.check(PICTURES[0], query=query), 422, "malformed")


def test_crops_are_classified(served: Served) -> None:
    answer = served.request("classify", headers=JPEG, body=[jpeg(100, 90)])
    row = json_of(answer)
    assert (row["verdict"], row["error"]) == ("with_mask", None)
    refused = served.request("classify", headers=JPEG, body=[jpeg(400, 400)])
    assert json_of(refused)["verdict"] is None if refused.status == 200 else refused.status == 422


def test_a_picture_that_cannot_be_used_is_a_problem(served: Served) -> None:
    found = problem(served.check(b"no picture"), 422, "picture-refused")
    assert found["detail"].startswith("expected a JPEG")
    assert served.check(SHORT).headers["retry-after"] == "2"
    problem(served.check(SHORT), 503, "busy")
    assert "secret" not in problem(served.check(FAIL), 422, "picture-refused")["detail"]


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/json", "", "video/mp4"],
)
def test_other_types_of_bodies_are_refused(served: Served, content_type: str) -> None:
    answer = served.check(PICTURES[0], headers={"content-type": content_type})
    assert "image/" in problem(answer, 415, "media-type")["detail"]
    assert served.decoder.n_most == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b--\r\n",
        b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\nx\r\n--b--\r\n',
        b"--c\r\n\r\n--c--",
    ],
)
def test_forms_without_a_file_are_malformed(served: Served, body: bytes) -> None:
    headers = {"content-type": "multipart/form-data; boundary=b"}
    problem(served.request("check", headers=headers, body=[body]), 422, "malformed")


def test_bytes_of_a_malformed_form_are_not_logged(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    _, headers = form(PICTURES[0])
    problem(served.request("check", headers=headers, body=[b"--b?secret"]), 422, "malformed")
    assert not [one for one in caplog.records if one.name.startswith("python_multipart")]


def test_an_empty_body_and_a_form_without_boundary_are_malformed(served: Served) -> None:
    problem(served.request("check", headers=JPEG, body=[b""]), 422, "malformed")
    headers = {"content-type": "multipart/form-data"}
    problem(served.request("check", headers=headers, body=[b"x"]), 422, "malformed")
    headers = {**JPEG, "content-length": "many"}
    problem(served.request("check", headers=headers, body=[b"x"]), 422, "malformed")


def test_a_large_body_is_refused_before_it_is_read() -> None:
    served = Served(ApiSettings(max_bytes=2000))
    announced = {**JPEG, "content-length": "2001", "expect": "100-continue"}
    answer = served.request("check", headers=announced, body=[b"x"] * 3)
    assert "at most 0.002 MB" in problem(answer, 413, "too-large")["detail"]
    # and where it lies about its size, while it is read
    problem(served.request("check", headers=JPEG, body=[b"x" * 700] * 3), 413, "too-large")
    body, headers = form(b"x" * 1500, b"y" * 1500)
    problem(served.request("check", headers=headers, body=[body]), 413, "too-large")


def test_pictures_of_a_form_are_limited(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MAX_PICTURES", 3)
    assert served.check(*PICTURES[:3]).status == 200
    problem(served.check(*PICTURES[:4]), 413, "too-large")


def test_parts_above_the_spool_size_stay_in_memory(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_file(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file was opened")

    monkeypatch.setattr("tempfile.TemporaryFile", no_file)
    answer = served.check(PICTURES[0] + bytes(3 * MB), PICTURES[1] + bytes(3 * MB))
    assert [row["error"] for row in json_of(answer)] == [None, None]


def test_bodies_count_in_the_quota_of_uploads() -> None:
    served = Served(server_mb=1)
    full = problem(served.check(*[bytes(600_000)] * 2), 503, "busy")
    assert "the server" in full["detail"]


def test_room_that_other_requests_take_comes_back() -> None:
    served = Served()
    for visit in ("one", "two"):
        served.quota.add(served.quota.begin(visit, "", "127.0.0.1"), 39 * MB)
    announced = {**JPEG, "content-length": str(5 * MB), "expect": "100-continue"}
    answer = served.request("check", headers=announced, body=[b"x"], is_held=True)
    problem(answer, 429, "too-many-requests")
    assert int(answer.headers["retry-after"]) > 0


def test_pictures_of_a_key_are_limited_and_those_of_this_machine_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resources.api_settings, "BURST", 3)
    keyed = Served(ApiSettings(keys=(KEY,), per_s=0.5))
    key = {"x-api-key": KEY}
    assert keyed.check(PICTURES[0], headers=key).status == 200
    answer = keyed.check(*PICTURES[:3], headers=key)
    problem(answer, 429, "too-many-requests")
    assert answer.headers["retry-after"] in ("1", "2")
    local = Served(ApiSettings(per_s=0.5))
    for _ in range(4):
        assert local.check(PICTURES[0]).status == 200


def test_requests_at_once_are_limited(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "MAX_REQUESTS", 0)
    answer = served.check(PICTURES[0])
    problem(answer, 503, "busy")
    assert int(answer.headers["retry-after"]) > 0


def test_other_methods_and_paths_are_problems(served: Served) -> None:
    answer = served.get("check")
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"
    for method in ("OPTIONS", "PUT"):
        assert "access-control-allow-origin" not in served.request("model", method=method).headers
    for path in ("nothing", "check/", "../v1/check/x", ""):
        problem(served.get(path), 404, "not-found")


def test_model_and_health(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    assert json_of(served.get("health"))["status"] == "ok"
    assert "with_mask" in json_of(served.get("model"))["verdicts"]
    monkeypatch.setattr(shutdown, "is_draining", lambda: True)
    problem(served.get("health"), 503, "busy")
    problem(served.check(PICTURES[0]), 503, "busy")


def test_a_missing_network_is_a_problem_and_the_log_has_its_path(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(operator_log, "_logged", set())
    monkeypatch.setenv("MASKDET_MODEL", "/secret/gone.json")
    served = Served(error=ModelError("gone.json: no such file"))
    for answer in (served.check(PICTURES[0]), served.check(*PICTURES), served.get("model")):
        assert "secret" not in json.dumps(problem(answer, 503, "no-model"))
    assert "/secret/gone.json" in caplog.text


def test_a_fault_is_a_problem_without_its_text(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("/secret")

    monkeypatch.setattr(resources, "_model_row", fail)
    assert "secret" not in json.dumps(problem(served.get("model"), 500, "failed"))
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


def test_a_fault_in_an_answer_that_has_begun_has_no_text(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(request: Request, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("/secret")

    with pytest.raises(CutShortError) as cut:
        asgi_client.request(Resource("x", GET=fail), "/api/v1/x")
    assert "secret" not in "".join(traceback.format_exception(cut.value))
    assert "RuntimeError" in caplog.text and "secret" not in caplog.text


def test_closing_ends_the_decoders_that_wait_for_work(served: Served) -> None:
    served.check(PICTURES[0])
    served.workers.close()
    assert served.decoder.n_closed == served.workers.n_workers


@pytest.mark.parametrize("n_pictures", [1, 6])
def test_a_client_that_goes_frees_its_work(served: Served, n_pictures: int) -> None:
    batch = [SLEEP + PICTURES[0]] * n_pictures
    body, headers = (batch[0], JPEG) if n_pictures == 1 else form(*batch)
    before = count("maskdet_api_requests_total", resource="check", outcome="gone")

    async def scenario() -> float:
        client = GoingClient(served, body, headers)
        running = asyncio.create_task(client.run())
        while not served.decoder.n_running:
            await asyncio.sleep(0.005)
        assert served.quota.used("server") == len(body)
        client.gone.set()
        began = time.monotonic()
        await asyncio.wait_for(running, 10)
        while served.decoder.n_running:
            await asyncio.sleep(0.005)
        # a batch's answer had begun, one picture's had not
        assert bool(client.sent) == (n_pictures > 1)
        assert not any(message.get("more_body") is False for message in client.sent)
        return time.monotonic() - began

    asyncio.run(scenario())
    assert served.quota.used("server") == 0
    # what waited in the batch never began
    assert served.decoder.n_most <= served.workers.n_workers
    if n_pictures == 1:
        assert count("maskdet_api_requests_total", resource="check", outcome="gone") == before + 1
    # and the workers are free
    assert served.check(PICTURES[0]).status == 200


def test_one_picture_at_a_time_while_somebody_is_live() -> None:
    naps = [jpeg(1500, 1500)] * 6
    live = Served(n_viewers=lambda: 1, n_workers=3)
    live.check(*naps)
    assert live.decoder.n_most == 1
    alone = Served(n_workers=3)
    alone.check(*naps)
    assert alone.decoder.n_most > 1


def test_requests_and_pictures_are_counted(served: Served) -> None:
    faces = count("maskdet_api_pictures_total", outcome="faces")
    refused = count("maskdet_api_pictures_total", outcome="refused")
    answered = count("maskdet_api_requests_total", resource="check", outcome="200")
    served.check(PICTURES[0], b"none")
    assert count("maskdet_api_pictures_total", outcome="faces") == faces + 1
    assert count("maskdet_api_pictures_total", outcome="refused") == refused + 1
    assert count("maskdet_api_requests_total", resource="check", outcome="200") == answered + 1


def test_codes_of_problems_are_unique() -> None:
    assert len({kind.code for kind in KINDS}) == len(KINDS)
