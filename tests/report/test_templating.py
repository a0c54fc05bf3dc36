from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

import pytest
from jinja2 import UndefinedError

from har.report.templating import page_environment


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ 7352 | count }}", "7,352"),
        ("{{ 1 | people }}, {{ 9 | people }}", "one person, 9 people"),
        ("{{ '2026-11-23T10:00:00+00:00' | date }}", "23 November 2026"),
        ("{{ 'yesterday' | date }}", "yesterday"),
        ("{{ 'WALKING_UPSTAIRS' | label }}", "Walking upstairs"),
        ("{{ 'WALKING' | colour }}", "#0072b2"),
        ("{{ '<b>' }}", "&lt;b&gt;"),
    ],
)
def test_values_are_written_for_people(template, text):
    environment = page_environment(["WALKING"])
    assert environment.from_string(template).render() == text


def test_an_unknown_name_in_a_template_is_an_error():
    with pytest.raises(UndefinedError):
        page_environment([]).from_string("{{ nobody }}").render()


def test_a_page_s_script_is_the_only_one_that_its_policy_lets_run():
    head = "{% from 'parts.html' import head %}{{ head('A page') }}"
    page = page_environment([]).from_string(head).render()
    (script,) = re.findall(r"<script[^>]*>(.*?)</script>", page, flags=re.DOTALL)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    (policy,) = re.findall(r'Security-Policy"\s+content="(.*?)"', page)
    assert policy.split("; ")[0] == "default-src 'none'"
    assert f"script-src 'sha256-{digest}'" in policy.split("; ")
    assert script.count("\n") < 200
