"""Where the app's own files lie, in a checkout and in an installed package."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parents[2]
_INSTALLED: Final = "site"
"""Where the wheel puts what lies at the top of a checkout; see pyproject.toml."""


def site_folder(package: Path = _PACKAGE) -> Path:
    """Folder of ``server.py``, ``streamlit_app.py``, ``pages/`` and ``.streamlit/``.

    Args:
        package: folder of `maskdet_app`.

    Returns:
        ``maskdet_app/site`` in an installed package, the top of the repository in a checkout.
    """
    installed = package / _INSTALLED
    return installed if installed.is_dir() else package.parent


def checkout_folder(package: Path = _PACKAGE) -> Path | None:
    """The top of the repository; None in an installed package.

    Args:
        package: folder of `maskdet_app`.
    """
    return None if (package / _INSTALLED).is_dir() else package.parent
