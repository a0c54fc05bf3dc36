"""Who may talk to the server: names in ``Host``, a token beyond loopback, pages of its own."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from har.errors import quoted

# 128 bits; so many characters still make a small QR code.
_TOKEN_BYTES = 16


def new_token() -> str:
    """Return a token that cannot be guessed."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


@dataclass(frozen=True)
class Refusal:
    """Why a request is not answered.

    Parameters
    ----------
    status : int
        Status of HTTP.
    text : str
        One line.
    """

    status: int
    text: str


@dataclass(frozen=True)
class Access:
    """Rules of access.

    Parameters
    ----------
    token : str or None
        Token that the address must have; None on loopback.
    names : frozenset of str
        Names by which the machine is known, in lower case. A name of somebody else that leads here
        is that of a page which wants to read ours (DNS rebinding); an address is none.
    """

    token: str | None
    names: frozenset[str] = frozenset({"localhost"})

    def refusal_of(self, headers: Mapping[str, str], query: str, scheme: str) -> Refusal | None:
        """Return why a request is refused; None if it is not.

        Parameters
        ----------
        headers : mapping of str to str
            Headers by name.
        query : str
            Query of its address.
        scheme : str
            ``"http"`` or ``"https"``.

        Returns
        -------
        Refusal or None
        """
        host = headers.get("host", "").lower()
        if not self._is_known(host):
            return Refusal(
                421, f"Host: found {quoted(host)}, expected an address of this machine or its name"
            )
        origin = headers.get("origin")
        if origin is not None and origin.lower() != f"{scheme}://{host}":
            return Refusal(403, f"Origin: found {quoted(origin)}, expected a page of this server")
        if self.token is not None and not self._has_token(headers, query):
            return Refusal(
                403, "token: found none or a wrong one, expected the address as har serve shows it"
            )
        return None

    def _is_known(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in self.names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return self.token is not None or address.is_loopback

    def _has_token(self, headers: Mapping[str, str], query: str) -> bool:
        given = (
            parse_qs(query, max_num_fields=_MOST_FIELDS).get("token", []) if _fits(query) else []
        )
        given += [headers.get("authorization", "").removeprefix("Bearer ")]
        expected = (self.token or "").encode()
        return any([secrets.compare_digest(found.encode(), expected) for found in given])


_MOST_FIELDS = 20
_LONGEST_QUERY = 2000


def _fits(query: str) -> bool:
    return len(query) <= _LONGEST_QUERY and query.count("&") < _MOST_FIELDS


def lowered(names: Iterable[str]) -> frozenset[str]:
    """Return names as `Access` compares them."""
    return frozenset(name.lower().rstrip(".") for name in names if name)
