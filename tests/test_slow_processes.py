"""Processes that are slowed down for a test."""

import subprocess
import sys
import time

import pytest

from testbed.process_tree import usage
from testbed.slow_processes import slowed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc")


def test_a_slowed_process_gets_its_share() -> None:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            before, at_s = usage(process.pid).cpu_s, time.monotonic()
            with slowed([process.pid], 0.25):
                time.sleep(1.0)
            used_s, lasted_s = usage(process.pid).cpu_s - before, time.monotonic() - at_s
            assert 0.0 < used_s < 0.45 * lasted_s
            time.sleep(0.3)
            # it runs on
            assert usage(process.pid).cpu_s > before + used_s
        finally:
            process.kill()


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share"), slowed([], share):
        pass
