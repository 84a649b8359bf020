import sys

from benchmarks.fuzz import _run_limited


def test_hanging_decoder_is_killed_and_whole_lines_are_kept() -> None:
    code = "import time; print('{}', flush=True); print('{', end='', flush=True); time.sleep(60)"
    stdout, ending = _run_limited([sys.executable, "-c", code], 3.0)
    assert stdout == "{}\n"
    assert ending == "no outcome within 3 s"
