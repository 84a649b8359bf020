"""A whole small training of the verifier, up to what the app would load and what is measured."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from maskdet_core import load_finder
from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.manifest import CascadeManifest
from maskdet_core.version import __version__
from tests.train.drawn import write_labelled, write_photos
from train.commands.finder import publish, train
from train.data.annotations.photos import LabelledPhoto, read_photos
from train.data.faces.datasets import read_dataset
from train.data.faces.images import read_rgb
from train.data.splits.finder_data import finder_data
from train.data.splits.split import split_samples
from train.evaluate_finder.evaluation import evaluate_finder
from train.verifier.batches import BatchConfig
from train.verifier.fit import Run
from train.verifier.framing import SECOND_LOOK
from train.verifier.network import VerifierConfig, load_verifier

TINY = VerifierConfig(
    layers=((8, 2), (16, 2), (16, 2)),
    hidden=16,
    epochs=1,
    steps=100,
    learning_rate=0.01,
    batches=BatchConfig(32),
)
TINY_SECOND = replace(TINY, input_px=SECOND_LOOK.input_px)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[LabelledPhoto]:
    return read_photos(write_labelled(tmp_path_factory.mktemp("street") / "photos", 12))


@pytest.fixture(scope="module")
def models(
    photos: list[LabelledPhoto], repo_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """What a training of a few steps publishes."""
    folder = tmp_path_factory.mktemp("finder")
    shipped = repo_root / "models"
    proposals = shipped / "maskdet-haar-search.xml"
    training = [photo for photo in photos if photo.split == "train"]

    run = Run(training, shipped / "maskdet-haar.json", folder / "run", resume=True)
    networks = train(run, TINY, TINY_SECOND, proposals)
    # the second time everything is there
    assert train(run, TINY, TINY_SECOND, proposals) == networks
    # a trained first network is taken as it is
    alone = replace(run, out=folder / "second alone")
    assert train(alone, networks.first, TINY_SECOND, proposals).first == networks.first
    # and a second one is gone on from: at a rate of 0 its weights stay
    further = replace(run, out=folder / "second further")
    final = Path("fit-second", "final.keras")
    still = replace(TINY_SECOND, steps=1, learning_rate=0.0)
    train(further, networks.first, still, proposals, run.out / final)
    before, after = (load_verifier(one.out / final).trainable_weights for one in (run, further))
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    held = [photo for photo in photos if photo.split != "train"]
    (folder / "models").mkdir()
    shutil.copy(shipped / "maskdet-haar.json", folder / "models")
    publish(proposals, networks, held, folder / "models", {"photos": len(training)})
    return folder / "models"


def test_published_finder_finds_the_drawn_faces(photos: list[LabelledPhoto], models: Path) -> None:
    path = models / "maskdet-haar.json"
    assert CascadeManifest.load(path).training == {"photos": 6}
    assert set(CascadeManifest.load(path).evaluation) == {"recorded"}
    finder = load_finder("photo", path)
    assert isinstance(finder, CascadeFaceFinder)
    held = [photo for photo in photos if photo.split != "train"]
    errors = []
    for photo in held:
        best = finder.with_min_score(-1e3).find(read_rgb(photo.path), min_face_px=40)[0]
        x, y, w, h = photo.boxes[0]
        errors.append(abs(best.x + best.w / 2 - x - w / 2) + abs(best.y + best.h / 2 - y - h / 2))
    assert sorted(errors)[len(errors) // 2] < 20


def test_published_finder_is_measured_beside_the_stock_ones(
    photos: list[LabelledPhoto],
    models: Path,
    repo_root: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = write_photos(tmp_path / "drawn")
    data = finder_data([root], split_samples(read_dataset(root, whole_photos=True)))
    # the stock cascades take their time
    few = replace(data, tune=data.tune[:2], scenes=data.scenes[:3])
    finder = models / "maskdet-haar.json"
    path = evaluate_finder(few, finder, models, tmp_path / "false", photos[-3:])
    measured = CascadeManifest.load(path).evaluation
    ours = next(r for r in measured["records"] if r["finder"] == "maskdet photo")
    assert ours["photos"] == len(few.tune) + len(few.test)
    assert measured["time_ratio"]["frontalface_alt"] == 1.0
    assert measured["version"] == measured["drawn"]["version"] == __version__
    assert measured["drawn"]["manifests"] == {"maskdet": "maskdet-street"}
    drawn = {record["finder"]: record for record in reversed(measured["drawn"]["records"])}
    assert drawn["maskdet photo"]["photos"] == 3
    assert drawn["maskdet live"]["candidates"]
    assert drawn["frontalface_default"]["processor_ms"] > 0
    out = capsys.readouterr().out
    assert "frontalface_alt" in out and "further boxes a photo" in out
    card = (models / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "### Hand-drawn boxes" in card and "“maskdet” is `maskdet-street`" in card
    # what nobody can measure again stays, and stands beside the same photographs only
    shipped = CascadeManifest.load(repo_root / "models" / "maskdet-haar.json").evaluation
    assert measured["recorded"] == shipped["recorded"]
    assert [one["finder"] for one in measured["recorded"]["drawn"]] == [
        "earlier photo",
        "earlier live",
    ] * 2
    assert "earlier photo" not in card
