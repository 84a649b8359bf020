"""Run pip and show in one line how far it is; the whole output only where it fails.

For ``make``: ``python .ci/install_packages.py -r requirements.txt``. Standard library only.
"""

import subprocess
import sys
import time

STEP_S = 10
"""Seconds between two lines where the output is no terminal."""


def main(arguments: list[str]) -> int:
    """Install; pip's exit status."""
    command = [sys.executable, "-m", "pip", "install", "--progress-bar", "off", *arguments]
    is_terminal = sys.stdout.isatty()
    said: list[str] = []
    begun, shown, n_packages = time.monotonic(), 0.0, 0
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        for line in process.stdout or ():
            said.append(line)
            words = line.split()
            if line.startswith("Collecting "):
                n_packages += 1
                state = f"package {n_packages}: {words[1].partition('<')[0].partition('>')[0]}"
            elif line.startswith("Installing collected packages"):
                state = f"unpacking {n_packages} packages"
            else:
                continue
            passed = time.monotonic() - begun
            if is_terminal:
                print(f"\r\033[K  {passed:3.0f} s, {state}", end="", flush=True)
            elif passed - shown > STEP_S:
                shown = passed
                print(f"  {passed:3.0f} s, {state}", flush=True)
    status = process.returncode
    if is_terminal:
        print("\r\033[K", end="")
    if status:
        print("".join(said), file=sys.stderr)
        print("The packages could not be installed. Is the network there?", file=sys.stderr)
    else:
        print(f"  Done in {time.monotonic() - begun:.0f} s.", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
