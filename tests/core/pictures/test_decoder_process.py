"""The decoder's process: limits, cancelling, restart, idle end, and its end with the parent."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from maskdet_core.errors import ImageError, TransientImageError
from maskdet_core.pictures import decode
from maskdet_core.pictures.decode import DecodedPhoto
from maskdet_core.pictures.decoder_process import DecoderProcess
from testbed.pictures import failing_decoders, hostile
from testbed.processes.process_tree import stat_fields
from testbed.repository import REPO_ROOT

WAIT_S = 30.0
"""Far more than anything here takes: a slow machine must not fail."""
SMALL = hostile.flat("RGB", 60, "JPEG")
COSTLY = ("turned.heic", "no_end_progressive.jpg", "no_end_scans.jpg")
"""JPEG files without an end marker are decoded three times."""
windows_has_no_limits = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only")


class CancelledError(Exception):
    pass


@pytest.fixture
def decoder() -> Iterator[DecoderProcess]:
    process = DecoderProcess(max_cpu_s=0.5, decode=failing_decoders.DECODE)
    yield process
    process.close()


def wait() -> None:
    """Wait on."""


def works(decoder: DecoderProcess) -> bool:
    return decoder.decode_photo(SMALL, wait).image_rgb.shape == (58, 60, 3)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """Whether the process runs; one that nobody waited for yet has ended too."""
    try:
        return stat_fields(Path(f"/proc/{pid}/stat").read_text())[0] not in "ZX"
    except OSError:
        return False


def outcome(decode: Callable[[], DecodedPhoto]) -> tuple[type, str]:
    """A checksum of the pixels, or the error."""
    try:
        return DecodedPhoto, hashlib.sha256(decode().image_rgb.data).hexdigest()
    except ImageError as error:
        return type(error), str(error)


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF"])
def test_gives_the_same_pixels_as_without_a_process(
    decoder: DecoderProcess, kind: str, orientation: int
) -> None:
    data = hostile.flat("RGB", 150, kind, orientation=orientation)
    expected = decode.decode_photo(data)
    found = decoder.decode_photo(data, wait)
    assert np.array_equal(found.image_rgb, expected.image_rgb)
    assert (found.width_px, found.height_px) == (expected.width_px, expected.height_px)
    assert found.image_rgb.flags.c_contiguous and found.image_rgb.flags.writeable


def test_reduced_photo_keeps_its_size_in_the_file(decoder: DecoderProcess) -> None:
    found = decoder.decode_photo(hostile.flat("RGB", 5200, "JPEG"), wait)
    assert (found.width_px, found.height_px) == (5200, 5198)
    assert found.image_rgb.shape == (2599, 2600, 3)


def test_refusal_has_the_same_words_and_the_process_stays(decoder: DecoderProcess) -> None:
    assert works(decoder)
    pid = decoder.pid
    for data in (b"", b"GIF89a", SMALL[: len(SMALL) // 2]):
        with pytest.raises(ImageError) as expected:
            decode.decode_photo(data)
        with pytest.raises(ImageError) as found:
            decoder.decode_photo(data, wait)
        assert str(found.value) == str(expected.value)
        assert found.value.reason == expected.value.reason
        assert not isinstance(found.value, TransientImageError)
    assert works(decoder)
    assert decoder.pid == pid


def test_costly_files_have_the_same_result_one_after_another() -> None:
    """Memory that is left over from one must not make the next fail."""
    decoder = DecoderProcess()
    for name in COSTLY:
        data = hostile.SYNTHETIC[name]()
        assert outcome(partial(decoder.decode_photo, data, wait)) == outcome(
            partial(decode.decode_photo, data)
        )
    decoder.close()


def test_several_threads_get_their_own_pictures(decoder: DecoderProcess) -> None:
    files = [hostile.flat("RGB", 50 + 2 * n, "PNG") for n in range(12)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda data: decoder.decode_photo(data, wait), files))
    assert [photo.width_px for photo in found] == [50 + 2 * n for n in range(12)]


@windows_has_no_limits
def test_too_much_processor_time_is_a_refusal_and_the_next_picture_works(
    decoder: DecoderProcess,
) -> None:
    with pytest.raises(ImageError, match=r"at most 0\.5 s of processor time") as raised:
        decoder.decode_photo(failing_decoders.SPIN, wait)
    assert not isinstance(raised.value, TransientImageError)
    assert works(decoder)


@windows_has_no_limits
def test_processor_time_counts_for_each_picture_alone(decoder: DecoderProcess) -> None:
    """Three take more than the limit together."""
    assert works(decoder)
    pid = decoder.pid
    for _ in range(3):
        assert decoder.decode_photo(failing_decoders.BURN + SMALL, wait).width_px == 60
    assert decoder.pid == pid


@linux_only
def test_memory_limit_is_transient_and_the_process_stays(decoder: DecoderProcess) -> None:
    assert works(decoder)
    pid = decoder.pid
    with pytest.raises(TransientImageError, match="memory"):
        decoder.decode_photo(failing_decoders.ALLOCATE, wait)
    assert works(decoder)
    assert decoder.pid == pid


@linux_only
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_accepted_picture_beyond_the_memory_is_never_called_damaged(kind: str) -> None:
    decoder = DecoderProcess(max_data_bytes=30_000_000)
    with pytest.raises(TransientImageError, match="memory") as raised:
        decoder.decode_photo(hostile.flat("RGB", 4500, kind, quality=50), wait)
    assert "damaged" not in str(raised.value)
    assert works(decoder)
    decoder.close()


@linux_only
def test_system_ends_the_decoder_before_the_server(decoder: DecoderProcess) -> None:
    assert works(decoder)
    assert Path(f"/proc/{decoder.pid}/oom_score_adj").read_text() == "1000\n"
    assert Path("/proc/self/oom_score_adj").read_text() != "1000\n"


@windows_has_no_limits
def test_killed_process_is_transient_and_starts_again(decoder: DecoderProcess) -> None:
    assert works(decoder)
    killed = decoder.pid
    assert killed is not None
    n_calls = 0

    def kill() -> None:
        nonlocal n_calls
        n_calls += 1
        # the first call comes before the file is sent
        if n_calls == 2:
            os.kill(killed, signal.SIGKILL)

    with pytest.raises(TransientImageError, match="stopped, perhaps for lack of memory"):
        decoder.decode_photo(failing_decoders.SLEEP, kill)
    assert works(decoder)
    assert decoder.pid not in (None, killed)


@windows_has_no_limits
def test_process_killed_between_two_pictures_starts_again(decoder: DecoderProcess) -> None:
    assert works(decoder)
    killed = decoder.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    until(lambda: decoder.pid is None)
    assert works(decoder)


@windows_has_no_limits
@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (failing_decoders.ABORT, TransientImageError, "stopped"),
        (failing_decoders.CRASH, ImageError, "damaged"),
    ],
)
def test_crash_stops_no_other_picture(
    decoder: DecoderProcess, data: bytes, error: type[ImageError], words: str
) -> None:
    with pytest.raises(ImageError, match=words) as raised:
        decoder.decode_photo(data, wait)
    assert type(raised.value) is error
    assert works(decoder)


def test_picture_that_hangs_is_transient() -> None:
    decoder = DecoderProcess(max_wait_s=0.2, decode=failing_decoders.DECODE)
    with pytest.raises(TransientImageError, match="too long"):
        decoder.decode_photo(failing_decoders.SLEEP, wait)
    assert decoder.pid is None


def test_process_that_cannot_be_started_is_transient(
    decoder: DecoderProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(REPO_ROOT / "absent"))
    with pytest.raises(TransientImageError, match="cannot be started"):
        decoder.decode_photo(SMALL, wait)
    monkeypatch.undo()
    assert works(decoder)


def test_cancelling_kills_the_process_at_once(decoder: DecoderProcess) -> None:
    assert works(decoder)
    cancelled = decoder.pid
    n_calls = 0

    def cancel() -> None:
        nonlocal n_calls
        n_calls += 1
        # the first call comes before the file is sent
        if n_calls == 2:
            raise CancelledError

    with pytest.raises(CancelledError):
        decoder.decode_photo(failing_decoders.SLEEP, cancel)
    assert decoder.pid is None
    assert cancelled is not None and not is_running(cancelled)
    assert works(decoder)


def test_cancelling_while_another_picture_is_decoded_leaves_that_one_alone(
    decoder: DecoderProcess,
) -> None:
    assert works(decoder)
    pid, began, may_end = decoder.pid, threading.Event(), threading.Event()

    def keep() -> None:
        began.set()
        if may_end.is_set():
            raise CancelledError

    def cancel() -> None:
        raise CancelledError

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(decoder.decode_photo, failing_decoders.SLEEP, keep)
        began.wait(WAIT_S)
        with pytest.raises(CancelledError):
            decoder.decode_photo(SMALL, cancel)
        assert decoder.pid == pid and not first.done()
        may_end.set()
        with pytest.raises(CancelledError):
            first.result(WAIT_S)


def test_large_file_can_be_cancelled_while_it_is_sent() -> None:
    """The process does not read yet: it is starting."""
    decoder = DecoderProcess(decode="testbed.pictures.failing_decoders:absent")

    def cancel() -> None:
        if decoder.pid is not None:
            raise CancelledError

    with pytest.raises(CancelledError):
        decoder.decode_photo(bytes(20_000_000), cancel)
    assert decoder.pid is None


def test_what_a_library_prints_stays_out_of_the_pixels(decoder: DecoderProcess) -> None:
    found = decoder.decode_photo(failing_decoders.PRINT + SMALL, wait)
    assert np.array_equal(found.image_rgb, decode.decode_photo(SMALL).image_rgb)


def test_idle_process_ends_and_the_next_picture_starts_another() -> None:
    decoder = DecoderProcess(idle_s=0.05, decode=failing_decoders.DECODE)
    assert works(decoder)
    until(lambda: decoder.pid is None)
    assert works(decoder)
    decoder.close()


def test_long_picture_is_not_idle() -> None:
    decoder = DecoderProcess(idle_s=0.05, decode=failing_decoders.DECODE)
    for _ in range(2):
        assert decoder.decode_photo(failing_decoders.NAP + SMALL, wait).width_px == 60
    decoder.close()


@linux_only
@pytest.mark.parametrize("is_decoding", [False, True])
def test_process_ends_with_a_killed_parent(is_decoding: bool) -> None:
    data = failing_decoders.SLEEP if is_decoding else SMALL
    code = f"""
from maskdet_core.pictures.decode import DecodedPhoto
from maskdet_core.pictures.decoder_process import DecoderProcess
decoder = DecoderProcess(decode={failing_decoders.DECODE!r})
decoder.decode_photo({SMALL!r}, lambda: None)
print(decoder.pid, flush=True)
decoder.decode_photo({data!r}, lambda: None)
input()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=REPO_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.kill()
    until(lambda: not is_running(pid))
