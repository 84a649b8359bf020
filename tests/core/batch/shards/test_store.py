"""Shards: how lists are cut, what a store keeps, and how it is read again."""

import os
import pickle
import sys
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from maskdet_core.batch.photos.report import PhotoReport
from maskdet_core.batch.shards import store as shards
from maskdet_core.batch.shards.store import (
    MAX_PHOTOS,
    MIN_PHOTOS,
    SHARDS,
    Shard,
    ShardStore,
    cut_into_shards,
)
from maskdet_core.batch.storage.addresses import Address, Location
from maskdet_core.batch.storage.stamps import FileStamp
from maskdet_core.errors import JournalError

SETTINGS = {"model": "stub"}


def listed(n_photos: int) -> list[Location]:
    return [Address(f"s3://b/{i:06d}.jpg", FileStamp(i, None, "v")) for i in range(n_photos)]


def cut(photos: list[Location], *, numbered: bool = False) -> list[Shard]:
    return list(cut_into_shards(photos, numbered=numbered))


def names(photos: list[Location], *, numbered: bool = False) -> set[str]:
    return {shard.name for shard in cut(photos, numbered=numbered)}


def written(store: ShardStore, shard: Shard, *, transient: frozenset[str] = frozenset()) -> None:
    plan = store.plan(shard)
    reports = [
        PhotoReport(str(task.path), None, "damaged", is_final=str(task.path) not in transient)
        for task in plan.tasks
    ]
    store.write(plan, reports)


@pytest.mark.parametrize("n_photos", [0, 1, MIN_PHOTOS, MAX_PHOTOS + 1, 3000])
def test_shards_hold_the_list_in_its_order(n_photos: int) -> None:
    photos = listed(n_photos)
    made = cut(photos)
    assert [photo for shard in made for photo in shard.photos] == photos
    assert [shard.first_number for shard in made] == [
        1 + sum(len(shard.photos) for shard in made[:i]) for i in range(len(made))
    ]
    sizes = [len(shard.photos) for shard in made]
    assert all(MIN_PHOTOS <= size <= MAX_PHOTOS for size in sizes[:-1])
    assert names(photos) == names(photos)


def test_a_change_renames_only_the_shards_that_it_touches() -> None:
    photos = listed(5000)
    before = names(photos)
    assert len(before) > 50
    changed = list(photos)
    changed[2000] = Address("s3://b/002000.jpg", FileStamp(2000, None, "w"))
    assert len(before - names(changed)) == 1
    for other in (photos[:2000] + photos[2001:], [*listed(5001)[-1:], *photos], photos[:-1]):
        assert len(before - names(other)) <= 4


def test_names_depend_on_numbers_where_copies_do() -> None:
    photos = listed(3000)
    assert names(photos[MAX_PHOTOS:], numbered=True).isdisjoint(names(photos, numbered=True))
    assert names(photos[MAX_PHOTOS:]) & names(photos)


@pytest.mark.skipif(sys.platform != "linux", reason="others have no names of bytes alone")
def test_files_with_a_path_are_stamped_and_odd_names_allowed(tmp_path: Path) -> None:
    photo = tmp_path / os.fsdecode(b"caf\xe9.jpg")
    photo.write_bytes(b"a")
    first = cut([photo])[0]
    assert first.stamps == (FileStamp.of(photo),)
    assert pickle.loads(pickle.dumps(first)) == first
    os.utime(photo, ns=(1, 1))
    assert cut([photo])[0].name != first.name


def test_what_was_written_is_done_and_read_in_order(tmp_path: Path) -> None:
    photos = listed(300)
    made = cut(photos)
    store = ShardStore(tmp_path, SETTINGS)
    assert store.open(fresh=False)[0] == frozenset()
    # in any order, by another process too
    for shard in reversed(made):
        written(pickle.loads(pickle.dumps(store)), shard)
    assert store.open(fresh=False) == ({shard.name for shard in made}, frozenset())
    assert all(map(store.is_done, made))
    read = store.reports([shard.name for shard in made], photos)
    assert [report.photo for report in read] == list(map(str, photos))
    assert store.open(fresh=True) == (frozenset(), frozenset())
    assert [path.name for path in (tmp_path / SHARDS).iterdir()] == ["settings.json"]


def test_only_photos_that_failed_for_the_moment_are_tried_again(tmp_path: Path) -> None:
    photos = listed(MIN_PHOTOS)
    shard = cut(photos)[0]
    store = ShardStore(tmp_path, SETTINGS)
    store.open(fresh=False)
    failing = str(photos[3])
    written(store, shard, transient=frozenset({failing}))
    assert store.open(fresh=False) == (frozenset(), {shard.name})
    assert not store.is_done(shard)
    shard = replace(shard, is_begun=True)
    assert [report.photo for report in store.reports([shard.name], photos)] == list(
        map(str, photos)
    )
    assert [str(task.path) for task in store.plan(shard).tasks] == [failing]
    assert store.plan(shard).tasks[0].number == 4
    written(store, shard)
    assert store.open(fresh=False) == ({shard.name}, frozenset())
    assert len(list((tmp_path / SHARDS).iterdir())) == 2
    assert [report.photo for report in store.reports([shard.name], photos)] == list(
        map(str, photos)
    )


def test_a_photo_without_a_stamp_is_tried_again(tmp_path: Path) -> None:
    shard = cut([tmp_path / "missing.jpg"])[0]
    store = ShardStore(tmp_path, SETTINGS)
    store.open(fresh=False)
    written(store, shard)
    assert store.open(fresh=False)[0] == frozenset()


def test_other_settings_are_refused(tmp_path: Path) -> None:
    ShardStore(tmp_path, SETTINGS).open(fresh=False)
    with pytest.raises(JournalError, match="model was 'stub' and is now 'other'"):
        ShardStore(tmp_path, {"model": "other"}).open(fresh=False)
    with pytest.raises(JournalError, match="installation was made with other settings"):
        ShardStore(tmp_path, SETTINGS).check_settings({"model": "other"})
    ShardStore(tmp_path, {"model": "other"}).open(fresh=True)


def test_lost_doubled_and_damaged_lines_are_noticed(tmp_path: Path) -> None:
    photos = listed(MIN_PHOTOS)
    shard = cut(photos)[0]
    store = ShardStore(tmp_path, SETTINGS)
    store.open(fresh=False)
    written(store, shard)
    file = tmp_path / SHARDS / f"{shard.name}.jsonl"
    head, *lines = file.read_bytes().splitlines(keepends=True)
    for wrong in (
        [head, *lines[:-1]],
        [head, *lines, lines[-1]],
        [head, *lines[1:], lines[0]],
        [head, *lines[:-1], lines[-1][:20]],
        [b"{}\n", *lines],
    ):
        file.write_bytes(b"".join(wrong))
        with pytest.raises(JournalError, match="--fresh"):
            list(store.reports([shard.name], photos))
    file.unlink()
    with pytest.raises(FileNotFoundError):
        list(store.reports([shard.name], photos))


def test_memory_does_not_grow_with_the_number_of_shards(tmp_path: Path) -> None:
    def peak_bytes(n_photos: int) -> int:
        photos = listed(n_photos)
        store = ShardStore(tmp_path / str(n_photos), SETTINGS)
        store.open(fresh=False)
        made = [shard.name for shard in cut(photos) if written(store, shard) is None]
        tracemalloc.start()
        try:
            n_read = sum(1 for _ in store.reports(iter(made), iter(photos)))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert n_read == n_photos
        return peak

    few, many = peak_bytes(1500), peak_bytes(6000)
    assert many < 1.5 * few


def test_journals_are_read_only_a_little_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = listed(5000)
    made = cut(photos)
    store = ShardStore(tmp_path, SETTINGS)
    store.open(fresh=False)
    for shard in made:
        written(store, shard)
    asked: list[str] = []

    def noted() -> Iterator[str]:
        for shard in made:
            asked.append(shard.name)
            yield shard.name

    next(store.reports(noted(), photos))
    assert 1 <= len(asked) <= shards._READS_AHEAD
