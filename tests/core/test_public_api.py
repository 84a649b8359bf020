"""The names that users import, and the entry points that the subpackages document."""

import ast
import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

import maskdet_core

NAMES = """
CascadeError Detections Face FaceBox ImageError LiveProcessor LiveStats MaskDetector
MaskdetError ModelError RgbImage Verdict __version__ annotate blur_faces draw_activation_map
encode_jpeg encode_png load_classifier load_finder read_image
"""
EXPORTED = NAMES.split()
VALUES = {"RgbImage": "types.py", "__version__": "version.py"}
"""Names without a docstring of their own at run time, and the modules that document them."""

SUBPACKAGES = ["faces", "masks", "draw", "live", "batch", "command_line"]
ENTRY_POINTS = [
    "faces.loading.load_finder",
    "faces.finder.FaceFinder",
    "masks.loading.load_classifier",
    "masks.classifier.Classifier",
    "masks.crops.square_crop",
    "draw.annotate.annotate",
    "draw.anonymise.blur_faces",
    "draw.activation_map.draw_activation_map",
    "live.processor.LiveProcessor",
    "command_line.cli.main",
    "batch.photos.folder.check_folder",
]


def resolve(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def public_members(of: Any) -> dict[str, Any]:
    """Public methods and properties that a class of ours defines."""
    members = inspect.getmembers_static(of)
    return {
        name: member
        for name, member in members
        if not name.startswith("_")
        and name in vars(of)
        and (callable(member) or isinstance(member, property | classmethod | staticmethod))
    }


def test_exported_names_are_exactly_these() -> None:
    assert maskdet_core.__all__ == EXPORTED
    assert sorted(EXPORTED) == EXPORTED


def test_star_import_gives_the_exported_names() -> None:
    names: dict[str, Any] = {}
    exec("from maskdet_core import *", names)
    assert set(EXPORTED) <= set(names)


@pytest.mark.parametrize("name", [name for name in EXPORTED if name not in VALUES])
def test_exported_name_and_its_members_are_documented(name: str) -> None:
    exported = getattr(maskdet_core, name)
    assert inspect.getdoc(exported)
    if inspect.isclass(exported):
        undocumented = [
            member
            for member, value in public_members(exported).items()
            if not inspect.getdoc(value)
        ]
        assert undocumented == []


@pytest.mark.parametrize("name", VALUES)
def test_exported_value_is_documented_where_it_is_defined(name: str) -> None:
    path = Path(maskdet_core.__file__).with_name(VALUES[name])
    body = ast.parse(path.read_text(encoding="utf-8")).body
    (index,) = [
        i
        for i, node in enumerate(body)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    ]
    following = body[index + 1]
    assert isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)


@pytest.mark.parametrize("name", SUBPACKAGES)
def test_subpackage_is_named_in_the_package_and_documents_entry_points_that_exist(
    name: str,
) -> None:
    assert f"`{name}`" in (maskdet_core.__doc__ or "")
    documented = importlib.import_module(f"maskdet_core.{name}").__doc__ or ""
    assert documented
    for path in re.findall(r"`(maskdet_core\.[\w.]+\.\w+)`", documented):
        assert inspect.getdoc(resolve(path)), path


@pytest.mark.parametrize("path", ENTRY_POINTS)
def test_entry_point_exists_and_is_documented(path: str) -> None:
    assert inspect.getdoc(resolve(f"maskdet_core.{path}"))


@pytest.mark.parametrize(
    "path", [path for path in ENTRY_POINTS if path.startswith(("faces", "masks", "draw"))]
)
def test_entry_point_is_named_by_its_subpackage(path: str) -> None:
    package = importlib.import_module(f"maskdet_core.{path.split('.')[0]}")
    assert f"`maskdet_core.{path}`" in (package.__doc__ or "")
