"""Each dependency is declared once, bounded on both sides, with its reason beside it."""

import ast
import re
import sys
import tomllib
from typing import Any

import pytest

from testbed.repository import REPO_ROOT

EXTRAS = {
    "cloud": "requirements-cloud.txt",
    "mqtt": "requirements-mqtt.txt",
    "ray": "requirements-ray.txt",
}
FILES = (
    "requirements.txt",
    "requirements-train.txt",
    "requirements-dev.txt",
    "requirements-bench.txt",
    *EXTRAS.values(),
)
REQUIREMENT = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[a-z]+\])?(?P<bounds>[<>=!~].*)?$")
IMPORT_NAMES = {
    "opencv-python-headless": "cv2",
    "paho-mqtt": "paho",
    "pillow": "PIL",
    "scikit-image": "skimage",
}
OURS = {"maskdet_core", "maskdet_app", "train", "benchmarks"}


def lines(file: str) -> list[str]:
    return (REPO_ROOT / file).read_text(encoding="utf-8").splitlines()


def requirements(file: str) -> dict[str, str]:
    found = {}
    for line in lines(file):
        if line and not line.startswith("#"):
            match = REQUIREMENT.match(line)
            assert match, f"{file}: {line!r} is not a name with bounds"
            assert match["name"].lower() not in found, f"{file}: {match['name']} is there twice"
            found[match["name"].lower()] = match["bounds"] or ""
    assert found
    return found


def import_names(file: str) -> set[str]:
    return {IMPORT_NAMES.get(name, name.replace("-", "_")) for name in requirements(file)}


def third_party_imports(*places: str) -> set[str]:
    found: set[str] = set()
    for place in places:
        path = REPO_ROOT / place
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    found |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - OURS


def project() -> dict[str, Any]:
    return tomllib.loads((REPO_ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", FILES)
def test_each_requirement_has_both_bounds(file: str) -> None:
    loose = {n: b for n, b in requirements(file).items() if not (">=" in b and ",<" in b)}
    assert loose == {}


@pytest.mark.parametrize("file", FILES)
def test_each_requirement_has_its_reason(file: str) -> None:
    text = lines(file)
    bare = [
        line
        for before, line in zip(["", *text], text, strict=False)
        if line and not line.startswith("#") and not before.startswith("#")
    ]
    assert bare == []


def test_nothing_is_required_twice() -> None:
    declared = [name for file in FILES for name in requirements(file)]
    assert sorted(declared) == sorted(set(declared))


def test_pyproject_takes_its_dependencies_from_the_file() -> None:
    settings = project()
    assert "dependencies" in settings["project"]["dynamic"]
    hook = settings["tool"]["hatch"]["metadata"]["hooks"]["requirements_txt"]
    # training and development need a checkout, so their requirements are not extras
    extras = {name: [file] for name, file in EXTRAS.items()}
    assert hook == {"files": ["requirements.txt"], "optional-dependencies": extras}
    assert "optional-dependencies" in settings["project"]["dynamic"]


def test_a_host_installs_no_training_library() -> None:
    assert requirements("requirements.txt").keys().isdisjoint({"tensorflow", "keras", "lightgbm"})


def test_the_app_uses_only_what_is_declared() -> None:
    used = third_party_imports("maskdet_core", "maskdet_app", "pages", "streamlit_app.py")
    # Only keras_classifier.py names Keras, and loads it when a .keras file is asked for. What the
    # extras bring is loaded when it is asked for, too.
    extras = set().union(*map(import_names, EXTRAS.values()))
    assert used - {"keras"} - extras <= import_names("requirements.txt")


def test_training_uses_only_what_is_declared() -> None:
    declared = import_names("requirements.txt") | import_names("requirements-train.txt")
    # Only samples.py names scikit-image, and loads it when the portrait inside is asked for.
    assert third_party_imports("train") - {"skimage"} <= declared
