from pathlib import Path

import pytest

from maskdet_app.ops.installation import build_info


def test_commit_is_read_from_the_repository(tmp_path: Path) -> None:
    folder = tmp_path / ".git"
    assert build_info._from_git(folder) == ""
    folder.mkdir()
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "packed-refs").write_text("# pack-refs\n" + "b" * 40 + " refs/heads/main\n")
    assert build_info._from_git(folder) == "b" * 40
    (folder / "refs" / "heads").mkdir(parents=True)
    (folder / "refs" / "heads" / "main").write_text("a" * 40 + "\n")
    assert build_info._from_git(folder) == "a" * 40
    (folder / "HEAD").write_text("c" * 40 + "\n")
    assert build_info._from_git(folder) == "c" * 40


def test_commit_can_be_set_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(build_info.COMMIT, "0123456789abcdef")
    build_info.commit.cache_clear()
    assert build_info.commit() == "012345678"
    build_info.commit.cache_clear()
