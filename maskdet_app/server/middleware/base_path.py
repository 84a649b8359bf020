"""Request paths without the base path, so that guards know them wherever the app is mounted."""

from starlette.types import Scope
from streamlit import config


def base_path() -> str:
    """Streamlit's ``server.baseUrlPath`` as ``/mask``; empty if the app is at the top."""
    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""


def app_path(scope: Scope) -> str:
    """The path of a request below the base path.

    A path outside of the base path is returned as it is: guards treat it as one below.
    """
    path = str(scope.get("path", ""))
    for prefix in (str(scope.get("root_path", "")).rstrip("/"), base_path()):
        if prefix and (path == prefix or path.startswith(f"{prefix}/")):
            path = path[len(prefix) :] or "/"
    return path
