"""Compare contexts over time, on recordings of people who were held out of training.

The training subjects are held out fold by fold, as by ``har cv``; the test subjects play no part. A
network is trained on the others (or taken from --models, where it was kept), and names the windows
of the recordings, as HAPT has them, of those who were held out. The ways to name them:

alone             each window by itself
lasting           a hidden Markov model that knows no more than that activities last
observed          the same with what recordings of the other folds show: how long each activity
                  lasts, and what follows it at all
… live, delay 1   both again as in a stream, where each window waits for one (or none, or two) later
lstm              an LSTM in both directions over the windows of a recording, trained on recordings
                  of the other folds, whose windows were named by networks that never saw them
lstm re-joined    the same, trained on recordings that are cut and re-joined, anew in each epoch

HAPT's people all did the same things in the same order, which a context can learn by heart. So
recordings are cut wherever people are in the middle of standing or walking, where any order of what
follows is possible. Each way is scored on recordings as they are, on the pieces of each person
re-joined at random (shuffled), and on the middle minute of each piece alone. Printed are accuracy,
macro F1 and the expected calibration error of the windows that lie in one labelled segment: mean
and deviation over seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import softmax
from sklearn.metrics import f1_score
from turned_recordings import trained

from har.arrays import FloatArray, IntArray
from har.classifier import ActivityClassifier
from har.datasets.whole_recordings import whole_recordings
from har.evaluation.calibration import expected_calibration_error
from har.inference.context import HOP_S, MarkovContext
from har.inference.live_context import ContextFilter
from har.inference.timeline import timed_windows
from har.models.backend import autograd, gluon, mx, rnn, seed_everything
from har.recipes import load_config
from har.signals.channels import SAMPLE_RATE_HZ, UCI_CHANNELS
from har.signals.recording import Recording

N_FOLDS = 5
# Activities in which a body is upright, and may do anything next.
UPRIGHT = ("WALKING", "WALKING_UPSTAIRS", "WALKING_DOWNSTAIRS", "STANDING")
MINUTE = round(60 / HOP_S)
# Windows that those of a stream wait for.
DELAYS = (0, 1, 2)
UNITS, N_EPOCHS, BATCH_SIZE, LEARNING_RATE = 48, 60, 8, 0.01


@dataclass(frozen=True)
class WindowSequence:
    """Windows of a recording or a piece of one, one hop after the other.

    Parameters
    ----------
    subject : int
        Person.
    fold : int
        Fold in which the person was held out.
    probabilities : ndarray, shape (n_windows, n_activities)
        Probabilities by each window alone.
    inputs : ndarray, shape (n_windows, n_inputs)
        Values that an LSTM reads: logarithms of the probabilities, gravity, energies.
    labels : ndarray of int, shape (n_windows,)
        Activity of the one labelled segment that a window lies in; -1 without one.
    middles : ndarray of int, shape (n_windows,)
        Activity in its middle; -1 without one.
    segments : DataFrame
        True segments of the whole recording.
    """

    subject: int
    fold: int
    probabilities: FloatArray
    inputs: FloatArray
    labels: IntArray
    middles: IntArray
    segments: pd.DataFrame

    def part(self, chosen: slice) -> WindowSequence:
        """Return some neighbouring windows."""
        return replace(
            self,
            probabilities=self.probabilities[chosen],
            inputs=self.inputs[chosen],
            labels=self.labels[chosen],
            middles=self.middles[chosen],
        )


def joined(parts: Sequence[WindowSequence]) -> WindowSequence:
    """Return parts of one person's recordings one after the other."""
    return replace(
        parts[0],
        probabilities=np.concatenate([part.probabilities for part in parts]),
        inputs=np.concatenate([part.inputs for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        middles=np.concatenate([part.middles for part in parts]),
    )


def read_sequences(
    recipe: str, seed: int, models: Path
) -> tuple[list[WindowSequence], tuple[str, ...]]:
    """Name the windows of all training people's recordings by networks that never saw them."""
    config = load_config(recipe, f"--seed={seed}").data
    sequences: list[WindowSequence] = []
    activities: tuple[str, ...] = ()
    for fold in range(N_FOLDS):
        classifier, held_out = trained(recipe, seed, fold, models)
        activities = classifier.window_format_.activities
        for recording, segments in whole_recordings(config, activities, held_out):
            sequences.append(_sequence(classifier, fold, recording, segments))
    return sequences, activities


def _sequence(
    classifier: ActivityClassifier, fold: int, recording: Recording, segments: pd.DataFrame
) -> WindowSequence:
    expected = classifier.window_format_
    parts = [part for part in timed_windows(recording, expected.n_timesteps) if len(part.signals)]
    signals = np.concatenate([part.signals for part in parts])
    probabilities = classifier.predict_proba(signals)
    gravity = signals[:, :, [UCI_CHANNELS.index(f"total_acc_{axis}") for axis in "xyz"]]
    energies = np.log(signals[:, :, :6].std(axis=1) + 1e-4)
    logarithms = np.log(np.maximum(probabilities, 1e-6))
    first = np.rint(np.concatenate([part.start_s for part in parts]) * SAMPLE_RATE_HZ).astype(int)
    of_samples = np.full(len(recording.samples), -1)
    of_segments = np.full(len(recording.samples), -1)
    for number, row in enumerate(segments.itertuples()):
        span = slice(round(row.start_s * SAMPLE_RATE_HZ), round(row.end_s * SAMPLE_RATE_HZ))
        of_samples[span] = expected.activities.index(row.activity)
        of_segments[span] = number
    last, middle = first + expected.n_timesteps - 1, first + expected.n_timesteps // 2
    is_inside = (of_segments[first] >= 0) & (of_segments[first] == of_segments[last])
    return WindowSequence(
        int(recording.subject or 0),
        fold,
        probabilities,
        np.concatenate([logarithms, gravity.mean(axis=1), energies], axis=1),
        np.where(is_inside, of_samples[first], -1),
        of_samples[middle],
        segments,
    )


def pieces(sequence: WindowSequence, activities: tuple[str, ...]) -> list[WindowSequence]:
    """Cut a recording in the middle of each stretch of standing or walking."""
    upright = [activities.index(name) for name in UPRIGHT if name in activities]
    starts = np.flatnonzero(np.diff(sequence.middles, prepend=-2))
    ends = np.append(starts[1:], len(sequence.middles))
    cuts = [
        (start + end) // 2
        for start, end in zip(starts, ends, strict=True)
        if sequence.middles[start] in upright and end - start > 1
    ]
    edges = [0, *cuts, len(sequence.middles)]
    return [sequence.part(slice(a, b)) for a, b in zip(edges, edges[1:], strict=False) if b > a]


def shuffled(
    sequences: Sequence[WindowSequence], activities: tuple[str, ...], generator: np.random.Generator
) -> list[WindowSequence]:
    """Re-join the pieces of each person's recordings at random, as they begin and end upright."""
    people: dict[int, list[WindowSequence]] = {}
    for sequence in sequences:
        # The first and the last piece may begin and end in any posture.
        cut = pieces(sequence, activities)
        people.setdefault(sequence.subject, []).extend(cut[1:-1])
    return [
        joined([parts[i] for i in generator.permutation(len(parts))])
        for parts in people.values()
        if parts
    ]


def minutes(
    sequences: Sequence[WindowSequence], activities: tuple[str, ...]
) -> list[WindowSequence]:
    """Return the middle minute of each piece."""
    cut = [piece for sequence in sequences for piece in pieces(sequence, activities)]
    starts = [max(0, (len(piece.labels) - MINUTE) // 2) for piece in cut]
    return [p.part(slice(start, start + MINUTE)) for p, start in zip(cut, starts, strict=True)]


class WindowLSTM(gluon.Block):  # type: ignore[misc]
    """An LSTM in both directions over windows; (n_windows, n_sequences, n_inputs) to logits."""

    def __init__(self, n_inputs: int, n_activities: int) -> None:
        super().__init__()
        self.lstm = rnn.LSTM(UNITS, bidirectional=True, input_size=n_inputs)
        self.dropout = gluon.nn.Dropout(0.3)
        self.output = gluon.nn.Dense(n_activities, flatten=False, in_units=2 * UNITS)

    def forward(self, inputs: mx.nd.NDArray) -> mx.nd.NDArray:
        """Return logits of each window."""
        return self.output(self.dropout(self.lstm(inputs)))


class LSTMContext:
    """A context that an LSTM has learned.

    Parameters
    ----------
    sequences : callable
        Function from a generator to sequences, called for each epoch.
    n_activities : int
        Number of classes.
    seed : int
        Seed of weights and batches.
    """

    def __init__(
        self,
        sequences: Callable[[np.random.Generator], Sequence[WindowSequence]],
        n_activities: int,
        seed: int,
    ) -> None:
        seed_everything(seed)
        generator = np.random.default_rng(seed)
        inputs = np.concatenate([one.inputs for one in sequences(generator)])
        self.mean, self.scale = inputs.mean(axis=0), inputs.std(axis=0)
        self.network = WindowLSTM(inputs.shape[1], n_activities)
        self.network.initialize(mx.init.Xavier())
        trainer = gluon.Trainer(self.network.collect_params(), "adam")
        loss = gluon.loss.SoftmaxCrossEntropyLoss()
        for epoch in range(N_EPOCHS):
            trainer.set_learning_rate(LEARNING_RATE * (1 + np.cos(np.pi * epoch / N_EPOCHS)) / 2)
            chosen = sequences(generator)
            order = generator.permutation(len(chosen))
            for batch in np.array_split(order, -(-len(order) // BATCH_SIZE)):
                values, labels = self._padded([chosen[i] for i in batch])
                weights = mx.nd.array(labels[..., np.newaxis] >= 0)
                with autograd.record():
                    scores = self.network(mx.nd.array(values))
                    losses = loss(scores, mx.nd.array(np.maximum(labels, 0)), weights)
                losses.backward()
                trainer.step(len(batch))

    def _padded(self, sequences: Sequence[WindowSequence]) -> tuple[FloatArray, IntArray]:
        longest = max(len(one.labels) for one in sequences)
        values = np.zeros((longest, len(sequences), len(self.mean)), np.float32)
        labels = np.full((longest, len(sequences)), -1)
        for place, one in enumerate(sequences):
            values[: len(one.labels), place] = (one.inputs - self.mean) / self.scale
            labels[: len(one.labels), place] = one.labels
        return values, labels

    def named(self, sequence: WindowSequence) -> FloatArray:
        """Return probabilities in context."""
        values, _ = self._padded([sequence])
        scores = self.network(mx.nd.array(values)).asnumpy()[:, 0].astype(np.float64)
        probabilities: FloatArray = softmax(scores, axis=1)
        return probabilities


Way = Callable[[WindowSequence], FloatArray]


def smoothed(context: MarkovContext, sequence: WindowSequence) -> FloatArray:
    """Name windows of a recording, with those before and after each."""
    return context.smoothed(sequence.probabilities)


def live(context: MarkovContext, delay: int, sequence: WindowSequence) -> FloatArray:
    """Name windows of a stream, in which each waits for a few later ones."""
    stream = ContextFilter(context, delay)
    named = [stream.update(of_window) for of_window in sequence.probabilities]
    return np.array([*(one for one in named if one is not None), *stream.finish()])


def ways_of_fold(
    sequences: Sequence[WindowSequence], activities: tuple[str, ...], seed: int
) -> Iterator[tuple[str, Way]]:
    """Yield each way to name windows, learned from other people's recordings where it learns."""
    n_activities = len(activities)
    lasting = MarkovContext.lasting(n_activities)
    observed = MarkovContext.observed([one.segments for one in sequences], activities)
    yield "alone", lambda one: one.probabilities
    for name, context in (("lasting", lasting), ("observed", observed)):
        yield name, partial(smoothed, context)
        for delay in DELAYS:
            yield f"{name} live, delay {delay}", partial(live, context, delay)
    yield "lstm", LSTMContext(lambda generator: sequences, n_activities, seed).named
    yield (
        "lstm re-joined",
        LSTMContext(lambda g: shuffled(sequences, activities, g), n_activities, seed).named,
    )


def study(
    sequences: Sequence[WindowSequence], activities: tuple[str, ...], seed: int
) -> Iterator[pd.DataFrame]:
    """Yield true activities and probabilities of each fold, way and form of the recordings."""
    for fold in range(N_FOLDS):
        held_out = [one for one in sequences if one.fold == fold]
        others = [one for one in sequences if one.fold != fold]
        generator = np.random.default_rng([seed, fold])
        forms = {
            "as they are": held_out,
            "shuffled": shuffled(held_out, activities, generator),
            "a minute": minutes(held_out, activities),
        }
        for way, named in ways_of_fold(others, activities, seed):
            for form, shown in forms.items():
                answers = [(one.labels, named(one)) for one in shown]
                labels, probabilities = map(np.concatenate, zip(*answers, strict=True))
                frame = pd.DataFrame(probabilities).add_prefix("p_").assign(true=labels)
                yield frame[labels >= 0].assign(seed=seed, way=way, form=form)


def figures_of(answers: pd.DataFrame) -> pd.Series:
    """Return the figures of one way to name windows, in per cent."""
    labels = answers["true"].to_numpy()
    probabilities = answers.filter(like="p_").to_numpy()
    predicted = probabilities.argmax(axis=1)
    return pd.Series(
        {
            "accuracy": 100 * np.mean(predicted == labels),
            "macro F1": 100 * f1_score(labels, predicted, average="macro"),
            "calibration error": 100 * expected_calibration_error(labels, probabilities),
        }
    )


def main() -> None:
    """Study the contexts of one recipe with some seeds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("recipe", help="name of a recipe or a YAML file; of UCI HAR or HAPT")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="default: 0")
    parser.add_argument(
        "--models",
        type=Path,
        default=Path("runs/turned"),
        help="where networks are kept, and not trained again (default: runs/turned)",
    )
    options = parser.parse_args()
    answers: list[pd.DataFrame] = []
    for seed in options.seeds:
        sequences, activities = read_sequences(options.recipe, seed, options.models)
        answers += study(sequences, activities, seed)
    by_seed = pd.concat(answers).groupby(["way", "form", "seed"], sort=False)
    for name, values in by_seed.apply(figures_of).items():
        table = values.groupby(["way", "form"], sort=False).agg(["mean", "std"]).round(2)
        print(f"{options.recipe}, {name} in per cent\n{table.unstack('form').to_string()}")


if __name__ == "__main__":
    main()
