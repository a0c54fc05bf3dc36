"""A page for phones that shows what a network says of their motion, in one file.

The page asks a JavaScript class named ``Model`` for its answers::

    new Model(settings, onAnswer, onNote)   settings: what `PageSettings.to_dict` returns
    model.push(samples)                     arrays [t_s, ax, ay, az, gx, gy, gz] in g and rad/s
    model.close()                           no more samples come
    await model.teach(recording)            only with `can_teach`: see recorder.js; gives {words,
                                            activities}, the latter as in settings

    onAnswer({start_s, end_s, activity, probability, state, state_probability,
              warming_up, probabilities})   times in the samples' own seconds
    onNote({kind, text})                    "doubt", "error" or "info", in a sentence; what the page
                                            itself notes has a key, too, by which it is taken back

Samples come at the device's own rate and in its own order of time, along the axes that the page
has turned as its reader said the phone is worn, with the signs of the W3C's specification on all
systems; a phone without a gyroscope leaves the last three out. Here ``Model`` is
``local_model.js``, which computes everything on the phone; `har serve` has one that asks a server.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from har.export.page_network import network_form
from har.export.trained_model import TrainedModel
from har.files import write_text
from har.inference.context import MarkovContext
from har.inference.timeline import raw_channels_of
from har.report.style import colours_of
from har.report.wording import activity_label
from har.signals.activities import UNKNOWN
from har.signals.filters import FilterDesign, filter_designs
from har.signals.orientation import Direction, nearest_axis

# As a content policy says it.
NOWHERE = "'none'"
# Scripts of every page, in their order; those of the model come before the last.
_OF_PAGE = ("sensors.js", "wearing.js", "recorder.js", "view.js")
_LAST = "app.js"
_OF_MODEL = ("signals.js", "network.js", "context.js", "local_model.js")

_AS_IN_TRAINING = (
    "the page finds which axis of the phone points up, not which way the phone then faces: wear it "
    "as in training, or train a network that turns windows itself, as worn_anyhow does"
)


@dataclass(frozen=True)
class PageSettings:
    """What a page shows, and what its ``Model`` is made with.

    Parameters
    ----------
    source : str
        Name of the run.
    activities : tuple of str
        Activities of the model.
    n_raw_channels : int
        6, or 3 for a model that needs no gyroscope.
    gravity : tuple of float or None
        Direction of gravity in training; None: not known, and nothing is turned or doubted.
    can_teach : bool
        Whether ``Model`` has a method ``teach``, for which the page then has a button.
    connects_to : str
        Addresses that the page may connect to, as in ``connect-src`` of a content policy.
    model : mapping of str to object
        Other values that the page's ``Model`` needs, ready for JSON.
    """

    source: str
    activities: tuple[str, ...]
    n_raw_channels: int
    gravity: Direction | None
    can_teach: bool = False
    connects_to: str = NOWHERE
    model: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def of(cls, model: TrainedModel) -> PageSettings:
        """Return the settings of a page about a trained model, without the model itself."""
        return cls(
            Path(model.source).resolve().name,
            model.window_format.activities,
            len(raw_channels_of(model.window_format)),
            model.manifest.model.gravity,
        )

    @property
    def privacy(self) -> str:
        """A sentence for the page's reader: where goes what the phone measures."""
        if self.connects_to == NOWHERE:
            return "Everything is computed on this phone; nothing that it measures leaves it."
        return "What this phone measures goes to the computer that served this page, no further."

    @property
    def axis_in_training(self) -> str | None:
        """Axis of the phone that pointed up in training, with its sign; None: not known."""
        return nearest_axis(self.gravity).replace("-", "−") if self.gravity else None

    def to_dict(self) -> dict[str, object]:
        """Return what scripts read, ready for JSON."""
        return {
            "source": self.source,
            "activities": shown_activities(self.activities),
            "n_raw_channels": self.n_raw_channels,
            "gravity": self.gravity,
            "can_teach": self.can_teach,
            "model": self.model,
        }


def shown_activities(activities: Sequence[str]) -> list[dict[str, str]]:
    """Return name, label and colour of each activity, as scripts read them."""
    colours = colours_of((*activities, UNKNOWN))
    return [
        {"name": name, "label": activity_label(name), "colour": colours[name]}
        for name in activities
    ]


def page_html(settings: PageSettings, scripts: Sequence[str]) -> str:
    """Return the page, complete in itself.

    Parameters
    ----------
    settings : PageSettings
        Settings of the page.
    scripts : sequence of str
        Texts of the scripts that define the class ``Model``, see the module.

    Returns
    -------
    str
        HTML whose content policy allows its own script and style, and no connection but those of
        `PageSettings.connects_to`.
    """
    script = "\n".join(['"use strict";', *map(_asset, _OF_PAGE), *scripts, _asset(_LAST)])
    style = _asset("page.css")
    return (
        _environment()
        .get_template("page.html")
        .render(
            settings=settings,
            data=Markup(json_in_html(settings.to_dict())),
            script=Markup(script),
            style=Markup(style),
            script_hash=Markup(content_hash(script)),
            style_hash=Markup(content_hash(style)),
        )
    )


def write(model: TrainedModel, out: Path) -> tuple[str, ...]:
    """Write a page that computes everything on the phone that opens it.

    Parameters
    ----------
    model : TrainedModel
        Network on the channels of UCI HAR, or on its accelerations.
    out : Path
        File to write.

    Returns
    -------
    tuple of str
        Lines that say what was written.

    Raises
    ------
    DataError
        If the network reads other channels, or another rate.
    """
    settings = replace(PageSettings.of(model), model=_local_model(model))
    text = page_html(settings, [_asset(name) for name in _OF_MODEL])
    write_text(out, text)
    n_bytes = len(text.encode())
    config = model.config
    is_turning = config.align_heading or config.n_aligned_members == config.n_members
    return (
        f"{out}: a page of {n_bytes / 1e6:.2f} MB with the network, its filters and its context; "
        "it asks for nothing from outside",
        "phones give motion to pages on https:// or localhost only: put it on any static host, or "
        "let har serve show it",
        *([] if is_turning else [_AS_IN_TRAINING]),
    )


def _local_model(model: TrainedModel) -> dict[str, object]:
    """Return what ``local_model.js`` computes with."""
    context = model.context or MarkovContext.lasting(len(model.window_format.activities))
    noise, gravity, drift = map(_filter_form, filter_designs())
    return {
        "network": network_form(model),
        "context": context.to_dict(),
        "filters": {"noise": noise, "gravity": gravity, "gyroscope_drift": drift},
    }


def _filter_form(design: FilterDesign) -> dict[str, object]:
    return {"sections": design.sections.tolist(), "settled": design.settled.tolist()}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("har.export", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["label"] = activity_label
    return environment


def _asset(name: str) -> str:
    return files("har.export").joinpath("page", name).read_text(encoding="utf-8")


def json_in_html(values: Mapping[str, object]) -> str:
    """Return JSON for an element of a page, which no text in it can end."""
    return json.dumps(values).replace("<", "\\u003c")


def content_hash(text: str) -> str:
    """Return what a content policy calls a script or a style that it allows."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
