"""What an ONNX file of `har` says of itself: `metadata_props`, each value as text or as JSON.

A program in any language reads them; `har predict` needs them, since the graph alone names neither
channels nor activities.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal, get_args

from har import __version__
from har.datasets.catalogue import PUBLISHED
from har.errors import RunError, quoted
from har.export.trained_model import TrainedModel
from har.inference.context import MarkovContext
from har.runs.json_object import NUMBER, TEXT, JsonObject
from har.runs.manifest import ModelDescription
from har.signals.channels import unit_of

# What goes into a graph and what comes out: windows and probabilities, raw samples and
# probabilities, raw samples and windows.
Form = Literal["windows", "raw", "signals"]

DIGEST = "digest"
_JSON = (
    *("channels", "units", "rate_hz", "n_timesteps", "activities", "n_parameters", "gravity"),
    *("temperature", "context", "raw_channels", "raw_units", "n_before", "n_after"),
)


@dataclass(frozen=True, kw_only=True)
class OnnxMetadata:
    """Facts about a model in an ONNX file.

    Parameters
    ----------
    form : {"windows", "raw", "signals"}
        Kind of the graph.
    model : ModelDescription
        Channels, activities, rate and length of windows, and direction of gravity in training.
    har : str
        Version of this package that wrote the file.
    recipe, data, data_fingerprint, data_terms : str or None
        Recipe of the training, and name, digest and terms of use of its data.
    temperature : float or None
        Divisor of the logits, which the graph contains; None if it was not calibrated.
    context : MarkovContext or None
        Context over time that was learned, if any was; the graph does not contain it.
    raw : RawSamples or None
        Channels of raw samples, and how many there are before and after a window, if the graph
        reads them.
    """

    form: Form
    model: ModelDescription
    har: str = __version__
    recipe: str | None = None
    data: str | None = None
    data_fingerprint: str | None = None
    data_terms: str | None = None
    temperature: float | None = None
    context: MarkovContext | None = None
    raw: RawSamples | None = None

    @classmethod
    def of(cls, model: TrainedModel, form: Form, raw: RawSamples | None = None) -> OnnxMetadata:
        """Return what is known of a trained model."""
        manifest = model.manifest
        return cls(
            form=form,
            model=manifest.model,
            recipe=manifest.recipe,
            data=manifest.data.name,
            data_fingerprint=manifest.data.fingerprint,
            data_terms=_terms_of(manifest.data.name),
            temperature=manifest.training.temperature,
            context=model.context,
            raw=raw,
        )

    def to_properties(self) -> dict[str, str]:
        """Return all that is known as texts by their keys."""
        of_model = self.model.to_dict()
        values: dict[str, object] = {
            "har_version": self.har,
            "form": self.form,
            **of_model,
            "units": [unit_of(name) for name in self.model.window_format.channels],
            "recipe": self.recipe,
            "data": self.data,
            "data_fingerprint": self.data_fingerprint,
            "data_terms": self.data_terms,
            "temperature": self.temperature,
            "context": self.context and self.context.to_dict(),
            **(self.raw.to_dict() if self.raw else {}),
        }
        return {
            key: json.dumps(value) if key in _JSON else str(value)
            for key, value in values.items()
            if value is not None
        }

    @classmethod
    def from_properties(cls, properties: Mapping[str, str], place: str) -> OnnxMetadata:
        """Return what `to_properties` described; what the raw samples are is left out.

        Raises
        ------
        RunError
            If something is missing or wrong; it names the place.
        """
        texts = {key: value for key, value in properties.items() if key not in _JSON}
        values = [f"{json.dumps(key)}: {properties[key]}" for key in _JSON if key in properties]
        parsed = JsonObject.parse("{" + ", ".join(values) + "}", place)
        content = JsonObject({**parsed.content, **texts}, place)
        form = content.required("form", TEXT)
        if form not in get_args(Form):
            raise RunError(
                f"{place}: found {quoted(form)} as form, expected {' or '.join(get_args(Form))}"
            )
        model = ModelDescription.from_dict(content)
        context = content.inner("context")
        transitions = context.content if context else None
        n_activities = len(model.window_format.activities)
        return cls(
            form=form,  # type: ignore[arg-type]
            model=model,
            har=content.required("har_version", TEXT),
            recipe=content.optional("recipe", TEXT),
            data=content.optional("data", TEXT),
            data_fingerprint=content.optional("data_fingerprint", TEXT),
            data_terms=content.optional("data_terms", TEXT),
            temperature=content.optional("temperature", NUMBER),
            context=MarkovContext.of_run(transitions, n_activities, place),
        )


@dataclass(frozen=True)
class RawSamples:
    """What a graph that contains the filters reads.

    Parameters
    ----------
    raw_channels : tuple of str
        Names of the samples' channels.
    n_before, n_after : int
        Samples before the window, and after it.
    """

    raw_channels: tuple[str, ...]
    n_before: int
    n_after: int

    def to_dict(self) -> dict[str, object]:
        """Return all values, and the units."""
        return {**asdict(self), "raw_units": [unit_of(name) for name in self.raw_channels]}


def _terms_of(data: str | None) -> str | None:
    """Return the terms of use of a published data set, and what is to be cited."""
    known = {published.name: published for published in PUBLISHED.values()}
    if data is None or data not in known:
        return None
    published = known[data]
    return f"{published.terms}; cite {published.citation} {published.page}"
