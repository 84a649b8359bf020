"""The rules of the house that a test can check."""

import ast
import hashlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from maskdet_core.version import __version__
from testbed.repository import REPO_ROOT

MAX_MODULE_LINES = 400
MAX_PAGE_LINES = 80
MAX_FILE_BYTES = 45_000_000
RUNTIMES = {"cv2", "ai_edge_litert", "tensorflow", "keras"}
PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic"}
# The photo page offers these to visitors without a picture at hand: a public-domain portrait that
# `python -m train samples` cuts and draws on.
SAMPLES = {f"maskdet_app/photo/samples/{name}.jpg" for name in ("bare", "hand", "masked")}
# The icon, and the picture of the link preview, which is made of the three samples.
ICON_AND_PREVIEW = {"maskdet_app/ui/layout/icon.png", "maskdet_app/server/page_head/preview.png"}
# The live page's demo, drawn on the same portrait by `python -m train demo-film`.
FILM = "maskdet_app/live/demo/film.mp4"
FILM_SUFFIXES = {".mp4", ".webm", ".mov", ".mkv", ".avi", ".mjpeg", ".y4m"}
DEVELOPMENT = {"benchmarks", "testbed", "tests", "train"}
CONTRACTS = {
    *("core-layers", "batch-layers", "core-alone", "keras-in-one-place"),
    *("app-layers", "server-layers", "ui-layers", "ops-layers", "app-alone"),
    *("live-layers", "metrics-layers"),
    *("train-layers", "data-layers", "train-alone"),
    *("train-proposals", "train-verifier", "train-samples"),
    *("testbed-layers", "no-circles"),
}
SKIPPED_FOLDERS = {".git", "__pycache__", "runs", "test-output", "build", "dist", "data"}


def repository_files() -> list[Path]:
    """Files that are committed or may be; all files on disk where there is no git."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode == 0:
        files = [REPO_ROOT / name for name in listing.stdout.split("\0") if name]
    else:
        files = [
            path
            for path in REPO_ROOT.rglob("*")
            if not any(
                part in SKIPPED_FOLDERS or part.startswith(".venv")
                for part in path.relative_to(REPO_ROOT).parts
            )
        ]
    return [path for path in files if path.is_file()]


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(REPO_ROOT)) for path in paths]


def n_lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def python_files(*folders: str) -> list[Path]:
    return [
        path
        for path in repository_files()
        if path.suffix == ".py" and path.relative_to(REPO_ROOT).parts[0] in folders
    ]


def project() -> dict[str, Any]:
    return tomllib.loads((REPO_ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_listing_sees_the_repository() -> None:
    assert REPO_ROOT / "maskdet_core" / "types.py" in repository_files()


def test_no_module_is_too_long() -> None:
    modules = [path for path in repository_files() if path.suffix == ".py"]
    assert names([path for path in modules if n_lines(path) > MAX_MODULE_LINES]) == []


def test_no_page_is_too_long() -> None:
    pages = python_files("pages", "streamlit_app.py")
    assert pages
    assert names([path for path in pages if n_lines(path) > MAX_PAGE_LINES]) == []


def test_entries_and_pages_import_nothing_for_development() -> None:
    # import-linter sees packages only, and these are scripts
    entries = [REPO_ROOT / "server.py", *python_files("pages", "streamlit_app.py")]
    assert {path.name: imported(path) & DEVELOPMENT for path in entries} == {
        path.name: set() for path in entries
    }


def test_directions_of_imports_are_contracts_that_make_lint_checks() -> None:
    settings = project()["tool"]["importlinter"]
    packages = {path.parent.name for path in REPO_ROOT.glob("*/__init__.py")}
    assert set(settings["root_packages"]) == packages
    contracts = {one["id"]: one for one in settings["contracts"]}
    assert contracts.keys() >= CONTRACTS
    assert contracts["core-layers"]["exhaustive"] and contracts["app-layers"]["exhaustive"]
    assert set(contracts["no-circles"]["ancestors"]) == packages
    makefile = (REPO_ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^lint:.*(\n\t.+)*\n\t\S*lint-imports", makefile, re.MULTILINE)


def test_version_is_written_once_and_in_step_with_the_change_log() -> None:
    settings = project()
    assert "version" in settings["project"]["dynamic"]
    assert settings["tool"]["hatch"]["version"] == {"path": "maskdet_core/version.py"}
    changes = (REPO_ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    releases = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", changes, re.MULTILINE)
    assert releases[:1] == [__version__]


def test_pages_import_no_runtime() -> None:
    pages = python_files("pages", "streamlit_app.py")
    assert pages
    assert {path.name: imported(path) & RUNTIMES for path in pages} == {
        path.name: set() for path in pages
    }


@pytest.mark.parametrize("module", ["maskdet_core", "maskdet_core.command_line.cli"])
def test_the_core_imports_neither_streamlit_nor_tensorflow(module: str) -> None:
    code = (
        f"import {module}, sys;"
        "print([m for m in ('streamlit', 'tensorflow', 'keras') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=REPO_ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_pictures_are_documentation_samples_icon_and_preview_only() -> None:
    pictures = [path for path in repository_files() if path.suffix.lower() in PICTURE_SUFFIXES]
    others = [path for path in pictures if path.relative_to(REPO_ROOT).parts[0] != "docs"]
    assert sorted(names(others)) == sorted(SAMPLES | ICON_AND_PREVIEW)


def test_the_demo_is_the_only_film() -> None:
    films = [path for path in repository_files() if path.suffix.lower() in FILM_SUFFIXES]
    assert names(films) == [FILM]


def test_the_samples_folder_holds_nothing_else() -> None:
    inside = [
        name for name in names(repository_files()) if name.startswith("maskdet_app/photo/samples/")
    ]
    assert sorted(inside) == sorted(SAMPLES)


def test_no_file_is_too_big_for_a_clone() -> None:
    big = [path for path in repository_files() if path.stat().st_size > MAX_FILE_BYTES]
    assert names(big) == []


def test_the_shipped_model_is_here_and_whole() -> None:
    # Tests of the model skip where it is absent; this one makes its absence a failure.
    manifest = json.loads((REPO_ROOT / "models" / "maskdet-vgg19-int8.json").read_text("utf-8"))
    network = (REPO_ROOT / "models" / manifest["file"]).read_bytes()
    assert hashlib.sha256(network).hexdigest() == manifest["sha256"]
