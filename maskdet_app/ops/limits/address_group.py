"""One key for one visitor's network, by which limits count."""

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

IPV6_PREFIX: Final = 64
"""A visitor with IPv6 gets a whole /64, so its addresses count as one."""


def address_group(host: str) -> str:
    """The key under which limits count an address.

    Args:
        host: an IP address, possibly with a zone such as ``%eth0``.

    Returns:
        An IPv4 address, also for its IPv6 form ``::ffff:…``; for IPv6 the /64 network; the text
        itself if it is no address.
    """
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, IPV6_PREFIX), strict=False))
