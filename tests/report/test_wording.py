from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from har.report.wording import (
    activity_label,
    as_code,
    duration_in_words,
    escaped,
    interval_in_words,
    markdown_table,
    percent,
    short_label,
    signal_label,
    signed,
)


def test_names_are_readable():
    assert activity_label("WALKING_UPSTAIRS") == "Walking upstairs"
    assert short_label("WALKING_UPSTAIRS") == "Upstairs"
    assert short_label("WALKING") == "Walking"
    assert activity_label("Nordic walking") == "Nordic walking"
    assert percent(0.9423) == "94.2\N{NO-BREAK SPACE}%"
    assert interval_in_words([0.912, 1]) == "91.2 to 100.0\N{NO-BREAK SPACE}%"
    assert signal_label("body_acc") == "Body acceleration"
    assert signal_label("heart_rate") == "heart_rate"


def test_losses_have_a_true_minus_and_nothing_has_none():
    assert [percent(share) for share in (-0.0123, -1e-5)] == [
        "−1.2\N{NO-BREAK SPACE}%",
        "0.0\N{NO-BREAK SPACE}%",
    ]
    assert interval_in_words([-0.004, 0.01]) == "−0.4 to 1.0\N{NO-BREAK SPACE}%"
    assert [signed(value) for value in (0.5, -0.004, -2)] == ["+0.50", "+0.00", "−2.00"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (0.5, "0.5 s"),
        (42.4, "42 s"),
        (60, "1 min"),
        (331, "5 min 31 s"),
        (86399.6, "24 h"),
        (5025, "1 h 23 min"),
    ],
)
def test_durations_have_their_two_largest_units(seconds, words):
    assert duration_in_words(seconds).replace("\N{NO-BREAK SPACE}", " ") == words


def test_words_stand_at_the_left_and_numbers_at_the_right():
    assert markdown_table(("run", "accuracy"), [("A", "97.9 %"), ("a|b", "1 %")]) == [
        "| run | accuracy |",
        "| --- | ---: |",
        "| A | 97.9 % |",
        "| a\\|b | 1 % |",
    ]


def rendered(markdown):
    """Give the kinds of elements that Markdown makes, and the text in them."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    inline = [part for token in tokens for part in token.children or ()]
    kinds = {token.type for token in (*tokens, *inline)} - {"inline", "text", "text_special"}
    return kinds, "".join(part.content for part in inline)


@pytest.mark.parametrize(
    "name",
    [
        "|[x](javascript:alert(1))<img src=x onerror=…>",
        "![x](https://example.org/x.png)",
        "[x][y] [z]: https://example.org",
        "<script>alert(1)</script>",
        "<https://example.org>",
        "&lt;b&gt;",
        "`code` ``more`` `",
        "*strong* **words** _these_ __too__ ~~gone~~ ~gone~",
        "# heading",
        "## heading ##",
        "- item",
        "+ item",
        "1. item",
        "12) item",
        "---",
        "===",
        "> quote",
        "| a | b |",
        "a\\*b\\",
        "UCI_HAR_x",
    ],
)
def test_markdown_shows_a_name_as_it_is(name):
    paragraph = {"paragraph_open", "paragraph_close"}
    assert rendered(escaped(name)) == (paragraph, name)
    table = "\n".join(markdown_table(("head", "n"), [(name, "1")]))
    kinds, text = rendered(table)
    assert {kind.split("_")[0] for kind in kinds} == {"table", "thead", "tbody", "tr", "th", "td"}
    assert text == f"headn{name}1"
    kinds, text = rendered("\n".join(markdown_table(("head",), [(as_code(name),)])))
    assert "code_inline" in kinds and text == f"head{name}"


def test_a_name_stays_in_its_line_and_leaves_the_terminal_alone():
    assert escaped("a\n\n# b\r\n\x1b[2J\x85c") == r"a # b \\x1b\[2J c"
    assert escaped("UCI_HAR 97.9 %") == "UCI_HAR 97.9 %"
