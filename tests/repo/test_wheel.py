"""The package as users install it: built, installed outside the checkout, run from elsewhere.

The dependencies are those of the environment that runs the tests; only Maskdet itself is installed.
The workflow also installs the wheel with its dependencies into an empty environment.
"""

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from maskdet_core.version import __version__
from testbed.repository import REPO_ROOT
from testbed.servers.server import Server, free_port, serve_command
from testbed.visitors.browser import Browsers

SAMPLES = ("bare", "hand", "masked")
PAGES = {"": "live", "photo": "photo", "metrics": "metrics", "about": "about"}
OFFLINE = ("No matching distribution found", "Could not fetch URL", "Connection")

pytestmark = pytest.mark.wheel


def run(*command: object, folder: Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        list(map(str, command)), cwd=folder, env=clean, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel built from it."""
    folder = tmp_path_factory.mktemp("dist")
    done = run(sys.executable, "-m", "build", "--outdir", folder, REPO_ROOT, folder=folder)
    text = done.stdout + done.stderr
    if done.returncode and not os.environ.get("CI") and any(sign in text for sign in OFFLINE):
        pytest.skip("the build backend could not be downloaded")
    assert done.returncode == 0, text
    return folder


@pytest.fixture(scope="module")
def maskdet(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console script of an environment that the wheel is installed in."""
    environment = tmp_path_factory.mktemp("environment")
    assert run(sys.executable, "-m", "venv", "--without-pip", environment, folder=dist).stderr == ""
    scripts = environment / ("Scripts" if sys.platform == "win32" else "bin")
    variables = {"base": str(environment), "platbase": str(environment)}
    scheme = "nt" if sys.platform == "win32" else "posix_prefix"
    site_packages = Path(sysconfig.get_path("purelib", scheme, variables))
    (wheel,) = dist.glob("*.whl")
    pip = (sys.executable, "-m", "pip", "--python", environment, "install", "--no-index")
    done = run(*pip, "--no-deps", wheel, folder=dist)
    assert done.returncode == 0, done.stderr
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return scripts / "maskdet"


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    folder = REPO_ROOT / "maskdet_app" / "photo" / "samples"
    copies = [tmp_path / f"{name}.jpg" for name in SAMPLES]
    for copy in copies:
        copy.write_bytes((folder / copy.name).read_bytes())
    return copies


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_sdist_builds_and_tests_and_holds_nothing_private(dist: Path) -> None:
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    tops = {name.partition("/")[0] for name in names}
    assert {"Makefile", "README.md", "LICENSE", "NOTICE", "requirements.txt"} <= tops
    assert {"models", "pages", "server.py", "streamlit_app.py", "train", "testbed"} <= tops
    assert {"tests/repo/test_wheel.py", ".streamlit/config.toml", ".ci/run"} <= names
    assert tops.isdisjoint({"runs", "data", "test-output", ".env", ".git"})
    assert [name for name in names if "secrets.toml" in name or ".venv" in name] == []


def test_wheel_holds_two_packages_with_models_and_site(dist: Path) -> None:
    (path,) = dist.glob("*.whl")
    names = set(zipfile.ZipFile(path).namelist())
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"maskdet_core", "maskdet_app", f"maskdet-{__version__}.dist-info"}
    models = {
        f"maskdet_core/models/{path.relative_to(REPO_ROOT / 'models').as_posix()}"
        for path in (REPO_ROOT / "models").rglob("*")
        if path.is_file()
    }
    site = {".streamlit/config.toml", "server.py", "streamlit_app.py"}
    site |= {f"pages/{path.name}" for path in (REPO_ROOT / "pages").glob("*.py")}
    assert models | {f"maskdet_app/site/{name}" for name in site} <= names
    assert {"maskdet_core/py.typed", "maskdet_app/py.typed"} <= names


def test_nothing_is_taken_from_the_checkout(maskdet: Path, tmp_path: Path) -> None:
    code = (
        "import maskdet_app, maskdet_core\n"
        "from maskdet_app.ops.installation.paths import checkout_folder, site_folder\n"
        "from maskdet_core.files import models_folder\n"
        "print(maskdet_app.__file__, maskdet_core.__file__, models_folder(), site_folder())\n"
        "print(checkout_folder())"
    )
    done = run(maskdet.with_name("python"), "-c", code, folder=tmp_path)
    paths, checkout = done.stdout.splitlines()
    environment = maskdet.parents[1].resolve()
    assert all(Path(path).resolve().is_relative_to(environment) for path in paths.split())
    assert checkout == "None"


def test_version(maskdet: Path, tmp_path: Path) -> None:
    assert run(maskdet, "--version", folder=tmp_path).stdout == f"maskdet {__version__}\n"


def test_check_gives_the_samples_verdicts(
    maskdet: Path, tmp_path: Path, photos: list[Path]
) -> None:
    found = rows(run(maskdet, "check", *photos, "--format", "json", folder=tmp_path))
    assert [[face["verdict"] for face in row["faces"]] for row in found] == [
        ["without_mask"],
        ["without_mask"],
        ["with_mask"],
    ]


def test_workers_start_from_the_console_script(
    maskdet: Path, tmp_path: Path, photos: list[Path]
) -> None:
    album = tmp_path / "album"
    album.mkdir()
    for number in range(16):
        (album / f"{number:02d}.jpg").write_bytes(photos[0].read_bytes())
    done = run(maskdet, "check", album, "--jobs", 2, "--format", "json", folder=tmp_path)
    assert [len(row["faces"]) for row in rows(done)] == [1] * 16


def test_classify(maskdet: Path, tmp_path: Path, photos: list[Path]) -> None:
    done = run(maskdet, "check", photos[0], "--format", "json", folder=tmp_path)
    x, y, w, h = rows(done)[0]["faces"][0]["box_xywh"]
    crop = tmp_path / "crop.png"
    with Image.open(photos[0]) as picture:
        picture.crop((x, y, x + w, y + h)).save(crop)
    (row,) = rows(run(maskdet, "classify", crop, "--format", "json", folder=tmp_path))
    assert row["error"] is None
    assert 0 <= row["p_with_mask"] <= 1


@pytest.fixture(scope="module")
def server(maskdet: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """``maskdet app``, started in an empty folder."""
    folder, port = tmp_path_factory.mktemp("elsewhere"), free_port()
    command = [str(maskdet), "app", "--port", str(port), "--address", "127.0.0.1"]
    command += ["--", "--server.headless", "true"]
    log = folder / "server.log"
    with serve_command(command, port, folder=folder, log=log, PYTHONPATH="") as running:
        yield running
    assert "Traceback" not in log.read_text(encoding="utf-8")


@pytest.mark.browser
def test_app_serves_all_pages(server: Server, chromium_path: str) -> None:
    locale = REPO_ROOT / "maskdet_app" / "ui" / "texts" / "locale"
    texts = tomllib.loads((locale / "en.toml").read_text(encoding="utf-8"))
    with Browsers(chromium_path) as browsers, browsers.open() as browser:
        page = browser.new_page()
        for path, name in PAGES.items():
            page.goto(f"{server.url}/{path}")
            heading = texts[name].get("headline", texts[name]["title"])
            page.get_by_role("heading", name=heading, exact=True).first.wait_for()
            page.get_by_text(texts["app"]["promise"]).first.wait_for()
            assert page.locator("[data-testid=stException]").count() == 0
