"""Importing the library and constructing its objects changes nothing in the process."""

import json
import subprocess
import sys
from pathlib import Path

from testbed.repository import REPO_ROOT

CODE = """
import json, os, signal, warnings

# what other packages do on import is not ours
import ai_edge_litert.interpreter, cv2, numpy, PIL.Image

# no default, so that setting the library's own number would be seen
cv2.setNumThreads(3)


def state():
    return [cv2.getNumThreads(), list(map(str, warnings.filters)), dict(os.environ),
            str(signal.getsignal(signal.SIGINT))]


before = state()
import maskdet_core
import maskdet_core.command_line.cli
import maskdet_core.cpu
import maskdet_core.faces.opencv_finder
import maskdet_core.masks.keras_classifier
imported = state()
finders = [maskdet_core.load_finder("photo"), maskdet_core.load_finder("live"),
           maskdet_core.load_finder("photo", "stock")]
classifier = maskdet_core.load_classifier()
detector = maskdet_core.MaskDetector.load(classifier)
maskdet_core.MaskDetector(finders[1], classifier)
constructed = state()
maskdet_core.cpu.limit_opencv_threads(2)
print(json.dumps([imported == before, constructed == before, cv2.getNumThreads()]))
"""


def test_import_and_construction_have_no_side_effects(shipped_manifest: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=False, cwd=REPO_ROOT
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [True, True, 2]
