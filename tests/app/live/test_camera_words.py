"""The words for a camera that is refused, absent or in use reach the browser's component."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import streamlit_webrtc
from playwright._impl._driver import compute_driver_executable
from streamlit.testing.v1 import AppTest
from streamlit_webrtc import component as library

from maskdet_app.live import camera_words
from maskdet_app.live.camera_words import FRONT_END, SCRIPT, camera_errors, extend_front_end

# A page with a camera that fails, the component's arguments, and what the front end would show.
HARNESS = """
const listeners = [];
globalThis.window = {addEventListener: (kind, listener) => listeners.push(listener)};
const failure = Object.assign(new Error("Requested device not found"), {name: process.argv[2]});
const devices = {getUserMedia: async () => { if (failure.name === "none") return "stream";
  throw failure; }};
Object.defineProperty(globalThis, "navigator", {value: {mediaDevices: devices}});
console.debug = () => {};
require(process.argv[1]);
const send = (data) => listeners.forEach((listener) => listener({data}));
send("something else");
send({type: "streamlit:render", args: JSON.parse(process.argv[3])});
devices.getUserMedia({video: true}).then(
  (stream) => console.log(stream),
  (error) => console.log(`${error.name}: ${error.message}`),
);
"""


def shown(error: str, words: Any) -> str:
    """What the front end shows when the camera fails so; runs the Node.js that Playwright has."""
    node = compute_driver_executable()[0]
    arguments = [str(SCRIPT), error, json.dumps({"translations": {"camera_errors": words}})]
    command = [str(node), "-e", HARNESS, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


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
    words = camera_errors()
    told = shown(error, words)
    assert told == f"{words[reason]['title']}: {words[reason]['text']}"
    assert error not in told


def test_a_camera_that_works_is_passed_on() -> None:
    assert shown("none", camera_errors()) == "stream"


def test_without_words_the_browsers_error_stays() -> None:
    assert shown("NotFoundError", None) == "NotFoundError: Requested device not found"


def test_the_front_ends_second_attempt_stays_possible() -> None:
    assert shown("OverconstrainedError", camera_errors()).startswith("OverconstrainedError:")


def test_the_front_end_is_complete_and_begins_with_the_script(tmp_path: Path) -> None:
    extend_front_end(tmp_path)
    copied = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    original = {path.relative_to(FRONT_END) for path in FRONT_END.rglob("*") if path.is_file()}
    assert copied == original | {Path(SCRIPT.name)}
    scripts = re.findall(r'<script [^>]*src="([^"]+)"', (tmp_path / "index.html").read_text())
    assert scripts[0] == f"./{SCRIPT.name}"
    assert len(scripts) > 1


def test_a_page_without_scripts_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "index.html").write_text("<html></html>")
    monkeypatch.setattr(camera_words, "FRONT_END", tmp_path)
    with pytest.raises(ValueError, match="script"):
        extend_front_end(tmp_path / "copy")


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_component_gets_the_words_in_the_visitors_language(
    language: str, component: dict[str, Any], new_app: Callable[..., AppTest]
) -> None:
    app = new_app(lang=language).run()
    assert not app.exception
    words = component["translations"]["camera_errors"]
    assert set(words) == set(camera_errors())
    assert (words == camera_errors()) is (language == "en")
    assert {key for word in words.values() for key in word} == {"title", "text"}


def test_streams_use_the_extended_front_end(new_app: Callable[..., AppTest]) -> None:
    new_app().run()
    path = library._component_func.path
    assert path is not None
    assert (Path(path) / SCRIPT.name).is_file()


def test_the_library_still_shows_the_browsers_error() -> None:
    """Once this fails, see whether the script is still needed."""
    assert streamlit_webrtc.__version__.startswith(camera_words.FIXED_VERSION)
    front_end = "".join(path.read_text() for path in FRONT_END.glob("assets/index-*.js"))
    assert "error.name,`: `,e.error.message" in front_end
