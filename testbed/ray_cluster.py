"""A Ray cluster on this machine, which lives as long as the process that started it.

``python -m testbed.ray_cluster --cpus 2 check photos --engine ray …`` runs the command line on one,
in a process of its own as a user does, and prints how long that process lived. With
``--kill-after N`` an actor that checks photos is killed once N shards are written, in the middle of
another; its process number is printed.
"""

import argparse
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final

from maskdet_core.batch.shards.store import SHARDS
from testbed.processes.process_tree import members

OBJECT_STORE_BYTES: Final = 80_000_000
"""Little more than the least that Ray takes, and far more than addresses need."""
SETTINGS: Final = {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
"""Environment: no token in the home folder, nothing sent anywhere."""

_POLL_S: Final = 0.01
_SETTLE_S: Final = 5.0
"""A new cluster starts idle workers, which takes processor time; one that is running has them."""


@contextmanager
def cluster(n_cpus: int) -> Iterator[str]:
    """Start a cluster, which ends with the block; yields its address."""
    os.environ.update(SETTINGS)
    import ray

    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:
        ray.init(
            num_cpus=n_cpus,
            include_dashboard=False,
            object_store_memory=OBJECT_STORE_BYTES,
            log_to_driver=False,
            logging_level=logging.ERROR,
            _temp_dir=folder,
        )
        try:
            yield str(ray.get_runtime_context().gcs_address)
        finally:
            ray.shutdown()


def actors(pid: int) -> list[int]:
    """The processes of actors that check shards, below the process with the cluster."""
    return [member for member in members(pid) if b"ray::ShardWorker" in _title(member)]


def main(arguments: list[str]) -> int:
    """Run the command line on a cluster of its own; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m testbed.ray_cluster", description=__doc__)
    parser.add_argument("--cpus", type=int, default=2, help="0: no cluster")
    parser.add_argument("--kill-after", type=int, metavar="N")
    options, command = parser.parse_known_args(arguments)
    with cluster(options.cpus) if options.cpus else nullcontext("") as address:
        if options.kill_after:
            shards = Path(command[command.index("--out") + 1]) / SHARDS
            threading.Thread(
                target=_kill_an_actor, args=(shards, options.kill_after), daemon=True
            ).start()
        if options.cpus:
            time.sleep(_SETTLE_S)
        began_s = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "maskdet_core", *command],
            env={**os.environ, "RAY_ADDRESS": address},
            check=False,
        )
        print(f"took {time.perf_counter() - began_s:.2f} s", flush=True)
    return done.returncode


def _kill_an_actor(shards: Path, n_written: int) -> None:
    while len(list(shards.glob("*.jsonl"))) < n_written:
        time.sleep(_POLL_S)
    victim = actors(os.getpid())[0]
    os.kill(victim, signal.SIGKILL)
    print(f"killed {victim}", flush=True)


def _title(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
