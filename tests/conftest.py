"""What several parts' tests share: real pictures, the browser, the training data."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

from testbed.repository import REPO_ROOT

# OpenMP's threads wait for each other in a loop, which takes most of the time where other processes
# want the cores: LightGBM's small fits take many times as long. Read when the library is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np

# Loaded before any test can load TensorFlow: the other way round the process crashes, since both
# bring their own OpenSSL functions (pylibsrtp 1.0 with TensorFlow 2.21).
import pylibsrtp  # noqa: F401
import pytest
from numpy.typing import NDArray

from train.samples import portrait as samples

SHARED_DATA = REPO_ROOT.parent / "shared" / "data"
NETWORK = REPO_ROOT / "models" / "maskdet-vgg19-int8.json"
BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


# before pytest selects by marker
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One more try for tests with a real browser or server, which a busy machine can disturb.

    The summary shows it as R, so that a test that needs it often is seen. Those with a film for a
    browser's camera are marked `live`: video is slow beside much other work.
    """
    for item in items:
        folders = item.path.relative_to(REPO_ROOT).parts
        if "e2e" in folders or "loopback" in folders:
            item.add_marker(pytest.mark.flaky(reruns=1))
        fixtures = getattr(item, "fixturenames", ())
        if "e2e" in folders and any(name.endswith("film") for name in fixtures):
            item.add_marker(pytest.mark.live)


@pytest.fixture(scope="session")
def repo_root() -> Path:
    return REPO_ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of training pictures, which a user's clone does not have."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the training data (../shared/data) are not on this machine")
    return SHARED_DATA


@pytest.fixture(scope="session")
def shipped_manifest() -> Path:
    """The manifest of the shipped network; without one a skip."""
    if not NETWORK.is_file():
        pytest.skip("models/ holds no network: fetch it or run the training's export")
    return NETWORK


@pytest.fixture(scope="session")
def portrait() -> NDArray[np.uint8]:
    """A public-domain portrait with one bare face, uint8 RGB (512, 512, 3); do not change it."""
    return samples.portrait()


@pytest.fixture
def astronaut_rgb(portrait: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A copy of the portrait, which a test may change."""
    return portrait.copy()


def skip_unless_ci(reason: str) -> NoReturn:
    """Skip a test for want of something; under CI it fails."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """A Chromium to drive. Without one: a skip with a reason, but under CI a failure."""
    named = os.environ.get("MASKDET_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, BROWSER_NAMES)), None)
    if found:
        return found
    reason = f"no browser found (looked for {', '.join(BROWSER_NAMES)}; MASKDET_CHROMIUM names one)"
    skip_unless_ci(reason)


def tool(name: str, package: str) -> str:
    """A program that a test starts. Without it: a skip with a reason, but under CI a failure."""
    # Debian keeps servers where only root's PATH looks
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found:
        return found
    reason = f"no {name} found (Debian's package {package} has it)"
    skip_unless_ci(reason)


@pytest.fixture(scope="session")
def turnserver_path() -> str:
    """The TURN server coturn."""
    return tool("turnserver", "coturn")


@pytest.fixture(scope="session")
def haproxy_path() -> str:
    """The proxy HAProxy."""
    return tool("haproxy", "haproxy")


@pytest.fixture(scope="session")
def caddy_path() -> str:
    """The proxy Caddy."""
    return tool("caddy", "caddy")


@pytest.fixture(scope="session")
def mosquitto_path() -> str:
    """The MQTT broker mosquitto."""
    return tool("mosquitto", "mosquitto")


@pytest.fixture(scope="session")
def rtsp_python() -> str:
    """The system's Python with the bindings of GStreamer's RTSP server."""
    python = "/usr/bin/python3"
    code = "import gi; gi.require_version('GstRtspServer', '1.0')"
    if (
        shutil.which(python)
        and not subprocess.run([python, "-c", code], capture_output=True, check=False).returncode
    ):
        return python
    skip_unless_ci("no RTSP server found (Debian's gir1.2-gst-rtsp-server-1.0 has GStreamer's)")


@pytest.fixture(scope="session")
def ip_path() -> str:
    """The program that sets up networks."""
    return tool("ip", "iproute2")


@pytest.fixture(scope="session")
def as_root() -> list[str]:
    """What to put before a program that must run as root: nothing, or sudo without a password."""
    for words in ([], ["sudo", "-n"]):
        # The right to make a network namespace is what root may lack in a container.
        command = [*words, "unshare", "--net", "--pid", "--fork", "--mount-proc", "true"]
        if (
            shutil.which(command[0])
            and not subprocess.run(command, capture_output=True, check=False).returncode
        ):
            return words
    reason = "no right to make network namespaces (run the tests as root)"
    skip_unless_ci(reason)
