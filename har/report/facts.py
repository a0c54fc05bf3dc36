"""Facts that several pages state: network, settings, environment, data, how to repeat a run."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from har.config import Config
from har.datasets.catalogue import PUBLISHED


def environment_rows(manifest: Mapping[str, Any], **first: object) -> dict[str, object]:
    """Collect what a run depended on besides its settings; what is unknown is left out.

    Parameters
    ----------
    manifest : mapping
        Manifest of a run, with ``har``, ``git`` and ``environment`` where they are known.
    **first
        Rows to begin with.

    Returns
    -------
    dict
        Values by their name on the page.
    """
    git = manifest.get("git") or {}
    state = ", with uncommitted changes" if git.get("is_dirty") else ""
    rows = {
        **first,
        "har": manifest.get("har"),
        "Git commit": f"{git['commit'][:12]}{state}" if git.get("commit") else None,
    }
    names = {"python": "Python", "platform": "Platform", "n_cores": "Processor cores"}
    environment = manifest.get("environment", {})
    rows |= {names.get(name, name): value for name, value in environment.items()}
    return {name: value for name, value in rows.items() if value is not None}


def settings_rows(config: Config) -> dict[str, list[tuple[str, object, bool]]]:
    """List every setting by section: key, value, and whether it differs from the default."""
    sections: dict[str, list[tuple[str, object, bool]]] = {"general": []}
    defaults = asdict(Config())
    for key, value in asdict(config).items():
        if isinstance(value, dict):
            usual = defaults[key]
            sections[key] = [(name, item, item != usual[name]) for name, item in value.items()]
        else:
            sections["general"].append((key, value, value != defaults[key]))
    return sections


def command_lines(manifest: Mapping[str, Any], n_threads: int | None = None) -> str:
    """Write the shell lines that repeat a run, with a number of threads if one is given."""
    lines = []
    commit = (manifest.get("git") or {}).get("commit")
    if commit:
        lines.append(f"git checkout {commit[:12]}")
    command = shlex.join(map(str, manifest.get("command") or ["har", "train"]))
    lines.append(f"OMP_NUM_THREADS={n_threads} {command}" if n_threads else command)
    return "\n".join(lines)


def network_in_words(config: Config) -> str:
    """Describe what a network is made of: ``"A network of one LSTM layer of 64 units"``."""
    model = config.model
    kind = "bidirectional LSTM" if model.bidirectional else "LSTM"
    if model.n_layers == 1:
        layers = f"one {kind} layer of {model.hidden_size} units"
    else:
        layers = f"{model.n_layers} stacked {kind} layers of {model.hidden_size} units each"
    if model.conv_channels:
        one = model.conv_layers == 1
        number = "one convolution" if one else f"{model.conv_layers} convolutions"
        layers = f"{number} of {model.conv_channels} channels, then {layers}"
    if model.n_members == 1:
        return f"A network of {layers}"
    return f"An ensemble of {model.n_members} networks of {layers}"


def about_data(data_set: str, data: Mapping[str, Any]) -> list[str]:
    """Describe where signals come from, and what one may do with them.

    Parameters
    ----------
    data_set : str
        Name of the data set in the settings.
    data : mapping
        Data as the manifest describes them.

    Returns
    -------
    list of str
        Sentences.
    """
    notes = data.get("notes", [])
    if data_set == "recordings":
        name = data.get("name", "Own recordings")
        return [
            f"{name}: recordings of your own. Results on other people, phones and pockets may be "
            "worse.",
            *notes,
        ]
    published = PUBLISHED[data_set]
    return [
        f"{published.name}: 30 volunteers of 19 to 48 years, a phone at the waist, recorded in a "
        "laboratory. Results on other people, phones, pockets and daily life may be worse.",
        *notes,
        f"Cite: {published.citation} The data set’s own terms ask for this citation and forbid "
        "commercial use.",
    ]
