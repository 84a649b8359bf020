"""Small picture sets made at test time, in the layouts that training reads; one tiny training."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.train.drawn import write_labelled
from train.data.faces.datasets import FaceSample, read_dataset
from train.data.splits.split import Split
from train.network.config import FitConfig, NetworkConfig

TINY = FitConfig(
    weights="none",
    # two narrow blocks instead of five: what is tested depends on neither depth nor width
    network=NetworkConfig(blocks=2, widths=(8, 16, 16, 16, 16)),
    hands=False,
    frozen_epochs=1,
    full_epochs=1,
    frozen_from=2,
    full_from=1,
    epoch_samples=8,
    batch_size=4,
    precision="float32",
)
"""A training of seconds in both phases."""


def write_picture(path: Path, seed: int, size: int = 48) -> None:
    """A smooth random picture, so that JPEG and hashing behave as on photographs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 6, 3), dtype=np.uint8)
    assert cv2.imwrite(str(path), cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC))


def make_crop_set(root: Path) -> Path:
    """48 face crops in the layout of the 12k set."""
    seed = 0
    for split, n in (("Train", 16), ("Validation", 4), ("Test", 4)):
        for folder in ("WithMask", "WithoutMask"):
            for i in range(n):
                write_picture(root / split / folder / f"{seed}_{i}.jpg", seed)
                seed += 1
    return root


def published_split(root: Path) -> Split:
    """The set as its publisher split it."""
    samples = read_dataset(root)

    def part(name: str) -> list[FaceSample]:
        return [s for s in samples if s.published_split == name]

    return Split(part("train"), part("validation"), part("test"), part("test"), 0)


@pytest.fixture
def crop_set(tmp_path: Path) -> Path:
    return make_crop_set(tmp_path / "crops")


@pytest.fixture
def photo_set(tmp_path: Path) -> Path:
    """Whole photographs with boxes, in the layout of the covid set."""
    root = tmp_path / "photos"
    boxes = {}
    for i, folder in enumerate(("Mask", "Non Mask")):
        for split in ("Train", "Test"):
            write_picture(root / split / folder / "1.jpg", 900 + 2 * i + (split == "Test"), 200)
            boxes[f"{split}/{folder}/1.jpg"] = [
                [0.25, 0.25, 0.3, 0.4, 0.9],
                [0.7, 0.7, 0.06, 0.08, 0.9],
                [0.1, 0.1, 0.3, 0.4, 0.2],
            ]
    (root / "boxes.json").write_text(json.dumps(boxes), encoding="utf-8")
    return root


@pytest.fixture
def street_photos(tmp_path: Path) -> Path:
    """Whole photographs labelled by the face, in the layout of street-photos."""
    root = tmp_path / "street-photos"
    rows = []
    parts = ("train", "train", "train", "train", "val", "test")
    for i, (part, label) in enumerate(
        zip(parts, ("with_mask", "without_mask") * 3, strict=True), 1
    ):
        name = f"photos/street_{i:04d}.jpg"
        write_picture(root / name, 700 + i, 200)
        boxes = {
            (20, 40, 40, 60): label,
            (100, 50, 60, 80): "worn_wrong",
            (180, 180, 10, 10): label,
        }
        faces = [{"label": one, "box_xywh": list(box)} for box, one in boxes.items()]
        about = {"file": name, "width": 200, "height": 200, "source": "street-853", "split": part}
        rows.append({**about, "faces": faces})
    (root / "photos.json").write_text(json.dumps(rows), encoding="utf-8")
    return root


@pytest.fixture
def wild(tmp_path: Path) -> Path:
    """Face crops of three classes and covered ones, in the layout of faces-in-the-wild."""
    root = tmp_path / "faces-in-the-wild"
    seed = 2000
    for i, part in enumerate(("train", "val", "test")):
        for folder in ("with_mask", "without_mask", "worn_wrong"):
            write_picture(root / part / folder / f"w{i:04d}.jpg", seed)
            seed += 1
    write_picture(root / "train" / "worn_wrong" / "c0000.jpg", seed)
    write_picture(root / "test" / "covered_other" / "w0009.jpg", seed + 1)
    boxes = {"train/worn_wrong/c0000.jpg": [10, 5, 20, 24]}
    (root / "boxes_px.json").write_text(json.dumps(boxes), encoding="utf-8")
    return root


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Two people, in the layout of the set for evaluation."""
    root = tmp_path / "people"
    rows = []
    for i, (age, gender, group) in enumerate([(31, "female", "Asian"), (7, "male", "Black")]):
        write_picture(root / "faces" / f"{i}.jpg", 3000 + i)
        rows.append({"file": f"faces/{i}.jpg", "age": age, "gender": gender, "group": group})
    (root / "faces.json").write_text(json.dumps(rows), encoding="utf-8")
    return root


def draw_hand(path: Path) -> None:
    """A skin-coloured oval on a pale ground."""
    rgb = np.full((100, 100, 3), (222, 224, 226), np.uint8)
    cv2.ellipse(rgb, (50, 55), (22, 34), 0, 0, 360, (196, 140, 116), -1)
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), rgb[:, :, ::-1])


def make_hands(folder: Path) -> Path:
    """Six students of 10, 9, 10, 10, 10 and 3 digits, numbered through."""
    number = 100
    for digits in (range(10), range(1, 10), range(10), range(10), range(10), range(3)):
        for digit in digits:
            draw_hand(folder / f"{digit}_IMG_{number}.jpg")
            number += 1
    return folder


@pytest.fixture
def hands(tmp_path: Path) -> Path:
    return make_hands(tmp_path / "hands")


@pytest.fixture
def labelled_set(tmp_path: Path) -> Path:
    """See `tests.train.drawn.write_labelled`."""
    return write_labelled(tmp_path / "labelled")


@pytest.fixture(scope="session")
def tiny_config() -> FitConfig:
    return TINY


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The picture set of `tiny_run`; read only."""
    return make_crop_set(tmp_path_factory.mktemp("tiny") / "crops")


@pytest.fixture(scope="session")
def tiny_split(tiny_data: Path) -> Split:
    return published_split(tiny_data)


@pytest.fixture(scope="session")
def tiny_run(tiny_split: Split, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of one finished training, shared by all tests; read only."""
    from train.network.fit import fit

    run = tmp_path_factory.mktemp("runs") / "tiny"
    fit(TINY, tiny_split, None, run, None, resume=False)
    return run


@pytest.fixture(scope="session")
def tiny_models(
    tiny_run: Path, tiny_split: Split, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """`tiny_run` exported; copy it before you change it."""
    from train.commands.export import export

    models = tmp_path_factory.mktemp("exported") / "models"
    export(tiny_run, tiny_split, models, float_too=False)
    return models
