"""The Jinja environment of all pages, with its filters and its script."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from har.report.style import colours_of
from har.report.wording import (
    activity_label,
    anchor_of,
    duration_in_words,
    interval_in_words,
    people,
    percent,
    setting_in_words,
    short_label,
    signed,
    sureness,
)


def page_environment(activities: Iterable[str]) -> Environment:
    """Return the environment that renders ``har/report/templates``.

    Parameters
    ----------
    activities : iterable of str
        Names of the activities that the page colours.

    Returns
    -------
    Environment
        Text is escaped, an unknown name is an error, and the filters below write values.
    """
    environment = Environment(
        loader=PackageLoader("har.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": lambda number: f"{int(number):,}",
        "anchor": anchor_of,
        "people": people,
        "percent": percent,
        "interval": interval_in_words,
        "signed": signed,
        "sureness": sureness,
        "label": activity_label,
        "short": short_label,
        "colour": colours_of(activities).__getitem__,
        "duration": duration_in_words,
        "log": math.log,
        "date": _date,
        "clock": "{:%H:%M:%S}".format,
        "moment": _moment,
        "setting": setting_in_words,
    }
    environment.globals["script"] = _script()
    return environment


def _script() -> dict[str, Markup]:
    """Read the pages' script; browsers run it if its hash is that of the content policy."""
    text = files("har.report").joinpath("templates/report.js").read_text(encoding="utf-8")
    digest = b64encode(sha256(text.encode()).digest()).decode()
    return {"text": Markup(text), "hash": Markup(f"sha256-{digest}")}


def _date(time: str | datetime) -> str:
    """Write a date: ``"23 November 2026"``; text that is none is left as it is."""
    try:
        moment = datetime.fromisoformat(time) if isinstance(time, str) else time
    except ValueError:
        return str(time)
    return f"{moment.day} {moment:%B %Y}"


def _moment(time: datetime) -> str:
    """Write a date and a time: ``"23 November 2026, 14:03:12 UTC"``."""
    return f"{_date(time)}, {time:%H:%M:%S %Z}"
