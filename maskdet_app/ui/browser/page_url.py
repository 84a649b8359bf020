"""Properties of a page's URL: whether it is local, and whether it allows the camera."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_local(url: str | None) -> bool:
    """Whether a page's URL points to the server's own machine; an unknown one (None) does."""
    host = urlsplit(url or "").hostname
    if host is None or host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_insecure(url: str | None) -> bool:
    """Whether browsers refuse the camera to this URL: plain HTTP from another machine."""
    return (url or "").startswith("http://") and not is_local(url)
