"""Who asks: one readable IP address, whatever a proxy or a socket says."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Address = IPv4Address | IPv6Address

WITH_PORT = re.compile(r"\[(?P<bracketed>[^\]]*)\](:\d{1,5})?|(?P<v4>[^:]*)(:\d{1,5})?|(?P<bare>.*)", re.DOTALL)
# Where IPv4 clients are translated for a server that has IPv6 only (RFC 6052): they would all share one /64.
NAT64 = ip_network("64:ff9b::/96")
THIS_MACHINE = IPv4Address("127.0.0.1")


class ReadableAddress:
    """WSGI: makes REMOTE_ADDR an IP address for everything that reads it. ProxyFix takes over whatever
    X-Forwarded-For says, so it stands before this; what cannot be read is the proxy's own address."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        proxy = environ.get("werkzeug.proxy_fix.orig", {})
        said = (environ.get("REMOTE_ADDR"), proxy.get("REMOTE_ADDR"))
        # A peer on a Unix socket has no address: it is on this machine.
        address = next((found for text in said if (found := parse(text or ""))), THIS_MACHINE)
        environ["REMOTE_ADDR"] = str(address)
        return self.app(environ, start_response)


def parse(text: str) -> Address | None:
    """The address in `203.0.113.7`, `203.0.113.7:443`, `2001:db8::1`, `[2001:db8::1]:443` or `fe80::1%eth0`, without
    port and zone. IPv4 within IPv6 (mapped, NAT64, 6to4) is that IPv4 address. None where it is no address."""
    parts = WITH_PORT.fullmatch(text.strip())
    host = next((part for part in parts.group("bracketed", "v4", "bare") if part), "") if parts else ""
    try:
        return _within(ip_address(host.partition("%")[0]))
    except ValueError:
        return None


def _within(address: Address) -> Address:
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def network(address: str) -> str:
    """Whom limits count: an IPv4 address, or the /64 that one IPv6 subscriber has for themselves.

    What is no address counts as this machine.
    """
    found = parse(address) or THIS_MACHINE
    return str(found) if found.version == 4 else str(ip_network((found, 64), strict=False))
