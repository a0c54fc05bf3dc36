"""Phones that teach: their own answers change, nobody else's do, and each bound holds."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest
import requests
from browsing import violations
from builders import refused
from made_once import made_once
from made_up_people import train_on, write_people
from numpy.testing import assert_allclose
from phone_page import play, start, stop
from served import (
    PATIENCE_S,
    a_model,
    a_walk,
    connected,
    expected_answers,
    messages,
    names_of,
    predict,
    rows_of,
    send_rows,
    served,
    wait_until,
)
from walkers import samples_of

from har.cli.teaching import Teacher
from har.cli.verbs import serve
from har.errors import DataError, RunError
from har.inference.context import MarkovContext
from har.serve.learning.taught_recording import recording_in
from har.serve.limits import Limits
from har.serve.live_model import Taught
from har.signals.channels import RAW_CHANNELS
from har.signals.orientation import UPRIGHT, axis_turn

KEY = "0123456789abcdef" * 2
# A recording is sent faster than any phone does.
HURRIED = Limits(samples_per_s=1e5, messages_per_s=1e4)
# Somebody stands and walks, the phone upside down in a pouch.
POUCH = axis_turn("-y", UPRIGHT).of(samples_of(("stand", 10), ("walk", 35)), RAW_CHANNELS)
TAUGHT = {"subject": "Ada", "samples": [[0, 0, 0, 1, 0, 0, 0]] * 2, "labels": ["", "HOPPING"]}


def reversed_shares(windows):
    """Say the opposite, and nothing of a third activity."""
    return np.column_stack([predict(windows)[:, ::-1], np.zeros(len(windows))])


def taught_by(recording):
    model = a_model()
    activities = (*model.window_format.activities, recording.labels[-1])
    window_format = replace(model.window_format, activities=activities)
    adapted = replace(
        model,
        predict=reversed_shares,
        window_format=window_format,
        context=MarkovContext.lasting(3),
    )
    return Taught(adapted, f"Learned of {recording.person}.")


@pytest.fixture(scope="module")
def server():
    with served(replace(a_model(), teach=taught_by), HURRIED, "secret") as running:
        yield running


def post(server, body, **query):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return requests.post(server.address("teach", **query), data, timeout=10 * PATIENCE_S)


async def posted(server, body, **query):
    return await asyncio.to_thread(post, server, body, **query)


def shares_of(answers):
    return [[*answer["probabilities"].values()] for answer in answers]


def test_a_phone_that_teaches_gets_other_answers_from_then_on_and_another_does_not(server):
    walk = a_walk(16)
    expected = expected_answers(walk)
    n_before = len(expected_answers(walk[:400]))

    async def converse():
        async with connected(server, key=KEY) as teaching, connected(server) as other:
            for phone in (teaching, other):
                await send_rows(phone, rows_of(walk[:400]))
            before = [await messages(phone, "answer", n_before) for phone in (teaching, other)]
            said = await posted(server, TAUGHT, key=KEY)
            for phone in (teaching, other):
                await send_rows(phone, rows_of(walk[400:], 400))
            n_after = len(expected) - n_before
            after = [await messages(phone, "answer", n_after) for phone in (teaching, other)]
        async with connected(server, key=KEY) as back:
            await send_rows(back, rows_of(walk[:200]))
            return said, before, after, await messages(back, "answer", 1)

    said, before, after, again = asyncio.run(converse())
    assert said.status_code == 200
    assert said.json()["words"] == "Learned of Ada."
    learned = [one["name"] for one in said.json()["activities"]]
    assert learned == ["WALKING", "STANDING", "HOPPING"]
    shares = np.array([[*answer.probabilities.values()] for answer in expected])
    for answers in before:
        assert_allclose(shares_of(answers), shares[:n_before], 1e-6)
    assert_allclose(shares_of(after[1]), shares[n_before:], 1e-6)
    opposite = np.column_stack([shares[:, ::-1], np.zeros(len(shares))])
    assert_allclose(shares_of(after[0]), opposite[n_before:], 1e-6)
    assert [*after[0][0]["probabilities"]] == learned
    # Windows and filters went on.
    starts = [answer.start_s for answer in expected[n_before:]]
    assert_allclose([answer["start_s"] for answer in after[0]], starts)
    assert {answer["state"] for answer in after[0]} == {"STANDING"}
    # The same page after a lost connection.
    assert_allclose(shares_of(again), opposite[:1], 1e-6)


ROWS = [[0, 0, 0, 1, 0, 0, 0]]
ROWS_AT_50_HZ = [[number / 50, 0, 0, 1, 0, 0, 0] for number in range(21)]
HOSTILE = {
    "malformed": (b"{", "message: found no JSON"),
    "nested": (b"[" * 100_000, "message: found no JSON"),
    "another object": ({"samples": []}, "message: found"),
    "no lists": ({**TAUGHT, "samples": 1}, "message: found samples 1"),
    "unequal": ({**TAUGHT, "labels": []}, "message: found samples"),
    "nothing": ({**TAUGHT, "samples": [], "labels": []}, "recording: found nothing labelled"),
    "unlabelled": ({**TAUGHT, "labels": ["", " "]}, "recording: found nothing labelled"),
    "numbers for names": ({**TAUGHT, "labels": [1, []]}, "labels: found what is no text"),
    "control": ({**TAUGHT, "labels": ["a\nb", "c"]}, "name: found 'a\\nb'"),
    "long": ({**TAUGHT, "labels": ["a", "b" * 61]}, "name: found"),
    "nobody": ({**TAUGHT, "subject": " "}, "subject: found ' '"),
    "no gyroscope": ({**TAUGHT, "samples": [[0, 0, 0, 1]] * 2}, "sample: found"),
    "infinite": ({**TAUGHT, "samples": [[0, 0, 0, 1e999, 0, 0, 0]] * 2}, "message: found no"),
    "enormous": ({**TAUGHT, "samples": [[0, 0, 0, 1e300, 0, 0, 0]] * 2}, "sample: found"),
    "years": ({**TAUGHT, "samples": [*ROWS, [1e10, 0, 0, 1, 0, 0, 0]]}, "recording: found 1000000"),
    "many": (
        {**TAUGHT, "samples": ROWS_AT_50_HZ, "labels": [f"A{n}" for n in range(21)]},
        "labels: found 21 activities, expected at most 20",
    ),
    "half an hour": (
        {**TAUGHT, "samples": [*ROWS, [1801, 0, 0, 1, 0, 0, 0]]},
        "recording: found 1801 s of activities, expected at most 900",
    ),
    "doubt": ({**TAUGHT, "labels": ["", "UNKNOWN"]}, "labels: found UNKNOWN"),
    "a long list": ([ROWS[0]] * 9, "message: found a list of 9, expected"),
    "long lists": (
        {**TAUGHT, "samples": ROWS * 1000},
        "message: found samples a list of 1000 and labels a list of 2, expected",
    ),
    "a long row": ({**TAUGHT, "samples": [[0] * 9] * 2}, "sample: found a list of 9, expected"),
    "back": ({**TAUGHT, "samples": [[1, 0, 0, 1, 0, 0, 0], *ROWS]}, "recording: found times that"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_recording_is_one_line_and_the_stream_goes_on(server, name):
    body, expected = HOSTILE[name]

    async def converse():
        async with connected(server, key=KEY[::-1]) as phone:
            await send_rows(phone, rows_of(a_walk(3)[:100]))
            refused = await posted(server, body, key=KEY[::-1])
            await send_rows(phone, rows_of(a_walk(3)[100:], 100))
            return refused, await messages(phone, "answer", 1)

    refused, answers = asyncio.run(converse())
    assert refused.status_code == 400
    assert refused.text.startswith(expected)
    assert refused.text.count("\n") == 1 and len(refused.text) < 500
    assert_allclose(answers[0]["probability"], expected_answers(a_walk(3))[0].probability)


def test_a_recording_beyond_the_bound_is_refused(server):
    async def converse():
        async with connected(server, key=KEY):
            return await posted(server, b" " * ((8 << 20) + 1), key=KEY)

    refused = asyncio.run(converse())
    assert (refused.status_code, refused.text) == (413, "body: found more than 8,388,608 bytes\n")


def test_without_the_token_and_from_another_page_nothing_is_taught(server):
    address = f"http://127.0.0.1:{server.port}/teach?key={KEY}"
    assert requests.post(address, b"{}", timeout=PATIENCE_S).status_code == 403
    foreign = {"Origin": "http://evil.example"}
    address = server.address("teach", key=KEY)
    assert requests.post(address, b"{}", headers=foreign, timeout=PATIENCE_S).status_code == 403
    assert requests.get(address, timeout=PATIENCE_S).status_code == 405


@pytest.mark.parametrize("query", [{}, {"key": "x"}, {"key": "f" * 32}])
def test_only_a_phone_that_sends_now_can_teach(server, query):
    async def converse():
        # A phone without a key cannot be taught by a request without one.
        async with connected(server):
            return await posted(server, TAUGHT, **query)

    refused = asyncio.run(converse())
    assert refused.status_code == 409
    assert "found none with this key that sends now" in refused.text


def test_each_phone_waits_for_its_own_end_and_few_wait_at_all():
    may_go_on = threading.Event()

    def teach(recording):
        may_go_on.wait(PATIENCE_S)
        return taught_by(recording)

    async def converse(server):
        keys = [f"{number:032x}" for number in range(3)]
        async with connected(server, key=keys[0]), connected(server, key=keys[1]):
            async with connected(server, key=keys[2]):
                wait_until(lambda: len(names_of(server)) == 3)
                first = asyncio.create_task(posted(server, TAUGHT, key=keys[0]))
                await asyncio.to_thread(wait_until, lambda: server.server._teaching._busy)
                again = await posted(server, TAUGHT, key=keys[0])
                second = asyncio.create_task(posted(server, TAUGHT, key=keys[1]))
                await asyncio.to_thread(wait_until, lambda: len(server.server._teaching._busy) == 2)
                third = await posted(server, TAUGHT, key=keys[2])
                may_go_on.set()
                done = [await first, await second, await posted(server, TAUGHT, key=keys[2])]
                return again, third, done

    limits = replace(HURRIED, n_teaching=2)
    with served(replace(a_model(), teach=teach), limits) as server:
        again, third, done = asyncio.run(converse(server))
    assert again.status_code == third.status_code == 409
    assert "this phone teaching already" in again.text
    assert "2 phones teaching, expected fewer" in third.text
    assert [each.status_code for each in done] == [200] * 3


def test_the_end_of_the_server_waits_for_nobody_who_learns():
    may_go_on, has_begun = threading.Event(), threading.Event()

    def teach(recording):
        has_begun.set()
        may_go_on.wait()
        return taught_by(recording)

    async def converse(server):
        async with connected(server, key=KEY):
            asking = asyncio.create_task(posted(server, TAUGHT, key=KEY))
            await asyncio.to_thread(has_begun.wait, PATIENCE_S)
            (learning,) = [each for each in threading.enumerate() if each.name == "har-teaching"]
            stop.close()
            return learning, (await asyncio.gather(asking, return_exceptions=True))[0]

    try:
        with ExitStack() as stop:
            server = stop.enter_context(served(replace(a_model(), teach=teach), HURRIED))
            learning, answer = asyncio.run(converse(server))
        assert learning.is_alive() and learning.daemon
        assert not isinstance(answer, requests.Response) or answer.status_code == 500
    finally:
        may_go_on.set()


def test_of_many_phones_that_taught_the_newest_are_known():
    async def converse(server):
        answers = []
        keys = [f"{number:032x}" for number in range(3)]
        for key in keys:
            async with connected(server, key=key):
                await posted(server, TAUGHT, key=key)
        for key in keys:
            async with connected(server, key=key) as phone:
                await send_rows(phone, rows_of(a_walk(3)))
                answers += await messages(phone, "answer", 1)
        return answers

    limits = replace(HURRIED, n_taught=2)
    with served(replace(a_model(), teach=taught_by), limits) as server:
        answers = asyncio.run(converse(server))
    assert [len(each["probabilities"]) for each in answers] == [2, 3, 3]


def test_what_cannot_be_learned_is_one_line_and_a_fault_harms_nobody(caplog):
    errors = [DataError("found 2 windows, expected more"), ZeroDivisionError("no luck")]

    def teach(_recording):
        raise errors.pop(0)

    async def converse(server):
        async with connected(server, key=KEY) as phone:
            refused = [await posted(server, TAUGHT, key=KEY) for _ in range(2)]
            await send_rows(phone, rows_of(a_walk(3)))
            return refused, await messages(phone, "answer", 1)

    with served(replace(a_model(), teach=teach)) as server:
        refused, _ = asyncio.run(converse(server))
    assert [each.status_code for each in refused] == [400, 500]
    assert [each.text for each in refused] == [
        "found 2 windows, expected more\n",
        "a fault of har\n",
    ]


def test_a_model_that_cannot_learn_says_so_and_its_page_has_no_button():
    async def converse(server):
        async with connected(server, key=KEY):
            return await posted(server, TAUGHT, key=KEY)

    with served() as server:
        refused = asyncio.run(converse(server))
        page = requests.get(server.address(""), timeout=PATIENCE_S).text
    assert (refused.status_code, refused.text[:22]) == (409, "teach: found a model t")
    assert '"can_teach": false' in page and 'id="teach"' not in page


@pytest.mark.parametrize(
    ("upright", "n_live"), [("y", 200), ("auto", len(POUCH))], ids=["named", "measured"]
)
def test_a_recording_is_turned_as_the_stream_of_its_phone_is(upright, n_live):
    learned_from, turned = [], []

    def teach(recording):
        learned_from.append(recording)
        return taught_by(recording)

    async def converse(server):
        async with connected(server, key=KEY) as phone:
            early = await posted(server, taught, key=KEY)
            await send_rows(phone, rows_of(POUCH[:n_live]), 100)
            await messages(phone, "answer", 1)
            (stream,) = server.server.streams
            wait_until(lambda: not stream.live.wearing.awaits_turn)
            said = await posted(server, taught, key=KEY)
            turned.append(stream.live.wearing.turn.of(POUCH, RAW_CHANNELS))
            return early, said

    taught = {"subject": "Ada", "samples": rows_of(POUCH), "labels": ["WALKING"] * len(POUCH)}
    model = replace(a_model(), teach=teach, upright=upright)
    with served(model, HURRIED) as server:
        early, said = asyncio.run(converse(server))
    assert said.status_code == 200
    if upright == "auto":
        assert early.status_code == 409
        assert "no direction of the phone yet" in early.text
    assert len(learned_from) == (1 if upright == "auto" else 2)
    assert_allclose(learned_from[-1].samples[:, 1:], turned[0], atol=1e-6)
    assert_allclose(learned_from[-1].samples[:, 0], np.arange(len(POUCH)) / 50)
    assert learned_from[-1].samples[:, 1].mean() > 0.95


# A trained run.


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    people = made_once(tmp_path_factory, "people", write_people)
    folder = made_once(tmp_path_factory, "with_summary", lambda folder: train_on(people, folder))
    return serve._load(folder, "cpu", "markov", 0, 0.0, None)


def hopping(length_s, seed=0):
    """Return a movement that none of the made-up people knows, shape (n_samples, 6)."""
    time_s = np.arange(length_s * 50) / 50
    samples = np.random.default_rng(seed).normal(0, 0.01, (len(time_s), 6))
    samples += np.sin(2 * np.pi * 3.1 * time_s)[:, None] * [0.1, 0.1, 0.9, 0.1, 0.2, 2.0]
    samples[:, 1] -= 1
    return samples


def recording_of(parts):
    samples = np.concatenate([part for _, part in parts])
    labels = [name for name, part in parts for _ in part]
    return {"subject": "Ada", "samples": rows_of(samples), "labels": labels}


def test_a_new_activity_is_told_from_then_on_by_the_phone_that_taught_it(trained):
    still = np.random.default_rng(1).normal(0, 0.01, (25 * 50, 6)) + [1, 0, 0, 0, 0, 0]
    taught = recording_of([("STANDING", still), ("HOPPING", hopping(70))])
    later = hopping(12, seed=5)

    async def converse(server):
        async with connected(server, key=KEY) as teaching, connected(server) as other:
            said = await posted(server, taught, key=KEY)
            for phone in (teaching, other):
                await send_rows(phone, rows_of(later), 100)
            return said, await messages(teaching, "answer", 8), await messages(other, "answer", 8)

    with served(trained, HURRIED) as server:
        assert '"can_teach": true' in requests.get(server.address(""), timeout=PATIENCE_S).text
        said, answers, others = asyncio.run(converse(server))
    assert said.status_code == 200, said.text
    words = said.json()["words"]
    assert words.startswith("Learned from these windows of Ada: ")
    assert "Standing 18" in words and "Hopping 53 (new)" in words and "were right before" in words
    assert {answer["activity"] for answer in answers} == {"HOPPING"}
    assert answers[-1]["state"] == "HOPPING"
    expected = expected_answers(later, trained)
    assert_allclose(
        [answer["probability"] for answer in others], [e.probability for e in expected], 1e-4
    )


def test_nothing_is_read_before_somebody_teaches(trained, tmp_path):
    teach = Teacher(tmp_path / "nothing here", trained)
    with refused(RunError, "nothing here"):
        teach(recording_in(json.dumps(TAUGHT).encode(), 6))


def test_what_is_too_short_is_one_line_without_a_file(trained):
    def refused(message):
        async def converse():
            async with connected(server, key=KEY):
                return await posted(server, message, key=KEY)

        found = asyncio.run(converse())
        assert found.status_code == 400
        return found.text

    with served(trained, HURRIED) as server:
        line = refused(recording_of([("HOPPING", hopping(20))]))
        assert "activity 'HOPPING': found" in line and "or more" in line
        line = refused(recording_of([("STANDING", hopping(2))]))
        assert "recording.csv" not in line and "/" not in line
        message = recording_of([("STANDING", hopping(12))])
        message["samples"] = [[0.5, *row[1:]] for row in message["samples"]]
        line = refused(message)
        assert line.startswith("recording, column 'time_s': 600 samples share a stamp")
        assert "--" not in line and "/" not in line


# The page.


def wait_in(browser, condition):
    """Wait until an expression of JavaScript is true."""
    browser.set_script_timeout(PATIENCE_S)
    browser.execute_async_script(
        "const done = arguments[0];"
        f"const look = () => ({condition}) ? done() : setTimeout(look, 20); look();"
    )


def taught_in(browser):
    return browser.find_element("id", "taught").text


@pytest.mark.browser
def test_a_page_records_teaches_and_shows_the_new_activity(browser, server):
    walk = a_walk(12)
    browser.get("about:blank")
    browser.get_log("browser")
    browser.get(server.address(""))
    button = browser.find_element("id", "teach")
    assert button.text == "Teach me" and not button.is_enabled()
    start(browser)
    wait_in(browser, "app.model.socket && app.model.socket.readyState === 1")
    browser.find_element("id", "person").send_keys("Ada")
    browser.find_element("id", "record").click()
    browser.find_element("id", "new-label").send_keys("HOPPING")
    browser.find_element("id", "add-label").click()
    play(browser, walk[:300])
    browser.find_element("id", "record").click()
    assert button.is_enabled()
    button.click()
    wait_in(browser, "!app.isTeaching")
    assert taught_in(browser) == "Learned of Ada."
    assert browser.find_element("id", "taught").get_attribute("role") == "status"
    wait_in(browser, "heard.answers.length >= 3")
    browser.execute_script("heard.answers.length = 0")
    play(browser, walk[300:], start_s=106)
    wait_in(browser, "heard.answers.length >= 3")
    rows = browser.execute_script(
        "return [...document.querySelectorAll('#shares dt')].map((row) => row.textContent)"
    )
    assert rows == ["Walking", "Standing", "Hopping"]
    assert violations(browser) == {}
    answers, _ = stop(browser)
    assert {*answers[-1]["probabilities"]} == {"WALKING", "STANDING", "HOPPING"}
    assert not button.is_enabled()
    assert browser.get_log("browser") == []


@pytest.mark.browser
def test_a_page_says_why_nothing_was_learned_and_goes_on(browser):
    def teach(_recording):
        raise DataError("found 2 windows, expected more")

    with served(replace(a_model(), teach=teach), HURRIED) as server:
        browser.get(server.address(""))
        start(browser)
        browser.find_element("id", "person").send_keys("Ada")
        browser.find_element("id", "record").click()
        browser.execute_script("app.press('WALKING')")
        play(browser, a_walk(6))
        wait_in(browser, "heard.answers.length >= 3")
        browser.execute_script("app.toggleRecording()")
        browser.find_element("id", "teach").click()
        wait_in(browser, "!app.isTeaching")
        assert taught_in(browser) == "Nothing was learned: found 2 windows, expected more"
        play(browser, a_walk(6), start_s=106)
        wait_in(browser, "heard.answers.length >= 7")
        stop(browser)
