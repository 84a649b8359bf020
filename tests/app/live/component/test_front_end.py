"""The scripts that the component's front end gets in the browser, and what they are told."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import streamlit_webrtc
from streamlit.testing.v1 import AppTest
from streamlit_webrtc import component as library

from maskdet_app.live.component import front_end
from maskdet_app.live.component.front_end import FRONT_END, SCRIPTS, extend, words
from maskdet_app.live.demo import stage
from maskdet_app.ops.observability import operator_log
from tests.app.live.node import run

FACING, CAMERA_WORDS, LOST_VIDEO, ONE_START, _ = SCRIPTS

# A page with a camera that fails, the component's arguments, and what the front end would show.
FAILING_CAMERA = """
const listeners = [];
const send = (data) => listeners.forEach((listener) => listener({data}));
const render = (args) => send({type: "streamlit:render", args});
const args = JSON.parse(process.argv[3]);
globalThis.window = {addEventListener: (kind, listener) => listeners.push(listener),
  parent: {postMessage: ({value}) => {
    console.log(`told ${value.failure.n} ${value.failure.name}`);
    // the page's answer
    setTimeout(() => { console.log("answered"); render({...args, desired_playing_state: null}); });
  }}};
const failure = Object.assign(new Error("Requested device not found"), {name: process.argv[2]});
const devices = {getUserMedia: async () => { if (failure.name === "none") return "stream";
  throw failure; }};
Object.defineProperty(globalThis, "navigator", {value: {mediaDevices: devices}});
console.debug = () => {};
require(process.argv[1]);
send("something else");
render(args);
devices.getUserMedia({video: true}).then(
  (stream) => console.log(stream),
  (error) => console.log(`${error.name}: ${error.message}`),
);
"""


# Two cameras of a phone; shows which of them, and what else, is asked for.
PHONE = """
const camera = (deviceId, facing) => ({deviceId, getCapabilities: () => ({facingMode: facing})});
const devices = {
  enumerateDevices: async () => [camera("F", ["user"]), camera("R", ["environment"]),
    camera("desk", [])],
  getUserMedia: async ({video}) => [video.deviceId && video.deviceId.exact, video.width].join(),
};
Object.defineProperty(globalThis, "navigator", {value: {mediaDevices: devices}});
require(process.argv[1]);
const [deviceId, ideal, picked, before] = process.argv.slice(2);
const ask = (deviceId, ideal) => devices.getUserMedia(
  {video: {deviceId: {exact: deviceId}, ...(ideal && {facingMode: {ideal}}), width: 640}});
(async () => {
  if (before) await ask(deviceId, before);
  if (picked) await ask(picked);
  console.log(await ask(deviceId, ideal));
})();
"""

# A connected stream and the steps that the arguments name. Shows what the front end and the page
# are told, and what the visitor reads.
STREAM = """
let now = 0, tick = null, note = null;
const log = [], listeners = [];
const track = {};
class RTCPeerConnection {
  connectionState = "connected"; frames = 1;
  addEventListener(kind, listener) { this.listener = listener; }
  getSenders() { return [{track, transport: {state: this.transport || "connected"}}]; }
  async getStats() {
    return new Map([[1, {type: "inbound-rtp", kind: "video", framesDecoded: this.frames}]]);
  }
}
class RTCRtpTransceiver { stop() {} }
Object.assign(globalThis, {RTCPeerConnection, RTCRtpTransceiver, window: globalThis,
  addEventListener: (kind, listener) => listeners.push(listener),
  parent: {postMessage: ({value}) => log.push(`lost ${value.lost}`)},
  document: {hidden: false, body: {append: (element) => (note = element)},
    createElement: () => ({style: {}, setAttribute: () => {}})},
  setInterval: (look) => (tick = look), clearInterval: () => (tick = null)});
performance.now = () => now;
console.debug = () => {};
require(process.argv[1]);
const args = {translations: {reconnecting: "again"}};
listeners.forEach((listener) => listener({data: {type: "streamlit:render", args}}));
const connection = new RTCPeerConnection();
connection.addEventListener("connectionstatechange", () => log.push(connection.connectionState));
const wait = async (ms, isMoving) => {
  for (let i = 0; i < ms / 500; i++) {
    now += 500;
    if (isMoving) connection.frames++;
    if (tick) await tick();
  }
};
const steps = {
  "play": () => wait(2000, true),
  "nothing for a second": () => wait(1000, false),
  "nothing": () => wait(2000, false),
  "sleep": () => { now += 60000; },
  "hide": () => { document.hidden = true; },
  "show": () => { document.hidden = false; },
  "camera ends": () => track.onended(),
  "server closes": () => { connection.transport = "closed"; },
  "front end stops": () => new RTCRtpTransceiver().stop(),
  "no picture yet": () => { connection.frames = 0; },
};
(async () => {
  connection.listener();
  for (const step of process.argv.slice(2)) {
    if (steps[step]) await steps[step]();
    else { connection.connectionState = step; connection.listener(); }
    if (note && note.textContent) log.push(note.textContent);
  }
  console.log(log.join(", "));
})();
"""


# Starts of the front end: "ask" makes a connection and asks for its camera, "get" and "fail" answer
# the oldest such request, after which the start that gets its camera makes an offer.
STARTS = """
const log = [], requests = [];
let made = 0;
class RTCPeerConnection {
  constructor() { this.n = ++made; }
  close() { log.push(`close ${this.n}`); }
  createOffer() { log.push(`offer ${this.n}`); }
}
Object.assign(globalThis, {RTCPeerConnection, window: globalThis});
const devices = {getUserMedia: () => new Promise((...answers) => requests.push(answers))};
Object.defineProperty(globalThis, "navigator", {value: {mediaDevices: devices}});
console.debug = () => {};
require(process.argv[1]);
const steps = {
  ask: () => {
    const connection = new window.RTCPeerConnection();
    devices.getUserMedia({}).then(() => connection.createOffer(), () => log.push("failed"));
  },
  list: () => devices.getUserMedia({}).then(() => log.push("listed"), () => {}),
  get: () => requests.shift()[0](),
  fail: () => requests.shift()[1](new Error()),
};
(async () => {
  for (const step of process.argv.slice(2)) {
    steps[step]();
    await new Promise(setImmediate);
  }
  console.log(log.join(", "));
})();
"""


def shown(error: str, errors: Any, *, desired: bool | None = None) -> str:
    """What the front end shows when the camera fails so, and what the page is told before."""
    args = json.dumps({"translations": {"camera_errors": errors}, "desired_playing_state": desired})
    return run(FAILING_CAMERA, str(CAMERA_WORDS), error, args)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("NotAllowedError", "NotAllowedError"),
        ("NotFoundError", "NotFoundError"),
        ("NotReadableError", "NotReadableError"),
        ("TypeError", "other"),
    ],
)
def test_browser_shows_the_pages_words(error: str, reason: str) -> None:
    errors = words()["camera_errors"]
    told = shown(error, errors)
    assert told == f"{errors[reason]['title']}: {errors[reason]['text']}"
    assert error not in told


def test_a_page_that_tells_it_to_run_hears_of_a_failure_first() -> None:
    errors = words()["camera_errors"]
    told = shown("NotFoundError", errors, desired=True).splitlines()
    title, text = errors["NotFoundError"]["title"], errors["NotFoundError"]["text"]
    assert told == ["told 1 NotFoundError", "answered", f"{title}: {text}"]


def test_a_camera_that_works_is_passed_on() -> None:
    assert shown("none", words()["camera_errors"]) == "stream"


def test_without_words_the_browsers_error_stays() -> None:
    assert shown("NotFoundError", None) == "NotFoundError: Requested device not found"


def test_the_front_ends_second_attempt_stays_possible() -> None:
    told = shown("OverconstrainedError", words()["camera_errors"])
    assert told.startswith("OverconstrainedError:")


@pytest.mark.parametrize(
    ("remembered", "facing", "asked"),
    [
        ("F", "environment", ",640"),
        ("R", "user", ",640"),
        ("R", "environment", "R,640"),
        ("desk", "environment", "desk,640"),
        ("gone", "user", "gone,640"),
    ],
)
def test_the_other_camera_of_a_phone_is_asked_for(remembered: str, facing: str, asked: str) -> None:
    assert run(PHONE, str(FACING), remembered, facing) == asked


@pytest.mark.parametrize(
    ("before", "asked"), [("user", "R,640"), ("environment", ",640")], ids=["kept", "switched"]
)
def test_a_picked_camera_stays_until_the_side_is_switched(before: str, asked: str) -> None:
    # the first side that was asked for, then a rear camera picked, then the front one asked for
    assert run(PHONE, str(FACING), "R", "user", "R", before) == asked


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        # a connection that falters and comes back is no matter of the front end
        (["play", "disconnected", "nothing for a second", "connected", "play"], "connected"),
        (["play", "nothing"], "connected, lost picture, again"),
        (["play", "nothing", "play"], "connected, lost picture, again, lost null"),
        (["play", "failed", "nothing for a second"], "connected, lost connection"),
        (["play", "server closes", "nothing for a second"], "connected, lost connection"),
        (["play", "camera ends", "nothing for a second"], "connected, lost camera"),
        # what the front end ends is not lost
        (["play", "camera ends", "front end stops", "nothing", "nothing"], "connected"),
        (["play", "nothing", "front end stops", "nothing"], "connected, lost picture, again"),
        # after a sleep the connection gets its time
        (["play", "sleep", "nothing for a second", "play"], "connected"),
        (["play", "hide", "nothing", "nothing", "show", "play"], "connected"),
        (["no picture yet", "nothing", "nothing"], "connected"),
    ],
)
def test_what_is_lost_is_told(steps: list[str], told: str) -> None:
    assert run(STREAM, str(LOST_VIDEO), *steps) == told


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ("ask get", "offer 1"),
        ("ask ask ask get", "close 2, close 3, offer 1"),
        # the next one is a start of its own
        ("ask ask get ask get", "close 2, offer 1, offer 3"),
        ("ask fail ask get", "failed, offer 2"),
        ("ask ask fail ask get", "close 2, failed, offer 3"),
        # the list of cameras asks without a connection
        ("list ask get get", "listed, offer 1"),
        ("ask list ask get get", "close 2, offer 1, listed"),
    ],
)
def test_a_start_that_overlaps_another_is_left_out(steps: str, told: str) -> None:
    assert run(STARTS, str(ONE_START), *steps.split()) == told


def test_looks_at_a_video_do_not_overlap() -> None:
    # each answer takes as long as three looks
    slow = STREAM.replace(
        "async getStats() {",
        "async getStats() { log.push(this.asked ? 'overlap' : 'look'); this.asked = true; "
        "await new Promise(resolve => setTimeout(resolve, 5)); this.asked = false;",
    ).replace("if (tick) await tick();", "if (tick) tick();")
    told = run(slow, str(LOST_VIDEO), "play")
    assert "look" in told
    assert "overlap" not in told


def test_before_it_has_begun_the_front_end_hears_of_a_failure() -> None:
    connecting = STREAM.replace('State = "connected"', 'State = "connecting"')
    assert run(connecting, str(LOST_VIDEO), "failed", "nothing") == "connecting, failed"


def test_the_front_end_is_complete_and_begins_with_the_scripts(tmp_path: Path) -> None:
    extend(tmp_path)
    copied = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    original = {path.relative_to(FRONT_END) for path in FRONT_END.rglob("*") if path.is_file()}
    ours = {Path(path.name) for path in (*SCRIPTS, stage.STYLE_SHEET)}
    assert copied == original | ours
    scripts = re.findall(r'<script [^>]*src="([^"]+)"', (tmp_path / "index.html").read_text())
    assert scripts[: len(SCRIPTS)] == [f"./{script.name}" for script in SCRIPTS]
    assert len(scripts) > len(SCRIPTS)


def test_a_page_without_scripts_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "index.html").write_text("<html></html>")
    monkeypatch.setattr(front_end, "FRONT_END", tmp_path)
    with pytest.raises(ValueError, match="script"):
        extend(tmp_path / "copy")


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_component_gets_the_words_in_the_visitors_language(
    language: str, component: dict[str, Any], new_app: Callable[..., AppTest]
) -> None:
    app = new_app(lang=language).run()
    assert not app.exception
    told = {key: component["translations"][key] for key in words()}
    assert (told["reconnecting"] == words()["reconnecting"]) is (language == "en")
    errors = told["camera_errors"]
    assert set(errors) == set(words()["camera_errors"])
    assert (errors == words()["camera_errors"]) is (language == "en")
    assert {key for error in errors.values() for key in error} == {"title", "text"}


def test_streams_use_the_extended_front_end(new_app: Callable[..., AppTest]) -> None:
    new_app().run()
    path = library._component_func.path
    assert path is not None
    assert (Path(path) / SCRIPTS[0].name).is_file()


@pytest.mark.parametrize(
    "code",
    [
        # the browser's name of an error is shown
        "error.name,`: `,e.error.message",
        # in English only, with the class that hides it
        "severity:`warning`,children:`Connection is taking longer than expected",
        # a connection that falters ends the stream
        "connectionState===`disconnected`",
        # the first thing that ends it
        "getTransceivers().forEach(function(e){e.stop&&e.stop()})",
        # a start begins again with each change of the arguments until the import is done
        "t===!0&&c.webRtcState===`STOPPED`?h()",
        # the first camera is remembered
        "t.deviceIds.video??e.video",
    ],
)
def test_the_library_still_needs_the_scripts(code: str) -> None:
    """Once this fails, see whether the script is still needed."""
    assert streamlit_webrtc.__version__.startswith(front_end.FIXED_VERSION)
    text = "".join(path.read_text() for path in FRONT_END.glob("assets/index-*.js"))
    assert code in text


def test_other_version_is_left_alone_and_the_operator_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(operator_log, "_logged", set())
    monkeypatch.setattr(streamlit_webrtc, "__version__", "9.0.0")
    before = library._component_func
    assert front_end.apply.__wrapped__() is False
    assert library._component_func is before
    [told] = caplog.messages
    assert "9.0.0" in told and front_end.FIXED_VERSION in told
