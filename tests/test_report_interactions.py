"""What a reader can do with the pages: with a mouse, with keys alone, and without JavaScript."""

from __future__ import annotations

import re

import numpy as np
import pytest
from browsing import show, usual_answers, without_javascript
from scored_run import make_windows

from har.signals.activities import UCI_ACTIVITIES

pytestmark = pytest.mark.browser

WINDOWS = make_windows(600, UCI_ACTIVITIES)
EVALUATION = usual_answers(WINDOWS)
IS_WRONG = EVALUATION.predicted != EVALUATION.labels
# Windows that can be seen, by subject and group.
SHOWN = """
return [...document.querySelectorAll("details.windows[open] tbody tr")]
  .filter((row) => row.checkVisibility())
  .map((row) => [Number(row.dataset.subject), row.closest("details").querySelector("summary").id])
"""
STATUS = "return document.querySelector('#windows [role=status]').textContent"
OPEN = "return [...document.querySelectorAll('details[open] > summary')].map(summary => summary.id)"
# What is told where somebody points, at three places from left to right.
TIPS = """
const svg = document.querySelector(arguments[0]);
svg.scrollIntoView({ block: "center" });
const { x, y, width, height } = svg.getBoundingClientRect();
return [0.3, 0.5, 0.7].map((part) =>
  document.elementFromPoint(x + part * width, y + height / 2)
    .closest(".tip").querySelector("title").textContent)
"""
FOCUS = "return document.activeElement.id"


@pytest.fixture
def page(browser, pages):
    show(browser, pages["usual"])
    yield browser
    assert browser.get_log("browser") == []


def column(browser, table, number):
    return browser.execute_script(
        "return [...document.querySelectorAll(arguments[0])]"
        ".map((row) => row.cells[arguments[1]].firstChild.textContent.trim())",
        f"{table} tbody tr",
        number,
    )


def press(browser, *keys, at=None):
    """Press keys, on an element that is given the focus or on what has it."""
    from selenium.webdriver.common.action_chains import ActionChains

    if at is not None:
        browser.execute_script("arguments[0].focus()", at)
    ActionChains(browser).send_keys(*keys).perform()


def click(browser, selector):
    browser.find_element("css selector", selector).click()


def most_confused():
    """The id of the pair that was confused most often, and how often it was."""
    counts = EVALUATION.confusion_matrix.copy()
    counts[range(6), range(6)] = 0
    true, predicted = divmod(int(counts.argmax()), 6)
    return f"windows-{true}-{predicted}", int(counts.max())


def a_subject():
    """One with windows that were named wrong, whose number starts like no other's."""
    return 9


def as_number(text):
    return float(text.split("\N{NO-BREAK SPACE}")[0].replace(",", ""))


def in_seconds(text):
    """The seconds of a duration in words."""
    units = {"h": 3600, "min": 60, "s": 1}
    parts = [part.split("\N{NO-BREAK SPACE}") for part in text.split(" ")]
    return sum(float(number) * units[unit] for number, unit in parts)


def test_a_cell_of_the_confusion_matrix_opens_its_windows(page):
    group, n_windows = most_confused()
    assert page.execute_script(OPEN) == []
    click(page, f".confusion a[href='#{group}']")
    assert page.execute_script(OPEN) == [group]
    assert page.execute_script(FOCUS) == group
    assert [shown[1] for shown in page.execute_script(SHOWN)] == [group] * n_windows
    page.back()
    page.execute_script("document.querySelector('details[open]').open = false")
    page.forward()
    assert page.execute_script(OPEN) == [group]


def test_an_address_with_a_group_opens_it(browser, pages):
    group, _ = most_confused()
    show(browser, pages["usual"], place=f"#{group}")
    assert browser.execute_script(OPEN) == [group]
    assert browser.execute_script(FOCUS) == group


def test_a_cell_whose_windows_are_hidden_shows_them(page):
    group, n_windows = most_confused()
    truth = int(group.split("-")[1])
    other = UCI_ACTIVITIES[(truth + 1) % 3]
    page.find_element("css selector", f"select[name=truth] option[value={other}]").click()
    assert group not in page.execute_script(OPEN)
    click(page, f".confusion a[href='#{group}']")
    assert len(page.execute_script(SHOWN)) == n_windows


@pytest.mark.parametrize(
    ("kind", "table", "place", "value"),
    [
        ("usual", "#activities table", 0, str.casefold),
        ("usual", "#activities table", 1, as_number),
        ("usual", "#subjects table", 3, as_number),
        ("crossval", "#folds table", 4, as_number),
        ("five", "#runs table", 2, as_number),
        ("timeline", "main section:nth-of-type(2) table", 1, in_seconds),
    ],
)
def test_a_heading_sorts_its_table_up_and_down(browser, pages, kind, table, place, value):
    show(browser, pages[kind])
    unsorted = column(browser, table, place)
    heading = browser.find_element(
        "css selector", f"{table} thead tr > :nth-child({place + 1}) button"
    )
    for direction in ("ascending", "descending"):
        press(browser, "\n", at=heading)
        expected = sorted(unsorted, key=value, reverse=direction == "descending")
        assert [*map(value, column(browser, table, place))] == [*map(value, expected)]
        assert heading.find_element("xpath", "..").get_attribute("aria-sort") == direction
    assert len(browser.find_elements("css selector", "[aria-sort]")) == 1


def test_columns_of_pictures_have_no_button(page):
    pictures = page.find_elements("css selector", "th.pictures")
    texts = {heading.get_attribute("textContent") for heading in pictures}
    assert texts == {"Accuracy as a bar", "Signals"}
    assert not page.find_elements("css selector", "th.pictures button")


def test_a_subject_is_picked_by_keyboard_alone_and_all_come_back(page):
    subject = a_subject()
    n_windows, n_wrong = int((IS_WRONG & (WINDOWS.subjects == subject)).sum()), int(IS_WRONG.sum())
    assert page.execute_script(STATUS) == f"{n_wrong} windows are listed."
    select = page.find_element("css selector", "select[name=subject]")
    press(page, str(subject), at=select)
    shown = page.execute_script(SHOWN)
    assert {shown_subject for shown_subject, _ in shown} == {subject}
    assert len(shown) == n_windows
    assert page.execute_script(STATUS) == f"{n_windows} of {n_wrong} windows are shown."
    press(page, "\t", "\t", "\t", " ")
    assert page.execute_script(STATUS) == f"{n_wrong} windows are listed."
    assert page.execute_script(OPEN) == []


def test_the_table_of_subjects_leads_to_their_windows(page):
    subject = a_subject()
    button = page.find_element("xpath", f"//*[@id='subjects']//tbody//button[.='{subject}']")
    press(page, "\n", at=button)
    assert {shown for shown, _ in page.execute_script(SHOWN)} == {subject}
    assert page.switch_to.active_element.get_attribute("name") == "subject"
    top = page.execute_script("return document.querySelector('#windows').getBoundingClientRect().y")
    assert abs(top) < 10


def test_what_was_done_and_what_was_said_choose_together(page):
    group, n_windows = most_confused()
    for name, activity in zip(("truth", "answer"), map(int, group.split("-")[1:]), strict=True):
        click(page, f"select[name={name}] option[value={UCI_ACTIVITIES[activity]}]")
    assert page.execute_script(SHOWN) and page.execute_script(OPEN) == [group]
    assert page.execute_script(STATUS).startswith(f"{n_windows} of ")


def test_a_choice_without_windows_says_so(page):
    empty = next(
        (true, predicted)
        for true, predicted in zip(*np.nonzero(EVALUATION.confusion_matrix == 0), strict=True)
    )
    for name, activity in zip(("truth", "answer"), empty, strict=True):
        click(page, f"select[name={name}] option[value={UCI_ACTIVITIES[activity]}]")
    assert page.execute_script(SHOWN) == []
    assert page.execute_script(STATUS).startswith("0 of ")


def test_without_javascript_everything_is_there(browser, pages):
    group, _ = most_confused()
    with without_javascript(browser):
        show(browser, pages["usual"], place=f"#{group}")
        assert len(browser.execute_script(SHOWN)) == IS_WRONG.sum()
        assert browser.execute_script(FOCUS) == group
        links = "return [...document.querySelectorAll('.confusion a')].map(a => a.hash.slice(1))"
        ids = "return [...document.querySelectorAll('summary')].map(summary => summary.id)"
        assert sorted(browser.execute_script(links)) == sorted(browser.execute_script(ids))
        assert not browser.find_elements("css selector", "table button, form:not([hidden])")
        assert browser.get_log("browser") == []


def test_a_point_of_a_figure_tells_its_values(page):
    tips = page.execute_script(TIPS, "#learning svg")
    epochs = [int(re.fullmatch(r"Epoch (\d+): training .*, validation .*", tip)[1]) for tip in tips]
    assert 1 < epochs[0] < epochs[1] < epochs[2] < 28


def test_all_windows_are_printed_and_then_folded_again(page):
    page.execute_script(
        "addEventListener('beforeprint', () => { window.printed = "
        "document.querySelectorAll('details[open]').length })"
    )
    page.execute_cdp_cmd("Page.printToPDF", {})
    n_groups = len(page.find_elements("css selector", "details"))
    assert page.execute_script("return printed") == n_groups
    assert page.execute_script(OPEN) == []


def test_a_script_that_is_not_the_page_s_own_does_not_run(browser, pages, tmp_path):
    html = pages["usual"].read_text().replace("form.hidden = false", "form.hidden =  false")
    changed = tmp_path / "changed.html"
    changed.write_text(html)
    show(browser, changed)
    assert browser.find_elements("css selector", "form[hidden]")
    assert "Content Security Policy" in browser.get_log("browser")[0]["message"]
