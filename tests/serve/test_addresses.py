"""Addresses of this machine, and how a phone gets one."""

from __future__ import annotations

import ipaddress

import pytest

pytest.importorskip("segno", reason="the extra serve is not installed")

from har.serve import addresses  # noqa: E402
from har.serve.addresses import own_addresses, qr_code, reachable_at, url_of  # noqa: E402


def test_own_addresses_are_those_of_networks():
    assert not any(ipaddress.ip_address(each).is_loopback for each in own_addresses())


def test_all_addresses_are_meant_by_none(monkeypatch):
    monkeypatch.setattr(addresses, "own_addresses", lambda: ["192.168.0.5"])
    assert reachable_at("0.0.0.0") == ["192.168.0.5"]
    assert reachable_at("192.168.0.7") == ["192.168.0.7"]
    assert reachable_at("ada.local") == ["ada.local"]
    monkeypatch.setattr(addresses, "own_addresses", list)
    assert reachable_at("::") == ["localhost"]


def test_an_address_has_its_token():
    assert url_of("192.168.0.5", 8000, True, "t") == "https://192.168.0.5:8000/?token=t"
    assert url_of("::1", 80, False, None) == "http://[::1]:80/"


def test_a_code_fits_into_a_terminal():
    lines = qr_code(url_of("192.168.100.100", 8000, True, "x" * 22)).splitlines()
    assert 10 < len(lines) <= 24
    assert max(len(line.encode().decode()) for line in lines) < 80
