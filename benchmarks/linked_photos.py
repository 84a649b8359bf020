"""A folder of photos for a benchmark, in a fixed order and of any number."""

from collections.abc import Sequence
from pathlib import Path


def link_photos(folder: Path, photos: Sequence[Path]) -> Path:
    """Make a folder of links to photos, named by their places; one photo may come repeatedly.

    Args:
        folder: does not exist yet.
        photos: what to link to.

    Returns:
        The folder.
    """
    folder.mkdir()
    for i, photo in enumerate(photos):
        (folder / f"{i:07d}{photo.suffix}").symlink_to(photo.resolve())
    return folder
