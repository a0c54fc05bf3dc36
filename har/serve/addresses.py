"""Addresses under which this machine can be reached, and one as a QR code."""

from __future__ import annotations

import io
import ipaddress
import socket
from contextlib import suppress

import segno

# Of TEST-NET-1 (RFC 5737): nobody is there, and nothing is sent.
_ELSEWHERE = ("192.0.2.1", 9)


def own_addresses() -> list[str]:
    """Return the IPv4 addresses of this machine in its networks, the one of the route out first."""
    found: list[str] = []
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # Connecting a datagram socket only chooses the route.
        probe.connect(_ELSEWHERE)
        found.append(probe.getsockname()[0])
    with suppress(OSError):
        found += socket.gethostbyname_ex(socket.gethostname())[2]
    return [a for a in dict.fromkeys(found) if not ipaddress.ip_address(a).is_loopback]


def own_names() -> list[str]:
    """Return the names of this machine, as it knows them, and as its neighbours do."""
    name = socket.gethostname()
    return [name] if "." in name else [name, f"{name}.local"]


def reachable_at(host: str) -> list[str]:
    """Return the addresses under which a server can be reached that is bound to one."""
    with suppress(ValueError):
        if ipaddress.ip_address(host).is_unspecified:
            return own_addresses() or ["localhost"]
    return [host]


def url_of(host: str, port: int, is_secure: bool, token: str | None) -> str:
    """Return the address to type, with the token if there is one."""
    place = f"[{host}]" if ":" in host else host
    query = "" if token is None else f"?token={token}"
    return f"{'https' if is_secure else 'http'}://{place}:{port}/{query}"


def qr_code(text: str) -> str:
    """Return a QR code for a terminal, two rows of it in each line."""
    out = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(out, border=2, compact=True)
    return out.getvalue()
