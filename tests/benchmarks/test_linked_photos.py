from pathlib import Path

from benchmarks.linked_photos import link_photos


def test_links_keep_order_and_suffix_and_may_repeat_a_photo(tmp_path: Path) -> None:
    photos = [tmp_path / "b.png", tmp_path / "a.jpg"]
    for photo in photos:
        photo.write_bytes(photo.name.encode())
    linked = sorted(link_photos(tmp_path / "many", [*photos, photos[0]]).iterdir())
    assert [link.suffix for link in linked] == [".png", ".jpg", ".png"]
    assert [link.read_bytes() for link in linked] == [b"b.png", b"a.jpg", b"b.png"]
