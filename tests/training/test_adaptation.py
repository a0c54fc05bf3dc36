"""Adaptation to one person, against scikit-learn and what must hold of any of it."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from builders import ACTIVITIES, refused, small_windows, tiny_config
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from har.classifier import ActivityClassifier
from har.errors import DataError, RunError
from har.training.adaptation import fit_change, halves_in_time, taught_windows

SUMMARY = {"summary_size": 6}


def classifier_of(**model):
    classifier = ActivityClassifier(tiny_config(model, n_epochs=1)).fit(small_windows())
    return classifier


@pytest.fixture(scope="module")
def trained():
    return classifier_of(**SUMMARY)


def person(n_per_class=60, shift=0.4, seed=7):
    """Make windows of a person whose body is turned a little, in the order of their activities."""
    windows = small_windows(seed=seed, n_subjects=1, n_per_class=n_per_class)
    signals = windows.signals + np.float32(shift) * np.eye(4, dtype=np.float32)[1]
    order = np.argsort(windows.labels, kind="stable")
    return replace(windows, signals=signals.astype(np.float32)).where(order)


def loss_of(classifier, windows):
    probabilities = classifier.predict_proba(windows.signals)
    return -np.log(probabilities[np.arange(len(windows)), windows.labels]).mean()


def random_problem(seed=0, n=40, n_inputs=7, n_activities=4):
    random = np.random.default_rng(seed)
    labels = random.integers(0, n_activities, n)
    return random.normal(size=(n, n_inputs)), labels


@pytest.mark.parametrize("strength", [0.01, 1.0, 30.0])
def test_without_a_network_it_is_the_logistic_regression_of_scikit_learn(strength):
    inputs, labels = random_problem()
    change = fit_change(inputs, np.zeros((len(labels), 4)), labels, strength)
    peer = LogisticRegression(C=1 / strength, fit_intercept=False, tol=1e-10, max_iter=10_000)
    peer.fit(inputs, labels)
    np.testing.assert_allclose(change, peer.coef_.T, atol=2e-4)


def test_no_other_change_is_better():
    inputs, labels = random_problem(n=12, n_inputs=30)
    random = np.random.default_rng(1)
    logits = random.normal(size=(12, 4))

    def objective(change):
        logarithms = log_softmax(logits + inputs @ change, axis=1)
        return 0.5 * np.square(change).sum() - logarithms[np.arange(12), labels].sum()

    change = fit_change(inputs, logits, labels, 1.0)
    for _ in range(50):
        step = random.normal(size=change.shape) * 10 ** random.uniform(-3, 0)
        assert objective(change) < objective(change + step)


@pytest.mark.parametrize("model", [SUMMARY, {}, {**SUMMARY, "n_members": 2}])
def test_the_highest_strength_changes_nothing(model, tmp_path):
    classifier, windows = classifier_of(**model), person()
    classifier.adapt(windows, 1e12).save(tmp_path)
    adapted = ActivityClassifier.load(tmp_path)
    assert adapted.adaptation_.strength == 1e12
    before, after = (one.predict_proba(windows.signals) for one in (classifier, adapted))
    np.testing.assert_allclose(after, before, atol=1e-6)


@pytest.mark.parametrize("model", [SUMMARY, {}, {**SUMMARY, "n_members": 2}])
@pytest.mark.parametrize("calibrate", [False, True])
def test_what_it_was_given_becomes_likelier(model, calibrate):
    config = tiny_config(model, n_epochs=1, calibrate=calibrate)
    classifier, windows = ActivityClassifier(config).fit(small_windows()), person()
    adapted = classifier.adapt(windows)
    assert loss_of(adapted, windows) < loss_of(classifier, windows)
    assert adapted.temperature_ == classifier.temperature_
    assert adapted.adaptation_.layer == ("summary" if model else "last layer")


def test_the_network_gives_what_the_regression_found(trained):
    windows = person()
    packed, spread = trained._packed_network(), trained.spreads_[0]
    (outputs,) = packed.of_members(windows.signals)
    inputs = np.hstack([spread.whitened(outputs.summary), np.ones((len(windows), 1))])
    change = fit_change(inputs, outputs.logits / packed.temperature, windows.labels, 0.3)
    expected = np.exp(log_softmax(outputs.logits / packed.temperature + inputs @ change, axis=1))
    adapted = trained.adapt(windows, 0.3)
    np.testing.assert_allclose(adapted.predict_proba(windows.signals), expected, atol=1e-4)


def test_an_infinite_strength_is_no_change():
    inputs, labels = random_problem()
    assert not fit_change(inputs, np.zeros((len(labels), 4)), labels, np.inf).any()


@pytest.mark.parametrize("strength", [0.0, -1.0, 1e13, np.inf, np.nan])
def test_a_strength_that_no_manifest_can_say_is_refused(trained, strength):
    with refused(DataError, f"strength: found {strength:g}, expected a number above 0, at most"):
        trained.adapt(person(), strength)


def test_a_stronger_pull_stays_nearer_to_the_network(trained):
    windows, others = person(), small_windows(seed=3)
    before = trained.predict_proba(others.signals)
    moved = [
        np.abs(trained.adapt(windows, strength).predict_proba(others.signals) - before).mean()
        for strength in (0.1, 10.0, 1e4)
    ]
    assert moved[0] > moved[1] > moved[2]


def test_the_order_of_the_windows_is_irrelevant(trained):
    windows = person()
    order = np.random.default_rng(0).permutation(len(windows))
    one, other = trained.adapt(windows), trained.adapt(windows.where(order))
    probabilities = (adapted.predict_proba(windows.signals) for adapted in (one, other))
    np.testing.assert_allclose(*probabilities, atol=1e-3)


def test_the_classifier_that_is_adapted_stays_as_it_was(trained):
    windows = person()
    before = trained.predict_proba(windows.signals)
    trained.adapt(windows)
    np.testing.assert_array_equal(trained.predict_proba(windows.signals), before)
    assert trained.adaptation_ is None


def with_new(windows, name="JUMP"):
    """Call the last activity of windows by a name that no network knows, and move it apart."""
    signals = windows.signals.copy()
    signals[windows.labels == 2, ::2, 0] += 3
    return replace(windows, signals=signals, activities=(*ACTIVITIES[:2], name))


def test_a_new_activity_is_learned_and_old_ones_are_kept():
    # The network knows two activities.
    known = small_windows().where(small_windows().labels < 2)
    known = replace(known, activities=ACTIVITIES[:2])
    config = tiny_config(SUMMARY, n_epochs=20)
    classifier = ActivityClassifier(config).fit(known)
    windows = with_new(person(n_per_class=150, shift=0.0))
    only_new = windows.where(windows.labels == 2)
    adapted = classifier.adapt(only_new)
    assert adapted.window_format_.activities == ("REST", "WALK", "JUMP")
    assert (adapted.predict(only_new.signals) == 2).mean() > 0.95
    before = classifier.predict(known.signals)
    assert (adapted.predict(known.signals) == before).mean() > 0.95
    assert adapted.adaptation_.activities[0].is_new
    # It is strange no more.
    distances = [c.predict_strangeness(only_new.signals)[1].mean() for c in (classifier, adapted)]
    assert distances[1] < distances[0]


@pytest.mark.parametrize("n_members", [1, 2])
def test_a_second_new_activity_leaves_the_first_as_it_was_taught(n_members, tmp_path):
    known = small_windows().where(small_windows().labels < 2)
    known = replace(known, activities=ACTIVITIES[:2])
    config = tiny_config({**SUMMARY, "n_members": n_members}, n_epochs=20)
    classifier = ActivityClassifier(config).fit(known)
    windows = with_new(person(n_per_class=150, shift=0.0))
    jumps = windows.where(windows.labels == 2)
    # What is much like it, so that it is taken for it.
    signals = jumps.signals + np.float32(0.5) * jumps.signals[..., ::-1]
    hops = replace(jumps, signals=signals, activities=(*ACTIVITIES[:2], "HOP"))
    classifier.adapt(jumps).save(tmp_path)
    once = ActivityClassifier.load(tmp_path)
    assert (once.predict(hops.signals) == 2).mean() > 0.95
    twice = once.adapt(hops)
    assert twice.window_format_.activities == ("REST", "WALK", "JUMP", "HOP")
    assert (twice.predict(jumps.signals) == 2).mean() > 0.95
    assert (twice.predict(hops.signals) == 3).mean() > 0.95
    assert all(spread.labels.tolist() == [0, 1, 2, 3] for spread in twice.spreads_)
    assert [spread.labels.tolist() for spread in classifier.spreads_] == [[0, 1]] * n_members


def test_an_adapted_classifier_is_saved_whole_and_adapted_again(trained, tmp_path):
    windows = person()
    adapted = trained.adapt(windows, person="Ada")
    adapted.save(tmp_path)
    again = ActivityClassifier.load(tmp_path)
    assert again.adaptation_ == adapted.adaptation_
    assert again.adaptation_.person == "Ada"
    probabilities = (one.predict_proba(windows.signals) for one in (adapted, again))
    np.testing.assert_array_equal(*probabilities)
    twice = again.adapt(person(shift=-0.4))
    n_units = 2 * len(ACTIVITIES)
    assert twice.config.model.summary_size == SUMMARY["summary_size"] + 2 * n_units


def test_windows_that_are_scored_share_no_sample_with_those_learned_from():
    windows = small_windows(n_subjects=1, n_per_class=1, n_timesteps=128)
    random = np.random.default_rng(0)
    stream = random.normal(size=(64 * 21 + 64, 4)).astype(np.float32)
    signals = np.stack([stream[64 * i : 64 * i + 128] for i in range(20)])
    labels = np.repeat([0, 1], 10)
    windows = replace(windows, signals=signals, labels=labels, subjects=np.ones(20, int))
    first, second = halves_in_time(windows)
    assert np.flatnonzero(first).tolist() == [0, 1, 2, 3, 4, 10, 11, 12, 13, 14]
    # Windows 5 and 15 overlap the ones before, and 9 the one after.
    assert np.flatnonzero(second).tolist() == [6, 7, 8, 16, 17, 18, 19]


def test_spellings_of_an_activity_are_one_activity(trained):
    windows = replace(person(), activities=("rest", "Walk", " RUN"))
    taught, left_out = taught_windows(windows, trained.window_format_, True)
    assert taught.activities == ACTIVITIES and left_out == ()


def test_several_spellings_are_counted_together(trained):
    windows = person(n_per_class=16)
    mixed = np.where(np.arange(len(windows)) % 2, windows.labels, windows.labels + 3)
    windows = replace(windows, labels=mixed, activities=(*ACTIVITIES, "rest", "Walk", "ruN"))
    taught, left_out = taught_windows(windows, trained.window_format_, True)
    assert taught.activities == ACTIVITIES and left_out == ()
    assert np.bincount(taught.labels).tolist() == [16, 16, 16]


def test_activities_with_too_few_windows_are_left_out_and_named(trained):
    windows = person(n_per_class=60)
    few = windows.where((windows.labels != 0) | (np.arange(len(windows)) == 0))
    adapted = trained.adapt(few)
    (what,) = adapted.adaptation_.left_out
    assert "activity 'REST': found 1 window, expected " in what
    assert "as 5 s of a known activity have" in what
    assert [row.activity for row in adapted.adaptation_.activities] == ["WALK", "RUN"]
    # The same network as without them.
    probabilities = (
        one.predict_proba(windows.signals)
        for one in (adapted, trained.adapt(windows.where(windows.labels != 0)))
    )
    np.testing.assert_array_equal(*probabilities)
    adapted = trained.adapt(with_new(windows))
    (what,) = adapted.adaptation_.left_out
    assert "activity 'JUMP'" in what and "as 60 s of a new activity have" in what
    assert adapted.window_format_.activities == ACTIVITIES
    # So are those of a network that cannot be taught them.
    assert classifier_of().adapt(with_new(windows)).adaptation_.left_out == (what,)


def test_unfit_windows_are_refused(trained):
    windows = person()
    with refused(DataError, "found channels", "expected"):
        trained.adapt(replace(windows, channels=("a", "b", "c", "d")))
    with refused(DataError, "found those of 2 people", "expected those of one"):
        trained.adapt(replace(windows, subjects=np.arange(len(windows)) % 2))
    few = windows.where(np.flatnonzero(windows.labels == 0)[:1])
    with refused(DataError, "too few to learn from", "activity 'REST'", "found 1 window,"):
        trained.adapt(few)
    new = with_new(person(n_per_class=60))
    with refused(DataError, "activity 'JUMP'", "as 60 s of a new activity have"):
        trained.adapt(new.where(new.labels == 2))
    with refused(RunError, "activity 'JUMP'", "does not know"):
        classifier_of().adapt(with_new(person(n_per_class=150)))


def test_an_untrained_classifier_is_not_adapted():
    with refused(RunError, "no trained network"):
        ActivityClassifier(tiny_config()).adapt(person())


def test_it_takes_seconds_on_one_core(trained):
    windows = person(n_per_class=150)
    started_s = time.process_time()
    trained.adapt(windows)
    # Five seconds are promised.
    assert time.process_time() - started_s < 50
