"""What axe-core, an examiner of accessibility, has to say of the pages."""

from __future__ import annotations

from itertools import product

import pytest
from browsing import PAGES, THEMES, WIDTHS, show, violations

pytestmark = pytest.mark.browser

# Widths and themes are drawn by rules that have nothing in common: each of them once finds most.
_USUAL = set(zip(WIDTHS, THEMES, strict=True))


@pytest.mark.parametrize(
    ("width", "theme"),
    [
        pytest.param(*pair, marks=() if pair in _USUAL else pytest.mark.slow)
        for pair in product(WIDTHS, THEMES)
    ],
)
@pytest.mark.parametrize("kind", PAGES)
def test_nothing_is_in_anyone_s_way(browser, pages, kind, width, theme):
    show(browser, pages[kind], width, theme)
    assert violations(browser) == {}


def test_what_is_in_the_way_would_be_found(browser, pages):
    show(browser, pages["bare"])
    browser.execute_script(
        "document.querySelector('.lead').style.color = '#aaa';"
        "document.querySelector('main').id = 'results'"
    )
    assert set(violations(browser)) == {"color-contrast", "duplicate-id"}
