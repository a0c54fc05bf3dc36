"""Content that several pages share: network, settings, environment, data, command of a run."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict

from har.config import Config
from har.datasets.catalogue import PUBLISHED
from har.runs.manifest import Session


def environment_rows(session: Session, **first: object) -> dict[str, object]:
    """Collect what a run depended on besides its settings; what is unknown is left out.

    Parameters
    ----------
    session : Session
        Time, versions and platform of the run's command.
    **first
        Rows to begin with.

    Returns
    -------
    dict
        Values by their name on the page.
    """
    git, environment = session.git, session.environment
    state = ", with uncommitted changes" if git and git.is_dirty else ""
    rows = {
        **first,
        "har": session.har,
        "Git commit": f"{git.commit[:12]}{state}" if git else None,
        "Python": environment.python,
        "Platform": environment.platform,
        "Processor cores": environment.n_cores,
        **environment.packages,
    }
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


def command_lines(session: Session, n_threads: int | None = None) -> str:
    """Write the shell lines that repeat a run, with a number of threads if one is given."""
    lines = []
    if session.git:
        lines.append(f"git checkout {session.git.commit[:12]}")
    command = shlex.join(session.command or ("har", "train"))
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
    if model.summary_size:
        layers += f", beside a dense layer of {model.summary_size} units that reads a summary"
    if model.align_heading:
        layers = f"a turn about x to the usual heading, {layers}"
    if model.n_members == 1:
        return f"A network of {layers}"
    ensemble = f"An ensemble of {model.n_members} networks of {layers}"
    n_aligned = 0 if model.align_heading else model.n_aligned_members
    if n_aligned:
        last = "the last one" if n_aligned == 1 else f"the last {n_aligned}"
        return f"{ensemble} ({last} behind a turn about x to the usual heading)"
    return ensemble


def about_data(data_set: str, name: str | None, notes: Sequence[str]) -> list[str]:
    """Describe where signals come from, and what one may do with them.

    Parameters
    ----------
    data_set : str
        Name of the data set in the settings.
    name : str or None
        Name of the data set for people, if the manifest has it.
    notes : sequence of str
        Notes about the data in the manifest.

    Returns
    -------
    list of str
        Sentences.
    """
    if data_set == "recordings":
        return [
            f"{name or 'Own recordings'}: recordings of your own. Results on other people, phones "
            "and pockets may be worse.",
            *notes,
        ]
    published = PUBLISHED[data_set]
    return [
        f"{published.name}: {published.people}, {published.device}. Results on other people, "
        "devices, placements and daily life may be worse.",
        *notes,
        f"Cite: {published.citation} The data set’s own terms ask for this citation; "
        f"{published.terms}.",
    ]


def device_in_words(data_set: str) -> str:
    """Name what measured a data set, and where it was worn if that is known."""
    published = PUBLISHED.get(data_set)
    return published.device if published else "a phone"
