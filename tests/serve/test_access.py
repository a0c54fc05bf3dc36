"""Who is answered: the right name, the right page, the right token."""

from __future__ import annotations

import pytest

from har.serve.access import Access, lowered, new_token

LOOPBACK = Access(None, lowered(["localhost", "Ada.local"]))
TOKEN = "0123456789-abcdefgh_ij"
BEYOND = Access(TOKEN, lowered(["localhost", "Ada.local"]))


def status(access, host="localhost:8000", query="", scheme="http", **headers):
    refusal = access.refusal_of({"host": host, **headers}, query, scheme)
    return None if refusal is None else refusal.status


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:8000"])
def test_this_machine_is_known_by_its_names(host):
    assert status(LOOPBACK, host) is None


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "localhost.evil.example", "192.168.0.5", "[", "a:b:c", "127.0.0.1."],
)
def test_any_other_name_is_one_of_a_page_that_wants_to_read_ours(host):
    assert status(LOOPBACK, host) == 421


def test_beyond_loopback_an_address_is_enough_and_a_foreign_name_is_not():
    query = f"token={TOKEN}"
    assert status(BEYOND, "192.168.0.5:8000", query) is None
    assert status(BEYOND, "ada.local", query) is None
    assert status(BEYOND, "evil.example", query) == 421


def test_a_page_of_another_origin_is_refused():
    assert status(LOOPBACK, origin="http://localhost:8000") is None
    for origin in ("http://localhost", "https://localhost:8000", "http://evil.example", "null"):
        assert status(LOOPBACK, origin=origin) == 403


@pytest.mark.parametrize(
    "query", ["", "token=", "token=ä", f"token={TOKEN}x", f"t={TOKEN}", "a=1&" * 500 + "token=x"]
)
def test_no_token_and_a_wrong_one_are_refused(query):
    assert status(BEYOND, query=query) == 403


def test_the_token_is_taken_from_the_address_or_a_header():
    assert status(BEYOND, query=f"stream=a&token={TOKEN}") is None
    assert status(BEYOND, authorization=f"Bearer {TOKEN}") is None


def test_tokens_differ_and_have_128_bits():
    assert len({new_token() for _ in range(100)}) == 100
    assert len(new_token()) >= 22
