"""Model card: what a network is for, what it learned from, how well it does, what limits it.

After M. Mitchell et al., "Model Cards for Model Reporting", FAT* 2019.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from har.datasets.catalogue import PUBLISHED
from har.evaluation.robustness import Robustness
from har.report.facts import about_data, device_in_words, network_in_words
from har.report.scored_run import ScoredRun
from har.report.section import Section
from har.report.wording import activity_label, escaped, interval_in_words, number, people, percent
from har.runs.results import Results

# A pocket holds a phone somewhat turned; so far it is asked what becomes of the accuracy.
_TURN_DEGREES = 30


def model_card_section(run: ScoredRun) -> Section:
    """Make the section of the model card."""
    return Section("model_card", "Model card", {"card": model_card(run.results)})


def model_card(results: Results) -> dict[str, list[str]]:
    """Write the card of a scored run.

    Parameters
    ----------
    results : Results
        Results of the run.

    Returns
    -------
    dict of str to list of str
        Sentences by heading. Every figure in them is one of the run's.
    """
    data = results.manifest.data
    return {
        "Intended use": _intended_use(results),
        "Not intended": _not_intended(results),
        "What it learned from": _training(results),
        "How well it does": _quality(results),
        "Limits": _limits(results),
        "Data and licence": about_data(results.config.data.set, data.name, data.notes),
    }


def _intended_use(results: Results) -> list[str]:
    expected = results.manifest.model.window_format
    device = device_in_words(results.config.data.set)
    return [
        f"{network_in_words(results.config)} that names what a person does from "
        f"{expected.n_timesteps / expected.rate_hz:.2f} s of signals of {device}: "
        f"{_listed([activity_label(name).lower() for name in results.evaluation.activities])}.",
        f"It reads {len(expected.channels)} channels ({', '.join(expected.channels)}), "
        f"{number(expected.rate_hz)} samples a second, in g and rad/s.",
        "It was made for research, teaching and prototypes.",
    ]


def _not_intended(results: Results) -> list[str]:
    n_activities = len(results.evaluation.activities)
    return [
        "Not for medical or safety decisions, and not for watching people who have not agreed "
        "to it.",
        f"It names one of its {n_activities} activities whatever it is shown, "
        "also for an activity that it does not know. har predict --abstain-below P answers UNKNOWN "
        "where it is less sure than P.",
    ]


def _training(results: Results) -> list[str]:
    training, data = results.manifest.training, results.manifest.data
    source = f" of {data.name}" if data.name is not None else ""
    sentences = [
        f"{training.n_train_windows:,} windows{source}, of {people(len(training.train_subjects))}."
    ]
    held_out = training.validation_subjects
    if held_out:
        sentences.append(f"Held out to watch the training: {people(len(held_out))}.")
    temperature = results.evaluation.temperature
    if temperature is not None:
        sentences.append(
            f"Its scores are divided by a temperature of {temperature:.3g}, found on them."
        )
    return sentences


def _quality(results: Results) -> list[str]:
    evaluation = results.evaluation
    interval = evaluation.intervals["accuracy"]
    within = f" (95 % interval over people: {interval_in_words(interval)})" if interval else ""
    sentences = [
        f"{percent(evaluation.accuracy)} of {evaluation.n_windows:,} windows of "
        f"{people(len(evaluation.per_subject))} were named right{within}; macro F1 is "
        f"{percent(evaluation.macro_f1)}."
    ]
    if evaluation.accuracy == 1:
        return sentences
    if len(evaluation.per_subject) > 1:
        subject, hardest = min(evaluation.per_subject.items(), key=lambda row: row[1]["accuracy"])
        sentences.append(
            f"The hardest person, subject {subject}: {percent(hardest['accuracy'])} of "
            f"{hardest['n_windows']} windows."
        )
    ((true, predicted, n_windows),) = evaluation.commonest_mistakes(1)
    return [
        *sentences,
        f"The commonest mistake: {activity_label(true)} taken for {activity_label(predicted)}, in "
        f"{n_windows} of {evaluation.per_class[true]['support']} windows.",
        f"How sure it is and how often it is right differ by "
        f"{percent(evaluation.calibration.after.ece)} on average.",
    ]


def _limits(results: Results) -> list[str]:
    published = PUBLISHED.get(results.config.data.set)
    people_like = (
        f"people like those tested: {published.people}"
        if published
        else "people, phones and places like those tested"
    )
    return [
        f"The figures speak for {people_like}. Others, and daily life, may be worse.",
        *_robustness_in_words(results.robustness),
    ]


def _robustness_in_words(robustness: Robustness | None) -> list[str]:
    if robustness is None:
        return [
            "What becomes of it when a phone is turned, noisy or without a gyroscope was not "
            "measured: har evaluate --robustness does."
        ]
    table = robustness.table
    is_turned = table["disturbance"].str.startswith("rotation") & (table["level"] == _TURN_DEGREES)
    sentences = []
    if is_turned.any():
        low, high = table.loc[is_turned, "accuracy"].agg(["min", "max"])
        sentences.append(
            f"If the phone is turned by {_TURN_DEGREES} degrees, {interval_in_words([low, high])} "
            "are named right, depending on the axis."
        )
    if robustness.turned_at_random is not None:
        share = percent(robustness.turned_at_random)
        sentences.append(
            f"If each phone is turned about its x axis by any angle, {share} are named right."
        )
    if robustness.without_gyroscope is not None:
        share = percent(robustness.without_gyroscope)
        sentences.append(f"Without a gyroscope, {share} are named right.")
    return sentences


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def card_lines(card: Mapping[str, Sequence[str]]) -> list[str]:
    """Write a card as lines of Markdown: a bold heading, then its sentences."""
    return [
        line
        for heading, sentences in card.items()
        for line in (f"**{heading}.** {escaped(' '.join(sentences))}", "")
    ]
