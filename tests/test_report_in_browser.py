"""The reports in a real browser: headless Chromium, a laptop and a phone, light and dark."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from compared_runs import make_runs
from scored_folds import MANIFEST, make_scores
from scored_run import make_evaluation, make_robustness, make_run, make_windows

from har.compare_report import write_comparison
from har.compare_summary import summarise
from har.config import Config
from har.crossval_folder import CrossValidationFolder
from har.crossval_report import write_crossval_report
from har.report import write_report
from har.side_by_side import read_runs
from har.signals import HAPT_ACTIVITIES, UCI_ACTIVITIES

pytestmark = pytest.mark.browser

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Long names of folders, as those that har train makes up.
FIVE = [f"uci_har-20261123-06340{number}" for number in range(5)]
WIDTHS = (1280, 390)
THEMES = ("light", "dark")
OVERFLOWS = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Elements whose own text is cut off or too small to read.
TINY_TEXT = """
return [...document.querySelectorAll('body *')].filter(element =>
  !element.closest('svg') && !element.closest('.unseen') && !element.closest('.skip')
  && [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())
  && parseFloat(getComputedStyle(element).fontSize) < 11).map(element => element.outerHTML)
"""
TEXT_OF_FIGURES = """
return [...document.querySelectorAll('svg')].map(svg => {
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  return Math.min(...[...svg.querySelectorAll('text')].map(text =>
    scale * parseFloat(getComputedStyle(text).fontSize)));
})
"""
COLOURS = """
const of = (selector, name) => getComputedStyle(document.querySelector(selector))[name];
return [of('body', 'backgroundColor'), of('body', 'color'), of('svg text', 'fill')]
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    from selenium.webdriver.chrome.service import Service

    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("no chromium and chromedriver: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(executable_path=driver))
    yield browser
    browser.quit()


def with_suspects(evaluation):
    """Answers that are as sure as ever, and wrong for the first windows."""
    probabilities = evaluation.probabilities.copy()
    probabilities[:20] = np.roll(probabilities[:20], 1, axis=1)
    return replace(evaluation, probabilities=probabilities)


def comparison_of(paths):
    return write_comparison(summarise(read_runs(paths)), paths[0].parent)


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """A report with all there is, a bare one of twelve activities, pages of several networks."""
    folder = tmp_path_factory.mktemp("reports")
    usual = make_windows(600, UCI_ACTIVITIES)
    many = make_windows(600, HAPT_ACTIVITIES)
    full = make_run(folder / "usual", usual, with_suspects(make_evaluation(usual)))
    full.write_json(full.robustness, make_robustness(600).to_dict())
    bare = make_run(folder / "bare", many, n_epochs=1, is_validated=False)
    folds = CrossValidationFolder.start(folder / "crossval", Config(), MANIFEST)
    for score in make_scores():
        folds.write_score(score)
    folds.write_summary()
    return {
        "usual": write_report(full, usual),
        "bare": write_report(bare, None),
        "crossval": write_crossval_report(folds),
        "pair": comparison_of(make_runs(folder / "pair", windows=usual)),
        "five": comparison_of(make_runs(folder / "five", names=FIVE, windows=many)),
    }


def show(browser, report, width, theme):
    """Open the page, and give the messages of the browser's log about it."""
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": theme}]},
    )
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    browser.get_log("performance")
    browser.get_log("browser")
    browser.get(report.as_uri())
    entries = browser.get_log("performance")
    return [json.loads(entry["message"])["message"] for entry in entries]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", ["usual", "bare", "crossval", "pair", "five"])
def test_the_page_fits_and_asks_for_nothing(browser, reports, kind, width, theme):
    messages = show(browser, reports[kind], width, theme)
    requested = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    outside = [url for url in requested if not url.startswith("data:")]
    assert outside == [reports[kind].as_uri()]
    assert browser.get_log("browser") == []
    assert browser.execute_script("return innerWidth") == width
    assert browser.execute_script(OVERFLOWS) == 0
    assert browser.execute_script(TINY_TEXT) == []
    assert min(browser.execute_script(TEXT_OF_FIGURES), default=99) > 9


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", ["usual", "crossval", "five"])
def test_every_landmark_and_section_can_be_seen(browser, reports, kind, width):
    show(browser, reports[kind], width, "light")
    for selector in ("header", "nav", "main", "footer", "h1", "table"):
        box = browser.execute_script(
            f"return document.querySelector('{selector}').getBoundingClientRect().toJSON()"
        )
        assert box["width"] > 100 and box["height"] > 20, selector
    links = "return [...document.querySelectorAll('nav a')].map(link => link.hash.slice(1))"
    sections = "return [...document.querySelectorAll('main > section')].map(s => s.id)"
    assert browser.execute_script(links) == browser.execute_script(sections)


def test_figures_follow_light_and_dark(browser, reports):
    shown = {}
    for theme in THEMES:
        show(browser, reports["usual"], 1280, theme)
        shown[theme] = browser.execute_script(COLOURS)
    assert shown["light"] == ["rgb(255, 255, 255)", "rgb(27, 32, 38)", "rgb(91, 101, 112)"]
    assert shown["dark"] == ["rgb(20, 23, 27)", "rgb(230, 233, 237)", "rgb(162, 171, 182)"]


def test_six_activities_fit_a_phone_without_scrolling(browser, reports):
    show(browser, reports["usual"], 390, "light")
    hidden = """
    return ['confusion', 'heatmap', 'suspects'].map(name => {
      const box = document.querySelector(`.scroll:has(.${name})`);
      return box.scrollWidth - box.clientWidth;
    })
    """
    assert browser.execute_script(hidden) == [0, 0, 0]


def test_the_keyboard_reaches_every_link_and_the_scrolling_boxes(browser, reports):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    show(browser, reports["usual"], 1280, "light")
    n_stops = browser.execute_script(
        "return document.querySelectorAll('a[href], [tabindex=\"0\"]').length"
    )
    reached = set()
    for _ in range(n_stops):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        reached.add(browser.switch_to.active_element.get_attribute("outerHTML")[:200])
    assert len(reached) == n_stops


def test_the_page_prints(browser, reports):
    show(browser, reports["usual"], 1280, "dark")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert browser.execute_script(COLOURS)[0] == "rgb(255, 255, 255)"
    pdf = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})["data"]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert len(pdf) > 20_000
