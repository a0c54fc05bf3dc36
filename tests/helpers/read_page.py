"""A reader of the pages that har writes, for the tests of their content."""

from __future__ import annotations

import re
from html.parser import HTMLParser

# Sections of every report, in their order.
SECTIONS = (
    *("results", "learning", "confusions", "activities", "subjects", "heatmap"),
    *("calibration", "mistakes", "labels", "windows", "reproduce", "settings", "model-card"),
)
VOID = {"meta", "link", "br", "use", "path"}


class Page(HTMLParser):
    """Collects a page's elements, the text of its sections without figures, and unclosed tags."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open, self.text = [], [], dict.fromkeys(SECTIONS, "")
        self.feed(html)
        self.text = {section: " ".join(text.split()) for section, text in self.text.items()}

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append((tag, dict(attributes)))

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if any(tag == "svg" for tag, _ in self.open):
            return
        for _, attributes in self.open:
            if attributes.get("id") in SECTIONS:
                self.text[attributes["id"]] += f"{data} "

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def plain(text):
    """Replace no-break spaces with plain ones."""
    return text.replace("\N{NO-BREAK SPACE}", " ")


def text_of(page):
    """Return the text of a page, without tags, style sheet and script."""
    html = page.read_text(encoding="utf-8").partition("</head>")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())
