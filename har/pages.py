"""What all pages share: one Jinja environment, and how values are written."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from har.style import activity_label, colours_of, interval_in_words, percent, short_label, signed


def page_environment(activities: Iterable[str]) -> Environment:
    """Make the environment that renders ``har/templates``.

    Parameters
    ----------
    activities : iterable of str
        Names that the page colours.

    Returns
    -------
    Environment
        Text is escaped, an unknown name is an error, and the filters below write values.
    """
    environment = Environment(
        loader=PackageLoader("har", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": lambda number: f"{int(number):,}",
        "people": people,
        "percent": percent,
        "interval": interval_in_words,
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
    text = files("har").joinpath("templates/report.js").read_text(encoding="utf-8")
    digest = b64encode(sha256(text.encode()).digest()).decode()
    return {"text": Markup(text), "hash": Markup(f"sha256-{digest}")}


def duration_in_words(seconds: float) -> str:
    """Write a duration with its two largest units: ``"1 h 12 min"``, ``"4.2 s"``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    shown = [f"{number}\N{NO-BREAK SPACE}{unit}" for number, unit in parts if number]
    return " ".join(shown[:2]) or f"{seconds:.1f}\N{NO-BREAK SPACE}s"


def sureness(probability: float) -> str:
    """Write a probability in percent; none is shown as certain: ``"> 99.9 %"`` for 0.99999."""
    return percent(probability) if probability < 0.9995 else f"> {percent(0.999)}"


def people(number: int) -> str:
    """Count people: ``"9 people"``, ``"one person"``."""
    return f"{number} people" if number != 1 else "one person"


def points(difference: float, decimals: int = 2) -> str:
    """Write a difference of shares in percentage points: ``"+1.10"``, ``"−0.32"``, ``"+0.00"``."""
    return signed(100 * difference, decimals)


def _date(time: str | datetime) -> str:
    """Write a date: ``"23 November 2026"``; text that tells none is left as it is."""
    try:
        moment = datetime.fromisoformat(time) if isinstance(time, str) else time
    except ValueError:
        return str(time)
    return f"{moment.day} {moment:%B %Y}"


def _moment(time: datetime) -> str:
    """Write a date and a time: ``"23 November 2026, 14:03:12 UTC"``."""
    return f"{_date(time)}, {time:%H:%M:%S %Z}"


def setting_in_words(value: object) -> str:
    """Write a setting as its recipe does: ``"null"``, ``"[channels, compressed]"``."""
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(str, value))}]"
    words = {None: "null", True: "true", False: "false"}
    return words[value] if value is None or isinstance(value, bool) else str(value)
