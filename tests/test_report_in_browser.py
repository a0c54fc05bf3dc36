"""The pages in a real browser: headless Chromium, a laptop and a phone, light and dark."""

from __future__ import annotations

import pytest
from browsing import PAGES, THEMES, WIDTHS, show

pytestmark = pytest.mark.browser

OVERFLOWS = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Elements whose own text is cut off or too small to read.
TINY_TEXT = """
return [...document.querySelectorAll('body *')].filter(element =>
  !element.closest('svg') && !element.closest('.unseen') && !element.closest('.skip')
  && [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())
  && parseFloat(getComputedStyle(element).fontSize) < 11).map(element => element.outerHTML)
"""
TEXT_OF_FIGURES = """
return [...document.querySelectorAll('svg:has(text)')].map(svg => {
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  return Math.min(...[...svg.querySelectorAll('text')].map(text =>
    scale * parseFloat(getComputedStyle(text).fontSize)));
})
"""
COLOURS = """
const of = (selector, name) => getComputedStyle(document.querySelector(selector))[name];
return [of('body', 'backgroundColor'), of('body', 'color'), of('svg text', 'fill')]
"""


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", PAGES)
def test_the_page_fits_and_asks_for_nothing(browser, pages, kind, width, theme):
    messages = show(browser, pages[kind], width, theme)
    requested = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    outside = [url for url in requested if not url.startswith("data:")]
    assert outside == [pages[kind].as_uri()]
    assert browser.get_log("browser") == []
    assert browser.execute_script("return innerWidth") == width
    assert browser.execute_script(OVERFLOWS) == 0
    assert browser.execute_script(TINY_TEXT) == []
    assert min(browser.execute_script(TEXT_OF_FIGURES), default=99) > 9


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", ["usual", "crossval", "five"])
def test_every_landmark_and_section_can_be_seen(browser, pages, kind, width):
    show(browser, pages[kind], width, "light")
    for selector in ("header", "nav", "main", "footer", "h1", "table"):
        box = browser.execute_script(
            f"return document.querySelector('{selector}').getBoundingClientRect().toJSON()"
        )
        assert box["width"] > 100 and box["height"] > 20, selector
    links = "return [...document.querySelectorAll('nav a')].map(link => link.hash.slice(1))"
    sections = "return [...document.querySelectorAll('main > section')].map(s => s.id)"
    assert browser.execute_script(links) == browser.execute_script(sections)


def test_figures_follow_light_and_dark(browser, pages):
    shown = {}
    for theme in THEMES:
        show(browser, pages["usual"], 1280, theme)
        shown[theme] = browser.execute_script(COLOURS)
    assert shown["light"] == ["rgb(255, 255, 255)", "rgb(27, 32, 38)", "rgb(91, 101, 112)"]
    assert shown["dark"] == ["rgb(20, 23, 27)", "rgb(230, 233, 237)", "rgb(162, 171, 182)"]


def test_heat_maps_are_shown(browser, pages):
    show(browser, pages["usual"])
    sizes = browser.execute_async_script(
        "const all = [...document.querySelectorAll('#inside svg image')];"
        "const done = arguments[0]; Promise.all(all.map(async image => {"
        "const own = new Image(); own.src = image.href.baseVal; await own.decode();"
        "const box = image.getBoundingClientRect(); return [own.width, box.width]; })).then(done)"
    )
    assert len(sizes) == 4 + 3 * 4 + 2 * 5
    assert all(pixels >= 32 and width > 100 for pixels, width in sizes)


def test_six_activities_fit_a_phone_without_scrolling(browser, pages):
    show(browser, pages["usual"], 390, "light")
    hidden = """
    return ['confusion', 'heatmap', 'suspects'].map(name => {
      const box = document.querySelector(`.scroll:has(.${name})`);
      return box.scrollWidth - box.clientWidth;
    })
    """
    assert browser.execute_script(hidden) == [0, 0, 0]


def test_the_keyboard_reaches_all_that_acts_or_scrolls(browser, pages):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    show(browser, pages["usual"], 1280, "light")
    n_stops = browser.execute_script(
        "return [...document.querySelectorAll('a[href], button, select, summary, [tabindex]')]"
        ".filter((element) => element.checkVisibility()).length"
    )
    reached = set()
    for _ in range(n_stops):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        reached.add(browser.switch_to.active_element)
    assert len(reached) == n_stops
    assert browser.execute_script("return document.body.matches(':focus-within')")


def test_the_page_prints(browser, pages):
    show(browser, pages["usual"], 1280, "dark")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert browser.execute_script(COLOURS)[0] == "rgb(255, 255, 255)"
    pdf = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})["data"]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert len(pdf) > 20_000
