"""Where a request comes from: the peer's address, or what a proxy of ours says about its peer."""

import ipaddress
from collections.abc import Sequence

from chassis.http import HttpRequest

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
IPV6_SUBSCRIBER = 64  # bits: below it an address is changed at will


def address_of(request: HttpRequest, proxies: Sequence[Network]) -> str:
    """X-Forwarded-For is believed as far as those who wrote into it are our `proxies`: read from its end."""
    address = _parsed(request.remote_addr)
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    while address is not None and hops and any(address in network for network in proxies):
        before = _parsed(hops.pop().strip())
        if before is None:
            break
        address = before
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, IPV6_SUBSCRIBER), strict=False))
    return str(address or "")


def _parsed(text: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text or "")
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
