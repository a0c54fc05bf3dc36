"""What tests of the report share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def figure_files(request, monkeypatch):
    """Keep figures as files, most of the work of a report, only for tests that look at them."""
    if "figure_files" not in request.keywords:
        monkeypatch.setattr("har.report.pages.run.save_pictures", lambda pictures, folder: None)
