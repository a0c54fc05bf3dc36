"""Allowances: so much a second, and more at once after a pause."""

from __future__ import annotations

from har.serve import limits
from har.serve.limits import Allowance


def test_an_allowance_fills_up_as_time_goes_by(monkeypatch):
    now_s = [100.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: now_s[0])
    allowance = Allowance(per_s=10, most=30)
    assert allowance.takes(30)
    assert not allowance.takes(1)
    now_s[0] += 1
    assert allowance.takes(10)
    assert not allowance.takes(1)
    now_s[0] += 1000
    assert not allowance.takes(31)
    assert allowance.takes(30)
