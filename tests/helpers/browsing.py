"""Headless Chromium, for the tests of what a reader of a page sees and can do."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest
from activity_segments import a_recording_evaluation
from compared_runs import make_runs, side_of
from scored_folds import MANIFEST, make_scores
from scored_run import make_evaluation, make_explanation, make_robustness, make_run, make_windows
from timelines import a_report

from har.comparison.summary import compare_contenders
from har.config import Config
from har.model_selection.cross_validation_folder import CrossValidationFolder
from har.report.pages.comparison import write_comparison
from har.report.pages.cross_validation import write_crossval_report
from har.report.pages.run import write_report
from har.report.pages.timeline_page import write_pictures
from har.report.pages.unfinished import write_unfinished_report
from har.runs.manifest import Manifest
from har.signals.activities import HAPT_ACTIVITIES, UCI_ACTIVITIES

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
WIDTHS = (1280, 390)
THEMES = ("light", "dark")
PAGES = ("usual", "bare", "unfinished", "crossval", "pair", "five", "timeline")
# Long names of folders, like the default ones of har train.
_FIVE = [f"uci_har-20261123-06340{number}" for number in range(5)]
_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice")
_RUN_AXE = """
const [rules, done] = arguments;
for (const details of document.querySelectorAll("details")) details.open = true;
axe.run({ runOnly: rules, resultTypes: ["violations"] })
  .then(({ violations }) => done(violations), (error) => done([{ id: String(error), nodes: [] }]));
"""


@contextmanager
def chromium(folder):
    """Start a browser that keeps its files in a folder."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    from selenium.webdriver.chrome.service import Service

    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (browser and driver):
        pytest.skip("no chromium and chromedriver: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(executable_path=driver))
    started.set_script_timeout(600)
    try:
        yield started
    finally:
        started.quit()


def write_pages(folder):
    """Write a page of each kind, among them full and short reports of several networks."""
    usual = make_windows(600, UCI_ACTIVITIES)
    many = make_windows(600, HAPT_ACTIVITIES)
    full = make_run(folder / "usual", usual, usual_answers(usual))
    full.write_json(full.robustness, make_robustness(600).to_dict())
    full.write_json(full.explanation, make_explanation(usual).to_dict())
    recordings = a_recording_evaluation(activities=usual.activities)
    full.write_json(full.recordings, recordings.to_dict())
    bare = make_run(folder / "bare", many, n_epochs=1, is_validated=False)
    unfinished = make_run(folder / "unfinished", usual)
    unfinished.predictions.unlink()
    unfinished.update_manifest(Manifest(status="running"))
    folds = CrossValidationFolder.start(folder / "crossval", Config(), MANIFEST)
    for score in make_scores(with_recordings=True):
        folds.write_score(score)
    folds.write_summary()
    return {
        "usual": write_report(full, usual),
        "bare": write_report(bare, None),
        "unfinished": write_unfinished_report(unfinished),
        "crossval": write_crossval_report(folds),
        "pair": _comparison_of(make_runs(folder / "pair", windows=usual)),
        "five": _comparison_of(make_runs(folder / "five", names=_FIVE, windows=many)),
        "timeline": write_pictures(a_report(), folder / "timeline.csv")[1],
    }


def usual_answers(windows):
    """Confident predictions of which the first are wrong, so that their labels are suspected."""
    evaluation = make_evaluation(windows)
    probabilities = evaluation.probabilities.copy()
    probabilities[:20] = np.roll(probabilities[:20], 1, axis=1)
    return replace(evaluation, probabilities=probabilities)


def _comparison_of(paths):
    return write_comparison(compare_contenders(side_of(paths)), paths[0].parent)


def show(browser, page, width=1280, theme="light", place=""):
    """Reload a page; return the messages of the browser's log about it."""
    browser.get("about:blank")
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {
            "features": [
                {"name": "prefers-color-scheme", "value": theme},
                {"name": "prefers-reduced-motion", "value": "reduce"},
            ]
        },
    )
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    browser.get_log("performance")
    browser.get_log("browser")
    browser.get(page.as_uri() + place)
    entries = browser.get_log("performance")
    return [json.loads(entry["message"])["message"] for entry in entries]


@contextmanager
def without_javascript(browser):
    """Disable the scripts of pages; those of this driver still run."""
    switch = "Emulation.setScriptExecutionDisabled"
    browser.execute_cdp_cmd(switch, {"value": True})
    try:
        yield
    finally:
        browser.execute_cdp_cmd(switch, {"value": False})


def violations(browser):
    """Check the page with everything unfolded by axe-core; return its findings by rule."""
    pytest.importorskip("axe_core_python", reason="axe-core-python is not installed")
    browser.execute_script(files("axe_core_python").joinpath("axe.min.js").read_text("utf-8"))
    found = browser.execute_async_script(_RUN_AXE, _RULES)
    return {rule["id"]: [node["html"][:200] for node in rule["nodes"]] for rule in found}
