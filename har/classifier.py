"""The classifier: fit, predict, evaluate, save, load; in the manner of scikit-learn."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from copy import copy
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from har.arrays import FloatArray, IntArray, blocks_of
from har.config import Config
from har.errors import RunError, quoted
from har.evaluation.agreement import window_confusion
from har.evaluation.calibration import fit_temperature
from har.evaluation.metrics import Evaluation
from har.evaluation.recordings import RecordingEvaluation
from har.evaluation.scored_recordings import ALONE, WITH_CONTEXT, NamedRecording, ScoredRecording
from har.evaluation.spread import Spread, fit_spread
from har.evaluation.strangeness import Strangeness, fit_strangeness
from har.files import writing_to
from har.inference.context import ContextKind, MarkovContext
from har.inference.recording_classifier import RecordingClassifier
from har.inference.segments import merge_segments
from har.inference.timeline import each_alone
from har.models.backend import parse_devices, seed_everything
from har.models.constants import member_prefix
from har.models.engine import use_default_threads
from har.models.ensemble import joined
from har.models.export import check_weights, export_network, load_weights
from har.models.features import WithFeatures, predict_with_features
from har.models.network import (
    ActivityNetwork,
    initialise,
    n_parameters,
    predict_probabilities,
    probabilities_of,
)
from har.models.packed.network import PackedNetwork, is_packed_faster
from har.models.temperature import Network, WithTemperature
from har.runs.adaptation import AdaptationDescription
from har.runs.adapted_network import adapt_network
from har.runs.folder import RunFolder
from har.runs.manifest import ModelDescription, TrainedManifest, TrainingDescription
from har.signals.recording import Recording
from har.signals.subjects import Subject
from har.signals.wearing import gravity_in_training
from har.signals.windows import Windows, hold_out_subjects
from har.training.adaptation import NetworkWeights
from har.training.checkpoint import Checkpoints
from har.training.history import EpochRecord, kept_epoch
from har.training.loop import Training
from har.training.processes import Workers
from har.training.threads import choose_threads


class ActivityClassifier(RecordingClassifier):
    """A stacked LSTM, or an ensemble of them, that predicts activities from windows of signals.

    Parameters
    ----------
    config : Config, optional
        Settings of network and training; see `har.load_config`.

    Attributes
    ----------
    network_ : ActivityNetwork, Ensemble or WithTemperature
        Gluon block with its weights.
    window_format_ : WindowFormat
        Channels, activities, rate and length of the windows it was trained on.
    n_train_windows_ : int
        Number of windows it was trained on.
    n_processes_ : int
        Number of processes that it was trained in.
    train_subjects_, validation_subjects_ : tuple of int or str
        Subjects it was trained on, and those that the epoch was chosen with.
    gravity_ : tuple of float or None
        Direction of gravity in training; see `har.signals.wearing.gravity_in_training`.
    strangeness_ : Strangeness or None
        Measure of how unlike training a window is; None in runs of earlier versions.
    spreads_ : tuple of Spread or None
        Spread of the summaries of each network in training, by which `adapt` keeps its change
        small; None in runs of earlier versions and without summaries.
    adaptation_ : AdaptationDescription or None
        Adaptation to a person, see `adapt`; None if there was none.
    context_ : MarkovContext or None
        Context over time that labelled recordings showed, see `learn_context`; None: activities
        last, and no more is known.
    history_ : list of EpochRecord
        Losses and accuracies, epoch by epoch.

    Examples
    --------
    >>> train, test = har.load_uci_har("data")                              # doctest: +SKIP
    >>> classifier = har.ActivityClassifier(har.load_config("quick")).fit(train)  # doctest: +SKIP
    >>> classifier.evaluate(test).accuracy                                  # doctest: +SKIP
    """

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or Config()
        self.devices = parse_devices(self.config.device)
        for device in self.devices:
            use_default_threads(device)
        self.network_: Network | None = None
        self.strangeness_: Strangeness | None = None
        self.spreads_: tuple[Spread, ...] | None = None
        self.adaptation_: AdaptationDescription | None = None
        self._with_features: WithFeatures | None = None
        self._packed: PackedNetwork | None = None
        self.history_: list[EpochRecord] = []
        self.n_train_windows_ = 0
        self.n_processes_ = 1
        self.train_subjects_: tuple[Subject, ...] = ()
        self.validation_subjects_: tuple[Subject, ...] = ()

    def fit(
        self,
        windows: Windows,
        n_threads: int | Literal["auto"] | None = None,
        n_processes: int = 1,
    ) -> ActivityClassifier:
        """Train on windows.

        The same seed and the same numbers of threads and processes give the same weights, bit for
        bit, in a process that trained or predicted nothing before.

        Parameters
        ----------
        windows : Windows
            Training windows; some of their subjects are held out for validation.
        n_threads : int, "auto" or None
            CPU threads of each process, see `har.training.threads.choose_threads`.
        n_processes : int
            Processes that share each batch, see `har.training.processes`. With more than one, a
            script that calls this needs ``if __name__ == "__main__":``.

        Returns
        -------
        ActivityClassifier
            Itself.

        Raises
        ------
        DataError
            If there are too few subjects.
        RunError
            If training does not converge to numbers.
        """
        for _record in self.fit_epochs(windows, n_threads, n_processes):
            continue
        self.measure_strangeness(windows)
        return self

    def fit_epochs(
        self,
        windows: Windows,
        n_threads: int | Literal["auto"] | None = None,
        n_processes: int = 1,
        checkpoints: Checkpoints | None = None,
    ) -> Iterator[EpochRecord]:
        """Train on windows, epoch by epoch; see `fit`.

        The networks of an ensemble are trained one after the other, all on the same windows: those
        that one of them is trained on must not choose another's epoch.

        Parameters
        ----------
        windows, n_threads, n_processes
            As for `fit`.
        checkpoints : Checkpoints or None
            Place for the state of the training, from which it goes on if it has one. With the same
            numbers of threads and processes and on the same kind of processor, the weights are
            those of a training that was never stopped, bit for bit.

        Yields
        ------
        EpochRecord
            Record of each epoch as it ends; after the last one the classifier is ready to use.
        """
        config = self.config
        n_held_out = config.data.n_validation_subjects
        train, validation = hold_out_subjects(windows, n_held_out, config.seed)
        self.n_train_windows_ = len(train)
        self.n_processes_ = n_processes
        self.train_subjects_ = train.subject_names
        self.validation_subjects_ = validation.subject_names
        self.window_format_ = windows.window_format
        self.gravity_ = gravity_in_training(train)
        self.strangeness_ = self.context_ = self._with_features = None
        self.spreads_ = self.adaptation_ = None
        self.history_ = []
        held_out = validation if len(validation) else None
        members: list[ActivityNetwork] = []
        with ExitStack() as stack:
            workers = None
            threads = choose_threads(config, train, self.devices, n_threads, n_processes)
            if n_processes > 1:
                workers = Workers(config, train, n_processes, threads.n_threads)
                stack.enter_context(workers)
            for number, seed in enumerate(config.member_seeds, start=1):
                seed_everything(seed)
                member = self._build_member(number)
                member.set_heading(train.signals)
                member.set_scaling(train.signals, config.model.standardise)
                members.append(member)
                self.network_ = self._join(members)
                how = config.training, self.devices, seed, threads, workers
                earlier = checkpoints.read(number) if checkpoints else None
                training = Training(member, train, held_out, *how, earlier)
                if earlier:
                    self.history_ += (replace(record, member=number) for record in earlier.history)
                yield from self._epochs_of(training, number, checkpoints)
        if isinstance(self.network_, WithTemperature):
            probabilities = self.predict_proba(validation)
            self.network_.set_temperature(fit_temperature(validation.labels, probabilities))
        self._packed = None

    def _epochs_of(
        self, training: Training, number: int, checkpoints: Checkpoints | None
    ) -> Iterator[EpochRecord]:
        """Train a network of an ensemble, keeping checkpoints."""
        for record in training.moments():
            self._packed = None
            if record:
                self.history_.append(replace(record, member=number))
                yield self.history_[-1]
            if checkpoints and checkpoints.is_due(training.n_steps):
                checkpoints.write(number, training.state())

    def measure_strangeness(self, windows: Windows) -> None:
        """Learn how windows vary in training, after `fit_epochs`; `fit` does so itself.

        Then it is known how unlike training a window is, and by how much summaries vary within an
        activity.

        Parameters
        ----------
        windows : Windows
            The same windows that it was trained on, of which it holds out the same subjects.
        """
        n_held_out, seed = self.config.data.n_validation_subjects, self.config.seed
        train, validation = hold_out_subjects(windows, n_held_out, seed)
        held_out = self._features_of(validation) if len(validation) else None
        self.strangeness_ = fit_strangeness(
            self._features_of(train), train.labels, train.subjects, held_out
        )
        self.measure_spreads(train)

    def measure_spreads(self, train: Windows) -> None:
        """Learn how summaries of the windows that it was trained on vary within an activity.

        `measure_strangeness` does so itself.

        Parameters
        ----------
        train : Windows
            Windows that it was trained on, without those that were held out.
        """
        self.spreads_ = None
        if self.config.model.summary_size:
            packed = self._packed_network()
            blocks = [packed.summaries(block) for block in blocks_of(train.signals)]
            self.spreads_ = tuple(
                fit_spread(np.concatenate(parts), train.labels)
                for parts in zip(*blocks, strict=True)
            )

    def _features_of(self, windows: Windows) -> FloatArray:
        network = WithFeatures(self.trained_network())
        blocks = (
            predict_with_features(network, block, self.devices)[1]
            for block in blocks_of(windows.signals)
        )
        # Joined as they come, since all blocks beside the whole would take twice the memory.
        first = next(blocks)
        features = np.empty((len(windows), first.shape[1]), first.dtype)
        n_done = 0
        for block in itertools.chain([first], blocks):
            features[n_done : n_done + len(block)] = block
            n_done += len(block)
        return features

    def _build_member(self, number: int) -> ActivityNetwork:
        member = self._without_weights(number)
        initialise(member, self.devices)
        return member

    def _without_weights(self, number: int) -> ActivityNetwork:
        model, expected = self.config.model, self.window_format_
        sizes = expected.n_timesteps, expected.channels, len(expected.activities)
        prefix = member_prefix(number, model.n_members)
        return ActivityNetwork(model.of_member(number), *sizes, prefix)

    def _join(self, members: list[ActivityNetwork]) -> Network:
        network = joined(members)
        is_calibrated = self.config.training.calibrate
        return WithTemperature(network, self.devices) if is_calibrated else network

    @property
    def temperature_(self) -> float | None:
        """Divisor of the logits; None if the network was not calibrated."""
        return self.network_.temperature if isinstance(self.network_, WithTemperature) else None

    def trained_network(self) -> Network:
        """Return the network.

        Returns
        -------
        ActivityNetwork, Ensemble or WithTemperature

        Raises
        ------
        RunError
            If nothing was trained.
        """
        if self.network_ is None:
            raise RunError("classifier: found no trained network, expected fit or load before")
        return self.network_

    def predict_proba(self, windows: Windows | FloatArray) -> FloatArray:
        """Return the probability of each activity.

        Parameters
        ----------
        windows : Windows or ndarray, shape (n_windows, n_timesteps, n_channels)
            Windows in g and rad/s, with the channels of `window_format_`.

        Returns
        -------
        ndarray of float64, shape (n_windows, n_activities)
            Probabilities in the order of the activities; each row adds up to 1, and depends on that
            window alone.

        Raises
        ------
        DataError
            If the windows are not what the network was trained on.
        """
        network = self.trained_network()
        self.window_format_.check(windows)
        signals = windows.signals if isinstance(windows, Windows) else windows
        if not len(signals):
            return np.empty((0, len(self.window_format_.activities)))
        if self._is_packed_faster(len(signals)):
            return self._predict_packed(signals)[0]
        return predict_probabilities(network, signals, self.devices)

    def predict(self, windows: Windows | FloatArray) -> IntArray:
        """Return the most probable activity of each window.

        Parameters
        ----------
        windows : Windows or ndarray, shape (n_windows, n_timesteps, n_channels)
            Windows, as for `predict_proba`.

        Returns
        -------
        ndarray of int, shape (n_windows,)
            Indices into the activities of `window_format_`.
        """
        return np.asarray(self.predict_proba(windows).argmax(axis=1))

    def predict_strangeness(self, signals: FloatArray) -> tuple[FloatArray, FloatArray | None]:
        """Return the probabilities and how strange each window is; see `RecordingClassifier`."""
        if self.strangeness_ is None:
            return self.predict_proba(signals), None
        network = self.trained_network()
        self.window_format_.check(signals)
        if self._is_packed_faster(len(signals)):
            probabilities, features = self._predict_packed(signals)
        else:
            self._with_features = self._with_features or WithFeatures(network)
            outputs = predict_with_features(self._with_features, signals, self.devices)
            probabilities, features = outputs
        return probabilities, self.strangeness_.score(features)

    def _is_packed_faster(self, n_windows: int) -> bool:
        is_on_cpu = all(device.device_type == "cpu" for device in self.devices)
        return is_on_cpu and is_packed_faster(self.config.model, n_windows)

    def _predict_packed(self, signals: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return probabilities and features, with the weights as they were at the first call."""
        logits, features = self._packed_network().logits_and_features(signals)
        return probabilities_of(logits), features

    def _packed_network(self) -> PackedNetwork:
        if self._packed is None:
            network = self._as_values()
            self._packed = PackedNetwork(network.config, network.channels, network.weights)
        return self._packed

    def _as_values(self) -> NetworkWeights:
        weights = {
            name: parameter.list_data()[0].asnumpy()
            for name, parameter in self.trained_network().collect_params().items()
        }
        return NetworkWeights(self.config.model, self.window_format_.channels, weights)

    def adapt(
        self, windows: Windows, strength: float | None = None, person: Subject | None = None
    ) -> ActivityClassifier:
        """Return a classifier that is adapted to a person by some labelled windows of theirs.

        Parameters
        ----------
        windows : Windows
            Windows of one person, in the order of time, that overlap by half; 5 s of each activity
            at least, and a minute of each that the classifier does not know. Activities with fewer
            are left out; ``adaptation_`` says which.
        strength : float, optional
            Pull to this classifier, above 0, at most 10^12, of which nothing changes; by default
            the one that was chosen on other people, see `har.training.adaptation`.
        person : int or str, optional
            Name to keep; by default the subject of the windows.

        Returns
        -------
        ActivityClassifier
            Another classifier, whose activities are those of this one, then those that are new.
            ``adaptation_`` says how well it names windows that were held out in time.

        Raises
        ------
        DataError
            If the windows have another format, are of several people, or too few of any activity,
            or the strength is out of its range.
        RunError
            If nothing was trained, or a new activity cannot be taught to this network.
        """
        self.trained_network()
        known = self.window_format_
        made = adapt_network(self._as_values(), self.spreads_, known, windows, strength, person)
        adapted = copy(self)
        adapted.config = replace(self.config, model=made.network.config)
        adapted._packed = adapted._with_features = None
        adapted.window_format_ = replace(known, activities=made.taught.activities)
        adapted._set_weights(made.network.weights, "adapt")
        adapted.adaptation_, adapted.spreads_ = made.about, made.spreads
        new = made.taught.where(made.taught.labels >= len(known.activities))
        if len(new):
            # Nothing is known of what comes before and after them.
            adapted.context_ = None
            if self.strangeness_ is not None:
                features = self._features_of(new)
                adapted.strangeness_ = self.strangeness_.with_centres(features, new.labels)
        return adapted

    def _set_weights(
        self, weights: Mapping[str, FloatArray], place: str, run: RunFolder | None = None
    ) -> None:
        """Build the network with given weights; what a run says of its features must fit them."""
        n_members = self.config.model.n_members
        members = [self._without_weights(number) for number in range(1, n_members + 1)]
        network = self._join(members)
        check_weights(network, weights, place)
        if run is not None:
            _check_features(run, self.strangeness_, members)
            _check_spreads(run, self.spreads_, members)
        for member in members:
            initialise(member, self.devices)
        load_weights(network, weights, place)
        self.network_ = network

    def predict_recording(
        self,
        recording: Recording,
        abstain_below: float = 0.0,
        context: ContextKind = "markov",
    ) -> pd.DataFrame:
        """Return the activities of a recording over time; see `RecordingClassifier`."""
        self.trained_network()
        return super().predict_recording(recording, abstain_below, context)

    def learn_context(self, recordings: Iterable[pd.DataFrame]) -> None:
        """Learn how long activities last, and what follows them, after `fit_epochs`.

        Parameters
        ----------
        recordings : iterable of DataFrame
            True segments of recordings of the training subjects; see
            `har.inference.context.MarkovContext.observed`. Without any, no more is known than that
            activities last.
        """
        known, activities = list(recordings), self.window_format_.activities
        self.context_ = MarkovContext.observed(known, activities) if known else None

    def evaluate(self, windows: Windows) -> Evaluation:
        """Compare predictions with the labels of windows.

        Parameters
        ----------
        windows : Windows
            Labelled windows, ideally of subjects that were not trained on.

        Returns
        -------
        Evaluation
        """
        predicted = windows.labels, self.predict_proba(windows), windows.subjects
        return Evaluation(*predicted, windows.activities, self.temperature_)

    def evaluate_recordings(
        self, recordings: Iterable[tuple[Recording, pd.DataFrame]]
    ) -> RecordingEvaluation:
        """Compare timelines of whole recordings with what people did in them.

        Parameters
        ----------
        recordings : iterable of (Recording, DataFrame)
            Recordings, ideally of subjects that were not trained on, and their true segments:
            start_s, end_s and activity. See `har.datasets.whole_recordings`.

        Returns
        -------
        RecordingEvaluation

        Raises
        ------
        DataError
            If nothing in them is labelled; see also `predict_recording`.
        """
        activities = self.window_format_.activities
        scored = (
            _scored(recording, truth, self.predict_recording(recording), activities)
            for recording, truth in recordings
        )
        return RecordingEvaluation(activities, tuple(scored))

    def describe(self) -> TrainedManifest:
        """Return the description of the model and of its training in a run's manifest.

        Returns
        -------
        TrainedManifest
            Manifest with nothing but these two.

        Raises
        ------
        RunError
            If nothing was trained.
        """
        network = self.trained_network()
        by_epoch = tuple(r.n_threads for r in self.history_ if r.n_threads is not None)
        is_fixed = len(set(by_epoch)) == 1
        return TrainedManifest(
            adaptation=self.adaptation_,
            model=ModelDescription(self.window_format_, n_parameters(network), self.gravity_),
            training=TrainingDescription(
                seed=self.config.seed,
                device=",".join(map(str, self.devices)),
                n_threads=by_epoch[0] if is_fixed else None,
                n_threads_by_epoch=None if is_fixed else by_epoch or None,
                n_processes=self.n_processes_,
                n_train_windows=self.n_train_windows_,
                train_subjects=self.train_subjects_,
                validation_subjects=self.validation_subjects_,
                n_epochs=len(self.history_),
                best_epoch=kept_epoch(self.history_, self.config.training),
                temperature=self.temperature_,
            ),
        )

    def save(self, folder: str | Path) -> None:
        """Write the model to a run folder.

        Besides `load`, Gluon reads it without any of this project:
        ``SymbolBlock.imports("model-symbol.json", ["data"], "model-0000.params")`` takes windows
        in g and rad/s and gives logits. Import your own graphs alone: MXNet believes what a graph
        says, and one that somebody else made can crash the process, or jump to an address in it;
        `load` reads no graph.

        Parameters
        ----------
        folder : str or Path
            Folder, made if need be; an earlier model in it is replaced.

        Raises
        ------
        RunError
            If nothing was trained, or the folder cannot be written.
        """
        network = self.trained_network()
        with writing_to(folder):
            Path(folder).mkdir(parents=True, exist_ok=True)
            run = RunFolder(Path(folder))
            shape = (1, self.window_format_.n_timesteps, len(self.window_format_.channels))
            run.write_config(self.config)
            export_network(network, shape, self.devices[0], run.symbol, run.weights)
            run.bind_model()
            run.write_strangeness(self.strangeness_)
            run.write_spreads(self.spreads_)
            run.write_context(self.context_.to_dict() if self.context_ else None)
            run.write_epochs([asdict(record) for record in self.history_])
            run.update_manifest(self.describe())

    @classmethod
    def load(cls, folder: str | Path, device: str = "auto") -> ActivityClassifier:
        """Read a model from a run folder.

        Parameters
        ----------
        folder : str or Path
            Folder that `save` or ``har train`` wrote.
        device : str
            Device to compute on; see `Config`.

        Returns
        -------
        ActivityClassifier

        Raises
        ------
        RunError
            If a file is missing, damaged or another than was saved.
        """
        run = RunFolder.open(Path(folder))
        run.warn_if_unbound()
        manifest = run.read_trained_manifest()
        training = manifest.training
        classifier = cls(replace(run.read_config(), device=device))
        classifier.window_format_ = manifest.model.window_format
        classifier.n_train_windows_ = training.n_train_windows
        classifier.n_processes_ = training.n_processes
        classifier.train_subjects_ = training.train_subjects
        classifier.validation_subjects_ = training.validation_subjects
        classifier.gravity_ = manifest.model.gravity
        classifier.strangeness_ = run.read_strangeness()
        n_activities = len(manifest.model.window_format.activities)
        classifier.context_ = MarkovContext.of_run(
            run.read_context(), n_activities, str(run.context)
        )
        classifier.history_ = run.read_history()
        classifier.adaptation_ = manifest.adaptation
        classifier.spreads_ = run.read_spreads()
        classifier._set_weights(run.read_weights(), str(run.weights), run)
        return classifier


def _check_features(
    run: RunFolder, strangeness: Strangeness | None, members: list[ActivityNetwork]
) -> None:
    """Refuse a strangeness of other features than those that the members' last layers read."""
    if strangeness is None:
        return
    expected = sum(member.head[1].weight.shape[1] for member in members)
    if len(strangeness.whitening) != expected:
        raise RunError(
            f"{run.strangeness}: found {len(strangeness.whitening)} features, expected the "
            f"{expected} of the network"
        )


def _check_spreads(
    run: RunFolder, spreads: tuple[Spread, ...] | None, members: list[ActivityNetwork]
) -> None:
    """Refuse spreads of other features than those of the members' summaries."""
    if spreads is None:
        return
    expected = [member.summary.n_features for member in members if member.summary is not None]
    found = [len(spread.whitening) for spread in spreads]
    if found != expected:
        raise RunError(
            f"{run.spread}: found spreads of {quoted(found)} features, expected the {expected} of "
            "the network"
        )


def _scored(
    recording: Recording, truth: pd.DataFrame, timeline: pd.DataFrame, activities: tuple[str, ...]
) -> ScoredRecording:
    """Keep of a timeline what its figures follow from, also for each window alone."""
    ways = {ALONE: timeline}
    if "activity_alone" in timeline:
        ways = {WITH_CONTEXT: timeline, ALONE: each_alone(timeline)}
    named = {
        way: NamedRecording(merge_segments(table), window_confusion(table, truth, activities))
        for way, table in ways.items()
    }
    # Where nobody is named, each recording counts as a person.
    person = recording.source if recording.subject is None else recording.subject
    return ScoredRecording(person, recording.source, recording.duration_s, truth, named)
