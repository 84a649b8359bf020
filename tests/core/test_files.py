import shutil
from pathlib import Path

import pytest

from maskdet_core import files
from testbed.processes.interpreter import run_python

MODELS = files.models_folder()
PACKAGE = Path(files.__file__).parent
PRINT_FOLDER = "from maskdet_core.files import models_folder; print(models_folder())"


@pytest.mark.parametrize("is_installed", [True, False])
def test_models_are_found_in_a_package_and_in_a_checkout(
    is_installed: bool, tmp_path: Path
) -> None:
    package = tmp_path / "maskdet_core"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("models", "__pycache__"))
    expected = (package if is_installed else tmp_path) / "models"
    expected.mkdir()
    assert Path(run_python(PRINT_FOLDER, tmp_path)) == expected


def test_models_folder_holds_the_shipped_manifests() -> None:
    assert (MODELS / "maskdet-vgg19-int8.json").is_file()
    assert (MODELS / "maskdet-haar.json").is_file()
