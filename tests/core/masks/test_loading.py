"""Which network a path, a name or the environment stands for."""

from pathlib import Path

import pytest

from maskdet_core import MaskDetector, Verdict, read_image
from maskdet_core.masks.loading import (
    DEFAULT_MODEL,
    MODEL_ENV,
    WHOLE,
    WHOLE_MODEL,
    default_model_path,
    load_classifier,
    model_path,
)
from maskdet_core.masks.manifest import ModelManifest
from testbed.repository import REPO_ROOT

SAMPLES = REPO_ROOT / "maskdet_app" / "photo" / "samples"
MAX_BYTES = 4_000_000


def test_a_name_stands_for_the_whole_network(monkeypatch: pytest.MonkeyPatch) -> None:
    assert model_path(WHOLE) == model_path(Path(WHOLE)) == WHOLE_MODEL
    assert model_path("other/network.json") == Path("other/network.json")
    monkeypatch.setenv(MODEL_ENV, WHOLE)
    assert default_model_path() == WHOLE_MODEL
    monkeypatch.setenv(MODEL_ENV, "")
    assert default_model_path() == DEFAULT_MODEL


def test_the_default_network_is_small_and_knows_three_verdicts() -> None:
    manifest = ModelManifest.load(DEFAULT_MODEL)
    assert manifest.has_worn_wrong
    assert manifest.size_bytes <= MAX_BYTES
    assert manifest.input_size_px == load_classifier(WHOLE).manifest.input_size_px == 128
    assert not ModelManifest.load(WHOLE_MODEL).has_worn_wrong


def test_the_whole_network_judges_the_samples_as_the_default_one_does() -> None:
    whole, default = MaskDetector.load(model=WHOLE), MaskDetector.load()
    verdicts = [
        [face.verdict for face in detector.detect(read_image(path))]
        for detector in (whole, default)
        for path in sorted(SAMPLES.glob("*.jpg"))
    ]
    half = len(verdicts) // 2
    assert verdicts[:half] == verdicts[half:]
    assert [Verdict.WITH_MASK] in verdicts
    assert [Verdict.WITHOUT_MASK] in verdicts
