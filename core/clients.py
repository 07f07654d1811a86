"""The client's IP address, in one form, however a proxy or a socket writes it."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Address = IPv4Address | IPv6Address

WITH_PORT = re.compile(r"\[(?P<bracketed>[^\]]*)\](:\d{1,5})?|(?P<v4>[^:]*)(:\d{1,5})?|(?P<bare>.*)", re.DOTALL)
# IPv4 clients of an IPv6-only server are translated to this range (RFC 6052) and would all share one /64.
NAT64 = ip_network("64:ff9b::/96")
THIS_MACHINE = IPv4Address("127.0.0.1")


class ReadableAddress:
    """WSGI middleware: makes REMOTE_ADDR a valid IP address. It runs after ProxyFix, which copies X-Forwarded-For
    without checking it. If that cannot be parsed, REMOTE_ADDR becomes the proxy's own address."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        proxy = environ.get("werkzeug.proxy_fix.orig", {})
        candidates = (environ.get("REMOTE_ADDR"), proxy.get("REMOTE_ADDR"))
        # A peer on a Unix socket has no address: it is on this machine.
        address = next((found for text in candidates if (found := parse(text or ""))), THIS_MACHINE)
        environ["REMOTE_ADDR"] = str(address)
        return self.app(environ, start_response)


def parse(text: str) -> Address | None:
    """The address in `203.0.113.7`, `203.0.113.7:443`, `2001:db8::1`, `[2001:db8::1]:443` or `fe80::1%eth0`, without
    port and zone. IPv4 inside IPv6 (mapped, NAT64, 6to4) becomes that IPv4 address. None if it is not an address."""
    parts = WITH_PORT.fullmatch(text.strip())
    host = next((part for part in parts.group("bracketed", "v4", "bare") if part), "") if parts else ""
    try:
        return _embedded_ipv4(ip_address(host.partition("%")[0]))
    except ValueError:
        return None


def _embedded_ipv4(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one; any other address as it is."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def network(address: str) -> str:
    """What rate limits count as one client: an IPv4 address, or the /64 that an IPv6 subscriber is assigned.

    Text that is not an address counts as this machine.
    """
    found = parse(address) or THIS_MACHINE
    return str(found) if found.version == 4 else str(ip_network((found, 64), strict=False))
