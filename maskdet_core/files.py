"""Writing a file whole or not at all."""

from pathlib import Path


def write_whole(path: Path, data: str | bytes) -> None:
    """Write beside the file, then put it in its place: a full disk never leaves half of it.

    Args:
        path: the file.
        data: its bytes, or text in UTF-8.
    """
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)
    partial.replace(path)
