"""The page that a phone opens, and the one that shows a stream to others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from har.export.web_page import (
    PageSettings,
    content_hash,
    json_in_html,
    page_html,
    shown_activities,
)
from har.report.style import colours_of
from har.report.wording import activity_label
from har.serve.live_model import LiveModel
from har.signals.activities import UNKNOWN

# Besides what the page says itself, which a frame around it could not be kept from.
_POLICY_OF_PHONE = "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True)
class Page:
    """A page that is complete in itself.

    Parameters
    ----------
    html : str
        Text.
    policy : str
        Content policy that it is served with.
    """

    html: str
    policy: str


def phone_page(model: LiveModel) -> Page:
    """Return the page that sends a phone's samples here, and shows what comes back.

    Parameters
    ----------
    model : LiveModel
        Model that answers.

    Returns
    -------
    Page
    """
    settings = PageSettings(
        source=model.name,
        activities=model.window_format.activities,
        n_raw_channels=len(model.raw_channels),
        gravity=model.gravity,
        can_teach=model.teach is not None,
        connects_to="'self'",
    )
    return Page(page_html(settings, [_asset("remote_model.js")]), _POLICY_OF_PHONE)


def taught_text(words: str, activities: Sequence[str]) -> str:
    """Return what the page of a phone is told after it taught: in words, and what is known now.

    Parameters
    ----------
    words : str
        Account of what was learned.
    activities : sequence of str
        Activities of the phone's model.

    Returns
    -------
    str
        JSON: ``words``, and ``activities`` as in the settings of the page.
    """
    return json.dumps({"words": words, "activities": shown_activities(activities)})


def viewer_page(model: LiveModel) -> Page:
    """Return the page that shows one of the live streams.

    Parameters
    ----------
    model : LiveModel
        Model that answers.

    Returns
    -------
    Page
    """
    names = (*model.window_format.activities, UNKNOWN)
    colours = colours_of(names)
    settings = {
        "activities": {
            name: {"label": activity_label(name), "colour": colours[name]} for name in names
        },
    }
    style, script = _asset("viewer.css"), _asset("viewer.js")
    html = _asset("viewer.html")
    parts = {
        "STYLE": style,
        "SCRIPT": script,
        "SETTINGS": json_in_html(settings),
    }
    for name, text in parts.items():
        html = html.replace(f"{{{{ {name} }}}}", text)
    policy = (
        f"default-src 'none'; script-src {content_hash(script)}; style-src {content_hash(style)}; "
        f"connect-src 'self'; {_POLICY_OF_PHONE}"
    )
    return Page(html, policy)


def _asset(name: str) -> str:
    return files("har.serve").joinpath("page", name).read_text(encoding="utf-8")
