"""Which video files are read: containers by their first bytes, codecs by an allowlist.

FFmpeg would also read playlists, which make it open other files and addresses, and codecs of games
from the nineties, which nobody has looked at since.
"""

from typing import Final

VIDEO_SUFFIXES: Final = frozenset({".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".gif"})
"""Names of the files that are looked for in folders, in lower case."""
HEAD_BYTES: Final = 16
"""What `container_format` needs of a file's beginning."""
CODECS: Final = frozenset(
    {
        "av1",
        "gif",
        "h263",
        "h264",
        "hevc",
        "mjpeg",
        "mpeg1video",
        "mpeg2video",
        "mpeg4",
        "msmpeg4v2",
        "msmpeg4v3",
        "prores",
        "vp8",
        "vp9",
    }
)
"""FFmpeg's names of the codecs that cameras, phones, browsers and editors write."""
_ISO_BOXES: Final = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
"""First boxes of an MP4 or QuickTime file; before `ftyp` came, files began with the others."""


def container_format(head: bytes) -> str | None:
    """FFmpeg's name of a file's container, from its first bytes; None for any other file.

    Args:
        head: the first `HEAD_BYTES` of the file, or all of a shorter one.
    """
    if head[4:8] in _ISO_BOXES:
        return "mov"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "avi"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    return None
