"""What an interrupted training goes on with: settings, and a folder that is its own."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Sequence

from har.config import Config
from har.errors import RunError, UsageError, quoted
from har.recipes import load_config, settings_of
from har.runs.checkpoints import MAY_DIFFER, RunCheckpoints
from har.runs.folder import RunFolder
from har.runs.manifest import Manifest, Session
from har.signals.data_description import DataDescription

logger = logging.getLogger(__name__)


def resumed_config(run: RunFolder, settings: Sequence[str] = ()) -> Config:
    """Return the settings to go on with.

    Parameters
    ----------
    run : RunFolder
        Folder of the run.
    settings : sequence of str
        Settings of the command line, of which few may differ from the run's.

    Returns
    -------
    Config

    Raises
    ------
    UsageError
        If another setting differs.
    RunError
        If all is done: the epochs that are asked for, and the scores.
    """
    earlier = run.read_config()
    config = load_config(run.config, *settings)
    asked = settings_of(config)
    for key, value in settings_of(earlier).items():
        if asked[key] != value and key not in MAY_DIFFER:
            raise UsageError(
                f"--{key}: found {quoted(asked[key])}, expected {quoted(value)}, with which "
                f"{run.path} was begun; only {', '.join(sorted(MAY_DIFFER))} may change"
            )
    if not RunCheckpoints(run, config).exist() and run.weights.exists():
        raise RunError(
            f"{run.path}: found a trained model and no checkpoints, expected a run of har train "
            "with checkpoints; train anew"
        )
    # More epochs of a finished training may have been begun, whose scores are still there.
    is_over = run.is_scored and run.read_manifest().status == "finished"
    if is_over and config.training.n_epochs <= earlier.training.n_epochs:
        raise RunError(
            f"{run.path}: found a training that is finished, expected an interrupted one, or more "
            f"epochs: --training.n_epochs {2 * earlier.training.n_epochs}"
        )
    _warn_of_cosine(config, earlier)
    return config


def _warn_of_cosine(config: Config, earlier: Config) -> None:
    before, now = earlier.training.n_epochs, config.training.n_epochs
    if now != before and config.training.schedule == "cosine":
        logger.warning(
            "learning rates were those of %d epochs so far and are those of %d from now on: with "
            "training.schedule cosine the weights are not those of %d epochs in one go",
            before,
            now,
            now,
        )


def go_on(run: RunFolder, config: Config, data: DataDescription, session: Session) -> None:
    """Note in a run's folder that its training goes on, once it is known to be the same.

    Parameters
    ----------
    run : RunFolder
        Folder of the run.
    config : Config
        Settings to go on with; see `resumed_config`.
    data : DataDescription
        Data set as it is now.
    session : Session
        The command that goes on. Other versions than before are warned of.

    Raises
    ------
    RunError
        If the data set is another.
    """
    earlier = run.read_manifest()
    if data.fingerprint != earlier.data.fingerprint:
        raise RunError(
            f"{run.path}: found a training on data with the fingerprint "
            f"{quoted(earlier.data.fingerprint)}, expected {quoted(data.fingerprint)} as it has "
            "now; train anew"
        )
    last = earlier.resumed[-1] if earlier.resumed else earlier.session
    found, before = _versions(session), _versions(last)
    changed = [name for name in found if found[name] != before.get(name)]
    if changed:
        logger.warning(
            "%s was trained with %s so far, and goes on with %s: its weights may differ from those "
            "of one go",
            run.path,
            ", ".join(f"{name} {before.get(name)}" for name in changed),
            ", ".join(f"{name} {found[name]}" for name in changed),
        )
    run.update_manifest(Manifest(status="running", resumed=(*earlier.resumed, session)))
    if config != run.read_config():
        run.write_config(config)


def way_to_resume(run: RunFolder) -> str:
    """Return the command that goes on with the training of a run."""
    return f"har train --resume {shlex.quote(str(run.path))}"


def _versions(session: Session) -> dict[str, str | None]:
    environment = session.environment
    return {"har": session.har, "Python": environment.python, **environment.packages}
