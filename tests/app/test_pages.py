"""Every page in Streamlit's AppTest: no traceback, readable messages, right verdicts."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from maskdet_app.ops.process import garbage_collection
from maskdet_app.ui.texts.i18n import t
from testbed.repository import REPO_ROOT

NETWORK = REPO_ROOT / "models" / "maskdet-vgg19-int8.json"


def _run(page: str) -> AppTest:
    app = AppTest.from_file(str(REPO_ROOT / "streamlit_app.py"), default_timeout=60)
    app.run()
    return app.switch_page(f"pages/{page}.py").run()


def _texts(app: AppTest) -> str:
    groups: tuple[Any, ...] = (app.markdown, app.error, app.warning, app.info, app.caption)
    return "\n".join(str(element.value) for group in groups for element in group)


@pytest.mark.parametrize("page", ["live", "photo", "metrics", "about"])
def test_page_opens(page: str) -> None:
    app = _run(page)
    assert not app.exception
    assert len(app.title) == 1


@pytest.mark.parametrize("page", ["live", "photo"])
def test_missing_model_is_reported_and_the_log_has_its_path(
    page: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = tmp_path / "gone.json"
    monkeypatch.setenv("MASKDET_MODEL", str(path))
    app = _run(page)
    assert not app.exception
    assert t("shared.no_model") in _texts(app)
    assert "gone" not in _texts(app)
    assert f"cannot read the model manifest {path}" in caplog.text
    assert "git checkout models" in caplog.text


def test_metrics_page_works_without_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASKDET_MODEL", str(tmp_path / "gone.json"))
    app = _run("metrics")
    assert not app.exception
    assert "gone.json" not in _texts(app)


@pytest.mark.skipif(not NETWORK.is_file(), reason="models/ holds no network")
def test_photos_with_a_bare_face_without_a_face_and_broken(astronaut_rgb: Any) -> None:
    app = _run("photo")
    app.file_uploader[0].set_value(
        [
            ("face.jpg", _jpeg(Image.fromarray(astronaut_rgb)), "image/jpeg"),
            ("wall.jpg", _jpeg(Image.new("RGB", (300, 200), (90, 120, 90))), "image/jpeg"),
            ("broken.jpg", b"not a picture", "image/jpeg"),
        ]
    ).run()
    assert not app.exception
    texts = _texts(app)
    assert "No mask" in texts
    assert "No face" in texts
    assert [e for e in app.error if "picture" in e.value.lower() or "image" in e.value.lower()]


@pytest.mark.parametrize(
    "epochs",
    [
        "",
        "not json\n",
        '{"epoch": 1, "phase": "full", "loss": NaN, "accuracy": 0.5}\n',
        '{"epoch": 1, "phase": "full", "loss": 0.4, "accuracy": 0.8, "val_loss": 0.3}\n',
        '{"epoch": 1, "phase": "full", "loss": 0.4, "accuracy": 0.8}\n{"epoch": 2, "lo',
    ],
    ids=["empty", "malformed", "nan", "one-epoch", "half-written"],
)
def test_invalid_records_give_no_traceback(
    epochs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "odd"
    run.mkdir()
    (run / "run.json").write_text(
        json.dumps({"format": 1, "name": "odd", "epochs_total": 3, "status": "finished"})
    )
    (run / "epochs.jsonl").write_text(epochs)
    (run / "evaluation.json").write_text('{"format": 1, "sets": [')
    monkeypatch.setenv("MASKDET_RUNS", str(tmp_path))
    app = _run("metrics")
    assert not app.exception
    picker = app.selectbox[0]
    option = next(option for option in picker.options if "odd" in option)
    picker.set_value(option).run()
    assert not app.exception


def _jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG")
    return buffer.getvalue()


def test_a_run_of_a_page_asks_for_a_collection_of_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(
        garbage_collection.Collector, "collect_soon", lambda self: asked.append(self)
    )
    _run("about")
    assert set(asked) == {garbage_collection.COLLECTOR}
