import argparse
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import MaskDetector, encode_jpeg, encode_png, load_finder, read_image
from maskdet_core.batch.photos import check as photo_check
from maskdet_core.batch.photos import crops
from maskdet_core.batch.photos import folder as folder_check
from maskdet_core.command_line import classify, cli
from maskdet_core.command_line.command import Command
from maskdet_core.version import __version__
from testbed.repository import REPO_ROOT
from tests.core.batch.fakes import map_in_this_process

FACE = np.s_[60:190, 165:295]
"""A crop of the portrait's face."""


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch, stub_classifier: Any) -> Any:
    """The command line on a fake network that sees a mask everywhere."""
    classifier = stub_classifier(0.9)

    def load_detector(model: object, finder: str | None = None, **values: Any) -> MaskDetector:
        return MaskDetector(load_finder("live", finder), classifier, **values)

    monkeypatch.setattr(photo_check, "load_classifier", lambda model, n_threads: classifier)
    monkeypatch.setattr(photo_check.MaskDetector, "load", load_detector)
    monkeypatch.setattr(crops, "load_classifier", lambda model: classifier)
    for command in (folder_check, classify):
        monkeypatch.setattr(command, "map_in_order", map_in_this_process)
    return classifier


@pytest.fixture
def folder(tmp_path: Path, portrait: NDArray[np.uint8]) -> Path:
    """A portrait, an empty picture and a text called .jpg, at two depths."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "portrait.JPG").write_bytes(encode_jpeg(portrait))
    (tmp_path / "a.png").write_bytes(encode_png(np.full((60, 80, 3), 128, np.uint8)))
    (tmp_path / "notes.txt").write_text("no picture, not looked at")
    return tmp_path


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("finder", [[], ["--finder", "stock"]])
def test_finder_can_be_chosen(
    finder: list[str], stubbed: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", str(folder), "--format", "json", *finder]) == 0
    assert len(lines(capsys.readouterr().out)[1]["faces"]) >= 1


def test_missing_cascade_is_reported_plainly(
    stubbed: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", str(folder), "--finder", str(folder / "gone.json")]) == 2
    error = capsys.readouterr().err
    assert "gone.json" in error and "Traceback" not in error


def test_check_writes_one_object_a_photo(
    stubbed: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", str(folder), "--format", "json"]) == 0
    empty, portrait = lines(capsys.readouterr().out)
    assert empty == {
        "path": str(folder / "a.png"),
        "width": 80,
        "height": 60,
        "faces": [],
        "n_unjudged": 0,
        "annotated": None,
        "error": None,
    }
    assert list(portrait) == list(empty)
    assert portrait["path"] == str(folder / "b" / "portrait.JPG")
    assert (portrait["width"], portrait["height"]) == (512, 512)
    face = portrait["faces"][0]
    assert list(face) == ["box_xywh", "verdict", "p_with_mask", "p_worn_wrong", "p_without_mask"]
    assert (face["verdict"], face["p_with_mask"]) == ("with_mask", 0.9)
    assert (face["p_worn_wrong"], face["p_without_mask"]) == (0.0, 0.1)
    assert all(type(value) is int for value in face["box_xywh"])


def test_unreadable_picture_is_reported_and_the_others_are_still_checked(
    stubbed: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = folder / "0.jpg"
    bad.write_text("text")
    gone = folder / "gone.png"
    assert cli.main(["check", str(gone), str(folder), "--format", "json"]) == 1
    rows = lines(capsys.readouterr().out)
    assert [Path(row["path"]).name for row in rows] == [
        "gone.png",
        "0.jpg",
        "a.png",
        "portrait.JPG",
    ]
    assert [row["error"] is None for row in rows] == [False, False, True, True]
    assert rows[0]["faces"] == []
    assert rows[0]["width"] is None


def test_classify_takes_the_whole_picture(
    stubbed: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["classify", str(folder / "a.png"), "--format", "json"]) == 0
    assert lines(capsys.readouterr().out) == [
        {
            "path": str(folder / "a.png"),
            "verdict": "with_mask",
            "p_with_mask": 0.9,
            "p_worn_wrong": 0.0,
            "p_without_mask": 0.1,
            "error": None,
        }
    ]
    assert stubbed.seen[0].shape == (1, 32, 32, 3)
    assert np.all(stubbed.seen[0] == 128)


def test_classify_threshold_and_unreadable(
    stubbed: Any,
    folder: Path,
    portrait: NDArray[np.uint8],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "0.jpg").write_bytes(b"")
    face = folder / "b" / "face.png"
    face.write_bytes(encode_png(np.ascontiguousarray(portrait[FACE])))
    names = [str(folder / "0.jpg"), str(folder / "a.png"), str(face)]
    arguments = ["classify", *names, "--format", "json", "--min-confidence", "0.95"]
    assert cli.main(arguments) == 1
    rows = lines(capsys.readouterr().out)
    assert [row["verdict"] for row in rows] == [None, "not_sure", "not_sure"]
    assert "empty file" in rows[0]["error"]


@pytest.mark.parametrize(
    ("p_face", "is_crop"), [(0.04, False), (0.2, False), (0.6, True), (float("nan"), True)]
)
def test_picture_without_a_face_is_no_face_crop(
    p_face: float,
    is_crop: bool,
    stubbed: Any,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stubbed.p_face = (p_face,)
    stubbed.manifest = replace(stubbed.manifest, min_face_probability=0.053)
    picture = str(folder / "a.png")
    assert cli.main(["classify", picture, "--format", "json"]) == (0 if is_crop else 1)
    (row,) = lines(capsys.readouterr().out)
    probabilities = ["p_with_mask", "p_worn_wrong", "p_without_mask"]
    assert list(row) == ["path", "verdict", *probabilities, "error"]
    if is_crop:
        assert (row["verdict"], row["error"]) == ("with_mask", None)
        return
    assert row["verdict"] is None
    assert [row[name] for name in probabilities] == [None] * 3
    assert row["error"].startswith("no face crop: ")
    cli.main(["classify", picture])
    assert capsys.readouterr().out.startswith(f"{picture}: no face crop: ")


def test_shipped_network_tells_crops_from_photos_and_scenery(
    portrait: NDArray[np.uint8],
    shipped_manifest: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    y, x = np.mgrid[0:480, 0:640]
    waves = (120 + 80 * np.sin(x / 30), 120 + 80 * np.sin(y / 17), 90 + 60 * np.sin((x + y) / 23))
    meadow = np.full((480, 640, 3), (60, 120, 40), np.uint8)
    meadow[:240] = (120, 170, 230)
    screenshot = np.full((400, 640, 3), 255, np.uint8)
    for row in range(30, 380, 22):
        screenshot[row : row + 9, 40 : 600 - row % 170 : 2] = 20
    samples = REPO_ROOT / "maskdet_app" / "photo" / "samples"
    pictures = {
        "crop": np.ascontiguousarray(portrait[FACE]),
        "photo": portrait,
        "waves": np.stack(waves, 2).astype(np.uint8),
        "meadow": meadow,
        "screenshot": screenshot,
        **{f"sample {name}": read_image(samples / f"{name}.jpg") for name in ("bare", "masked")},
    }
    paths = {name: tmp_path / f"{name}.png" for name in pictures}
    for name, picture in pictures.items():
        paths[name].write_bytes(encode_png(picture))
    arguments = ["classify", *map(str, paths.values()), "--model", str(shipped_manifest)]
    assert cli.main([*arguments, "--format", "json"]) == 1
    rows = dict(zip(pictures, lines(capsys.readouterr().out), strict=True))
    assert (rows["crop"]["verdict"], rows["crop"]["error"]) == ("without_mask", None)
    for name in set(pictures) - {"crop"}:
        assert rows[name]["verdict"] is None, name
        assert rows[name]["error"].startswith("no face crop: "), name


def test_probability_that_is_not_finite_is_null(
    stubbed: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stubbed.probabilities = (float("nan"),)
    cli.main(["classify", str(folder / "a.png"), "--format", "json"])
    row = lines(capsys.readouterr().out)[0]
    assert (row["verdict"], row["p_with_mask"]) == ("not_sure", None)
    assert (row["p_worn_wrong"], row["p_without_mask"]) == (None, None)


@pytest.mark.parametrize("command", ["check", "classify"])
def test_mask_worn_wrong_is_a_verdict_of_its_own_or_no_mask(
    command: str,
    stubbed: Any,
    folder: Path,
    portrait: NDArray[np.uint8],
    capsys: pytest.CaptureFixture[str],
) -> None:
    stubbed.probabilities, stubbed.p_worn_wrong = (0.125,), 0.5
    picture = folder / "b" / "portrait.JPG"
    if command == "classify":
        picture.write_bytes(encode_png(np.ascontiguousarray(portrait[FACE])))
    arguments = [command, str(picture), "--min-confidence", "0.5", "--format"]
    for options, verdict in (([], "worn_wrong"), (["--two-classes"], "without_mask")):
        # the exit status tells whether pictures could be used, not what they show
        assert cli.main([*arguments, "json", *options]) == 0
        (row,) = lines(capsys.readouterr().out)
        face = row["faces"][0] if command == "check" else row
        assert face["verdict"] == verdict
        assert (face["p_with_mask"], face["p_worn_wrong"]) == (0.125, 0.5)
        assert face["p_without_mask"] == 0.375
        assert cli.main([*arguments, "text", *options]) == 0
        text = f"{verdict} (p_with_mask 0.125, p_worn_wrong 0.5)"
        assert capsys.readouterr().out.startswith(f"{picture}: {text}")


def test_two_classes_decide_by_the_sum(
    stubbed: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stubbed.probabilities, stubbed.p_worn_wrong = (0.2,), 0.4
    arguments = ["classify", str(folder / "a.png"), "--format", "json"]
    verdicts = []
    for options in ([], ["--two-classes"]):
        assert cli.main([*arguments, *options]) == 0
        verdicts += [row["verdict"] for row in lines(capsys.readouterr().out)]
    assert verdicts == ["not_sure", "without_mask"]


def test_text_says_no_face_found(
    stubbed: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["check", str(folder)])
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"{folder / 'a.png'}: no face found"
    # a network of two classes has no word for the third
    assert "with_mask (p_with_mask 0.9)" in second


def test_smallest_face_reaches_the_finder(
    stubbed: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    portrait = str(folder / "b" / "portrait.JPG")
    cli.main(["check", portrait, "--format", "json", "--min-face", "500"])
    assert lines(capsys.readouterr().out)[0]["faces"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["check"],
        ["look", "x.jpg"],
        ["check", "x.jpg", "--format", "xml"],
        ["check", "x.jpg", "--min-face", "0"],
        ["check", "x.jpg", "--min-confidence", "1.5"],
        ["classify", "x.jpg", "--min-face", "30"],
        ["check", "x.jpg", "--model", "no/such/model.json"],
        ["check", "x.jpg", "--jobs", "0"],
        ["check", "x.jpg", "--annotate"],
        ["check", "x.jpg", "--fresh", "--csv", "r.csv"],
        ["check", "x.jpg", "--out", "out", "--blur", "--no-videos"],
        ["check", "x.jpg", "--out", "out", "--format", "json"],
        ["check", "x.jpg", "--csv", "r", "--json", "r"],
        ["check", "x.jpg", "--csv", "/"],
        ["classify", "x.jpg", "--out", "out"],
    ],
)
def test_wrong_usage_is_exit_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"maskdet {__version__}\n"


def test_commands_are_a_registry(capsys: pytest.CaptureFixture[str]) -> None:
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("word")

    def run(options: argparse.Namespace) -> int:
        print(options.word)
        return 7

    extra = Command("echo", "print a word", add_arguments, run)
    assert cli.main(["echo", "hello"], commands=(*cli.COMMANDS, extra)) == 7
    assert capsys.readouterr().out == "hello\n"
    assert cli.main(["echo", "hello"]) == cli.EXIT_USAGE
    assert [command.name for command in cli.COMMANDS] == ["check", "classify", "watch"]


def test_help_is_exit_code_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "--help"]) == 0
    assert "--min-confidence" in capsys.readouterr().out


BLOCKED = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"streamlit", "tensorflow", "keras", "av", "streamlit_webrtc"}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Block())
import maskdet_core
from maskdet_core.command_line.cli import main

code = main(sys.argv[1:])
heavy = {"streamlit", "tensorflow", "keras", "av"} & set(sys.modules)
sys.exit(9 if heavy else code)
"""


def run_blocked(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BLOCKED, *arguments],
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_library_and_help_need_neither_streamlit_nor_tensorflow() -> None:
    done = run_blocked("--help")
    assert done.returncode == 0, done.stderr
    assert "classify" in done.stdout


def test_keras_model_without_keras_is_a_plain_message(tmp_path: Path) -> None:
    (tmp_path / "m.keras").write_bytes(b"x")
    done = run_blocked("classify", str(tmp_path), "--model", str(tmp_path / "m.keras"))
    assert done.returncode == 2
    assert "needs Keras" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["check", "classify"])
def test_real_run_without_streamlit_and_tensorflow(
    command: str, folder: Path, portrait: NDArray[np.uint8], shipped_manifest: Path
) -> None:
    model = str(shipped_manifest)
    if command == "classify":
        crop = encode_jpeg(np.ascontiguousarray(portrait[FACE]))
        (folder / "b" / "portrait.JPG").write_bytes(crop)
    done = run_blocked(command, str(folder / "b"), "--format", "json", "--model", model)
    assert done.returncode == 0, done.stderr
    (row,) = lines(done.stdout)
    assert row["error"] is None
    if command == "check":
        assert row["faces"][0]["verdict"] == "without_mask"
