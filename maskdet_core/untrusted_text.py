"""Text by strangers, such as names of files: made valid, put in one line, or in a file name."""

import re
import unicodedata
from typing import Final

MAX_STEM_CHARS: Final = 40
"""Characters of a file's name that names made of it keep."""

_BREAKS: Final = frozenset({"Cc", "Zl", "Zp"})


def valid_text(text: str) -> str:
    """Replace invalid Unicode by U+FFFD; names of files in another encoding hold such."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def one_line(text: str) -> str:
    """As `valid_text`, and replace line breaks and other control characters by spaces."""
    return "".join(
        " " if unicodedata.category(char) in _BREAKS else char for char in valid_text(text)
    )


def safe_stem(path: str) -> str:
    r"""At most `MAX_STEM_CHARS` of A-Z, a-z, 0-9, ``_`` and ``-`` of a file's name, or none.

    Args:
        path: name or path, with ``/`` or ``\`` as separator; its suffix is left out.
    """
    name = re.split(r"[/\\]", path)[-1]
    stem = name.rpartition(".")[0] if "." in name else name
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^A-Za-z0-9_]+", "-", plain).strip("-_")[:MAX_STEM_CHARS].rstrip("-_")
