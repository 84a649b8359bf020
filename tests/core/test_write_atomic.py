import hashlib
from pathlib import Path

import pytest

from maskdet_core.files import PARTIAL, file_sha256, open_atomic, write_atomic


def test_file_is_created_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_atomic(path, "Gesichtsmaske für Größe M")
    assert path.read_text(encoding="utf-8") == "Gesichtsmaske für Größe M"
    write_atomic(path, b"\0\1")
    assert path.read_bytes() == b"\0\1"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_interrupted_write_keeps_the_old_content(
    error: type[BaseException], tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    write_atomic(path, "old")
    with pytest.raises(error), open_atomic(path) as file:
        file.write(b"ne")
        file.flush()
        assert path.with_name(path.name + PARTIAL).read_bytes() == b"ne"
        assert path.read_text() == "old"
        raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_sha256_is_the_files(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"mask" * 100_000)
    assert file_sha256(path) == hashlib.sha256(b"mask" * 100_000).hexdigest()
