"""Manifests of runs, cross-validations and searches, as values.

The keys of ``manifest.json`` are written in steps while the work goes on, so that all but those of
a finished training may be missing. Runs of earlier versions lack some, too. Keys that are not
known here are ignored by the reader and left in the file by `OutputFolder.update_manifest`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from har.runs.adaptation import AdaptationDescription
from har.runs.json_object import (
    DIRECTION,
    FLAG,
    INTEGER,
    INTEGERS,
    NUMBER,
    SUBJECTS,
    TEXT,
    TEXTS,
    JsonObject,
    Kind,
    above_0,
)
from har.signals.channels import UCI_CHANNELS
from har.signals.data_description import DataDescription
from har.signals.orientation import UPRIGHT, Direction
from har.signals.subjects import Subject
from har.signals.windows import WindowFormat

# Far more than any network here is trained on; tables are made by these numbers.
_MOST_NAMES = 1_000
_MOST_TIMESTEPS = 10_000
_HIGHEST_RATE_HZ = 100_000
_HIGHEST_TEMPERATURE = 1_000_000


def _are_names(texts: tuple[str, ...]) -> bool:
    return 0 < len(set(texts)) == len(texts) <= _MOST_NAMES


_ENVIRONMENT: dict[str, Kind[Any]] = {"python": TEXT, "platform": TEXT, "n_cores": INTEGER}
_FOLD_KIND: Kind[int | str] = Kind(
    "a number of folds or loso", lambda value: isinstance(value, (int, str)), lambda value: value
)
_NAMES: Kind[tuple[str, ...]] = Kind(
    f"a list of 1 to {_MOST_NAMES:,} different names",
    lambda value: TEXTS.accepts(value) and _are_names(TEXTS.convert(value)),
    tuple,
)
_TIMESTEPS = above_0(INTEGER, _MOST_TIMESTEPS)
_RATE_HZ = above_0(NUMBER, _HIGHEST_RATE_HZ)
_TEMPERATURE = above_0(NUMBER, _HIGHEST_TEMPERATURE)
_MOMENT = Kind("a time in ISO 8601 with a time zone", lambda value: _is_moment(value), str)
_FOLD_SUBJECTS: Kind[tuple[tuple[Subject, ...], ...]] = Kind(
    "a list of lists of subjects",
    lambda value: isinstance(value, list) and all(map(SUBJECTS.accepts, value)),
    lambda value: tuple(map(tuple, value)),
)


@dataclass(frozen=True)
class ModelDescription:
    """Input and output of a trained model.

    Parameters
    ----------
    window_format : WindowFormat
        Form of the windows, and names of the activities.
    n_parameters : int
        Number of weights.
    gravity : tuple of float or None
        Direction of gravity in training, see `har.signals.wearing.gravity_in_training`. Earlier
        versions did not write it; their networks for the channels of UCI HAR expect it along x.
    """

    window_format: WindowFormat
    n_parameters: int
    gravity: Direction | None = None

    def to_dict(self) -> dict[str, object]:
        """Collect all values, ready for JSON."""
        return {
            **_with_lists(self.window_format),
            "n_parameters": self.n_parameters,
            "gravity": self.gravity and list(self.gravity),
        }

    @classmethod
    def from_dict(cls, content: JsonObject) -> ModelDescription:
        """Read what `to_dict` collected; what is missing or wrong is a `RunError`."""
        window_format = WindowFormat(
            channels=content.required("channels", _NAMES),
            activities=content.required("activities", _NAMES),
            rate_hz=content.required("rate_hz", _RATE_HZ),
            n_timesteps=content.required("n_timesteps", _TIMESTEPS),
        )
        gravity = content.optional("gravity", DIRECTION)
        if "gravity" not in content.content and window_format.channels == UCI_CHANNELS:
            gravity = UPRIGHT
        return cls(window_format, content.required("n_parameters", INTEGER), gravity)


@dataclass(frozen=True, kw_only=True)
class TrainingDescription:
    """Training of a model; None for what earlier versions did not write.

    Parameters
    ----------
    seed : int or None
        Seed of all that is drawn at random.
    device : str or None
        Processors, joined by commas.
    n_threads : int or None
        CPU threads of each process; None also if the number changed.
    n_train_windows : int
        Windows that were learned from.
    train_subjects, validation_subjects : tuple of int or str
        People who were learned from, and people held out to choose the epoch.
    n_epochs : int or None
        Epochs, of all members of an ensemble together.
    best_epoch : int or None
        Epoch whose weights were kept; None also if the members kept different ones.
    temperature : float or None
        Divisor of the logits; None also if the model was not calibrated.
    n_threads_by_epoch : tuple of int or None
        CPU threads in each epoch, if the number changed.
    n_processes : int
        Processes that shared each batch.
    """

    seed: int | None = None
    device: str | None = None
    n_threads: int | None = None
    n_train_windows: int
    train_subjects: tuple[Subject, ...]
    validation_subjects: tuple[Subject, ...]
    n_epochs: int | None = None
    best_epoch: int | None = None
    temperature: float | None = None
    n_threads_by_epoch: tuple[int, ...] | None = None
    n_processes: int = 1

    def to_dict(self) -> dict[str, object]:
        """Collect all values, ready for JSON."""
        return _with_lists(self)

    @classmethod
    def from_dict(cls, content: JsonObject) -> TrainingDescription:
        """Read what `to_dict` collected; what is missing or wrong is a `RunError`."""
        return cls(
            seed=content.optional("seed", INTEGER),
            device=content.optional("device", TEXT),
            n_threads=content.optional("n_threads", INTEGER),
            n_threads_by_epoch=content.optional("n_threads_by_epoch", INTEGERS),
            n_processes=content.optional("n_processes", INTEGER) or 1,
            n_train_windows=content.required("n_train_windows", INTEGER),
            train_subjects=content.required("train_subjects", SUBJECTS),
            validation_subjects=content.required("validation_subjects", SUBJECTS),
            n_epochs=content.optional("n_epochs", INTEGER),
            best_epoch=content.optional("best_epoch", INTEGER),
            temperature=content.optional("temperature", _TEMPERATURE),
        )


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Versions and machine; None for what is not known.

    Parameters
    ----------
    python, platform : str or None
        Version of Python, and name of the operating system.
    n_cores : int or None
        Processor cores that the process may use.
    packages : mapping of str to str
        Versions of the packages that compute, by their names.
    """

    python: str | None = None
    platform: str | None = None
    n_cores: int | None = None
    packages: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Collect what is known, ready for JSON."""
        return {**_known(**{key: getattr(self, key) for key in _ENVIRONMENT}), **self.packages}

    @classmethod
    def from_dict(cls, content: JsonObject) -> Environment:
        """Read what `to_dict` collected; each key that is not another field is a package."""
        known: dict[str, Any] = {k: content.optional(k, kind) for k, kind in _ENVIRONMENT.items()}
        packages = [key for key in content.content if key not in _ENVIRONMENT]
        return cls(**known, packages={key: content.required(key, TEXT) for key in packages})


@dataclass(frozen=True)
class GitState:
    """The commit that the package was run from.

    Parameters
    ----------
    commit : str
        Its hash.
    is_dirty : bool
        Whether files differed from it.
    """

    commit: str
    is_dirty: bool

    @classmethod
    def from_dict(cls, content: JsonObject) -> GitState:
        """Read the fields; what is missing or wrong is a `RunError`."""
        return cls(content.required("commit", TEXT), content.required("is_dirty", FLAG))


@dataclass(frozen=True, kw_only=True)
class Session:
    """Time, versions and machine of a command; None for what is not known.

    Parameters
    ----------
    har : str or None
        Version of this package.
    started : str or None
        Time in ISO 8601.
    command : tuple of str or None
        The command line.
    environment : Environment
        Versions and machine.
    git : GitState or None
        None also where the package does not lie in its repository.
    """

    har: str | None = None
    started: str | None = None
    command: tuple[str, ...] | None = None
    environment: Environment = Environment()
    git: GitState | None = None

    def to_dict(self) -> dict[str, object]:
        """Collect what is known, ready for JSON; nothing if nothing is."""
        if self == Session():
            return {}
        return {
            **_known(
                har=self.har,
                started=self.started,
                command=self.command and list(self.command),
                environment=self.environment.to_dict() or None,
            ),
            "git": self.git and asdict(self.git),
        }

    @classmethod
    def from_dict(cls, content: JsonObject) -> Session:
        """Read what `to_dict` collected; what is wrong is a `RunError`."""
        environment, git = content.inner("environment"), content.inner("git")
        return cls(
            har=content.optional("har", TEXT),
            started=content.optional("started", _MOMENT),
            command=content.optional("command", TEXTS),
            environment=Environment.from_dict(environment) if environment else Environment(),
            git=GitState.from_dict(git) if git else None,
        )


@dataclass(frozen=True)
class FoldsDescription:
    """The folds of a cross-validation.

    Parameters
    ----------
    kind : int or 'loso'
        Number of folds, or one for each subject.
    held_out_subjects : tuple of tuple of int or str
        People held out from each fold's training.
    all_subjects : bool
        True if everybody is held out in turn, also those that a data set keeps to test on.
    """

    kind: int | str
    held_out_subjects: tuple[tuple[Subject, ...], ...]
    all_subjects: bool = False

    @classmethod
    def from_dict(cls, content: JsonObject) -> FoldsDescription:
        """Read the fields; what is missing or wrong is a `RunError`."""
        return cls(
            content.required("kind", _FOLD_KIND),
            content.required("held_out_subjects", _FOLD_SUBJECTS),
            content.optional("all_subjects", FLAG) or False,
        )


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Everything known of a run, a cross-validation or a search so far.

    Parameters
    ----------
    status : str or None
        ``running``, then ``finished``, ``interrupted`` or ``failed``; None for a model that was
        saved without the command line.
    recipe : str or None
        Name of the recipe.
    data : DataDescription
        Data set for training and testing.
    session : Session
        Time, versions and machine of the first command.
    folds : FoldsDescription or None
        Folds, in the manifest of a cross-validation.
    model : ModelDescription or None
        None until something was trained.
    training : TrainingDescription or None
        None until something was trained.
    finished : str or None
        End of the last command, in ISO 8601.
    duration_s : float or None
        Time that training took.
    failure : str or None
        Reason of a failed training.
    resumed : tuple of Session
        Later commands that went on with a cross-validation.
    sessions : tuple of Session
        All commands that went on with a search.
    adaptation : AdaptationDescription or None
        Adaptation to a person, if there was one after training.
    """

    status: str | None = None
    recipe: str | None = None
    data: DataDescription = DataDescription()
    session: Session = Session()
    folds: FoldsDescription | None = None
    model: ModelDescription | None = None
    training: TrainingDescription | None = None
    finished: str | None = None
    duration_s: float | None = None
    failure: str | None = None
    resumed: tuple[Session, ...] = ()
    sessions: tuple[Session, ...] = ()
    adaptation: AdaptationDescription | None = None

    def to_dict(self) -> dict[str, object]:
        """Collect what is known, ready for JSON."""
        return {
            **_known(status=self.status, recipe=self.recipe, data=self.data.to_dict() or None),
            **self.session.to_dict(),
            **_known(
                folds=self.folds and asdict(self.folds),
                model=self.model and self.model.to_dict(),
                training=self.training and self.training.to_dict(),
                finished=self.finished,
                duration_s=self.duration_s,
                failure=self.failure,
                resumed=[session.to_dict() for session in self.resumed] or None,
                sessions=[session.to_dict() for session in self.sessions] or None,
                adaptation=self.adaptation and self.adaptation.to_dict(),
            ),
        }

    @classmethod
    def from_dict(cls, content: JsonObject) -> Manifest:
        """Read what `to_dict` collected.

        Raises
        ------
        RunError
            If a value is wrong, or one that its section needs is missing.
        """
        data, folds = content.inner("data"), content.inner("folds")
        model, training = content.inner("model"), content.inner("training")
        adaptation = content.inner("adaptation")
        return Manifest(
            status=content.optional("status", TEXT),
            recipe=content.optional("recipe", TEXT),
            data=_read_data(data) if data else DataDescription(),
            session=Session.from_dict(content),
            folds=FoldsDescription.from_dict(folds) if folds else None,
            model=ModelDescription.from_dict(model) if model else None,
            training=TrainingDescription.from_dict(training) if training else None,
            finished=content.optional("finished", _MOMENT),
            duration_s=content.optional("duration_s", NUMBER),
            failure=content.optional("failure", TEXT),
            resumed=tuple(map(Session.from_dict, content.inners("resumed"))),
            sessions=tuple(map(Session.from_dict, content.inners("sessions"))),
            adaptation=AdaptationDescription.from_dict(adaptation) if adaptation else None,
        )


@dataclass(frozen=True, kw_only=True)
class TrainedManifest(Manifest):
    """The manifest of a run that has a model.

    Parameters
    ----------
    model : ModelDescription
        Input and output of the model.
    training : TrainingDescription
        Training of the model.
    """

    model: ModelDescription
    training: TrainingDescription


def _read_data(content: JsonObject) -> DataDescription:
    return DataDescription(
        name=content.optional("name", TEXT),
        source=content.optional("source", TEXT),
        notes=content.optional("notes", TEXTS) or (),
        fingerprint=content.optional("fingerprint", TEXT),
        n_train_windows=content.optional("n_train_windows", INTEGER),
        n_test_windows=content.optional("n_test_windows", INTEGER),
    )


def _is_moment(value: object) -> bool:
    try:
        moment = datetime.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    # Times of other zones are beyond the calendar's ends in UTC.
    return moment.tzinfo is not None and 1970 <= moment.year < 9999


def _known(**content: object) -> dict[str, object]:
    return {key: value for key, value in content.items() if value is not None}


def _with_lists(section: WindowFormat | TrainingDescription) -> dict[str, object]:
    """Collect the fields of a section, with lists for tuples, as JSON has them."""
    fields = asdict(section)
    return {key: list(v) if isinstance(v, tuple) else v for key, v in fields.items()}
