"""Phones and viewers on a real server: the library's answers, and each bound."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import replace

import pytest
from served import (
    a_model,
    a_walk,
    client,
    connected,
    ending_of,
    exceptions,
    expected_answers,
    messages,
    names_of,
    rows_of,
    send_rows,
    served,
    wait_until,
)

from har.serve.limits import Limits

FEW = Limits(n_streams=2, samples_per_s=100, n_burst=500, messages_per_s=20, idle_s=600)


@pytest.fixture(scope="module")
def server():
    with served() as running:
        yield running


def run(conversation):
    return asyncio.run(conversation)


def test_a_phone_is_told_what_the_library_says(server):
    walk = a_walk()

    async def converse():
        async with connected(server) as socket:
            await send_rows(socket, rows_of(walk))
            return await messages(socket, "answer", len(expected_answers(walk)))

    for said, expected in zip(run(converse()), expected_answers(walk), strict=True):
        assert said["activity"] == expected.activity
        assert said["start_s"] == pytest.approx(expected.start_s)
        assert said["state_probability"] == pytest.approx(expected.state_probability)
        assert said["probabilities"] == pytest.approx(expected.probabilities)
        assert said["warming_up"] == expected.warming_up


def test_phones_at_another_rate_are_interpolated(server):
    walk = a_walk(16)
    rows = [[number / 100, *row] for number, row in enumerate(walk.tolist())]

    async def converse():
        async with connected(server) as socket:
            await send_rows(socket, rows, 20)
            return await messages(socket, "answer", 3), await asyncio.sleep(0)

    assert [said["start_s"] for said in run(converse())[0]] == pytest.approx([0, 1.28, 2.56])


def test_each_of_many_phones_is_told_what_it_would_be_alone(server):
    walks = [a_walk(seed=seed) for seed in range(8)]

    async def phone(walk):
        async with connected(server) as socket:
            await send_rows(socket, rows_of(walk))
            return await messages(socket, "answer", len(expected_answers(walk)))

    async def converse():
        return await asyncio.gather(*map(phone, walks))

    for said, walk in zip(run(converse()), walks, strict=True):
        expected = [answer.probability for answer in expected_answers(walk)]
        assert [answer["probability"] for answer in said] == pytest.approx(expected)


def test_a_viewer_sees_samples_answers_and_notes_from_before_too(server):
    walk = a_walk()

    async def converse():
        async with connected(server, name="Ada") as phone:
            await send_rows(phone, rows_of(walk[:200]))
            first = await messages(phone, "answer", 2)
            async with connected(server, "watch", stream="Ada") as viewer:
                notes = await messages(viewer, "note", 1)
                before = await messages(viewer, "answer", 2)
                await send_rows(phone, rows_of(walk[200:], 200))
                samples = (await messages(viewer, "samples", 1))[0]["samples"]
                await phone.close()
                return first, notes, before, samples, await ending_of(viewer)

    first, notes, before, samples, (code, reason) = run(converse())
    assert before == first
    assert "as declared" in notes[0]["note"]["text"]
    assert samples[0] == pytest.approx([4.0, *walk[200]], abs=1e-5)
    assert (code, reason) == (1001, "the phone has left")


def test_a_stream_that_is_not_there_is_named(server):
    async def converse():
        async with connected(server, "watch", stream="Bob") as viewer:
            return await ending_of(viewer)

    assert run(converse()) == (4404, "stream: found none named 'Bob'")


def test_names_are_printable_short_and_each_is_there_once(server):
    async def converse():
        async with connected(server, name="\x1b" + "x" * 100) as one:
            async with connected(server, name="\x1b" + "x" * 100) as other:
                await send_rows(one, rows_of(a_walk(2)))
                await send_rows(other, rows_of(a_walk(2)))
                await messages(other, "note", 1)
                return names_of(server)

    names = run(converse())
    assert len(set(names)) == 2
    assert all(name.isprintable() and len(name) <= 45 for name in names)


HOSTILE = {
    "malformed": ("{", 1007, "message: found no JSON"),
    "bytes": (b"\x00\xff", 1007, "message: found bytes"),
    "not numbers": ('{"samples": [[0, 0, 0, "x", 0, 0, 0]]}', 1007, "sample: found"),
    "oversized": ("x" * (1 << 17), 1009, ""),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_phone_is_cut_off_with_a_reason_and_harms_no_other(server, name):
    sent, code, reason = HOSTILE[name]
    walk = a_walk()

    async def converse():
        async with connected(server) as good, connected(server) as hostile:
            await send_rows(good, rows_of(walk[:200]))
            await hostile.send(sent)
            end = await ending_of(hostile)
            await send_rows(good, rows_of(walk[200:], 200))
            return end, await messages(good, "answer", len(expected_answers(walk)))

    (ended, why), said = run(converse())
    assert ended == code
    assert why.startswith(reason)
    expected = [answer.probability for answer in expected_answers(walk)]
    assert [answer["probability"] for answer in said] == pytest.approx(expected)


def flood_of_samples(socket):
    return send_rows(socket, rows_of(a_walk(20)), 200)


async def flood_of_messages(socket):
    for _ in range(300):
        await socket.send('{"samples": []}')


@pytest.mark.parametrize("flood", [flood_of_samples, flood_of_messages])
def test_a_flooding_phone_is_cut_off_and_harms_no_other(flood):
    walk = a_walk(4)

    async def converse(server):
        async with connected(server) as good, connected(server) as hostile:
            await send_rows(good, rows_of(walk[:100]), 20)
            with suppress(exceptions.ConnectionClosed):
                await flood(hostile)
            end = await ending_of(hostile)
            await send_rows(good, rows_of(walk[100:], 100), 20)
            return end, await messages(good, "answer", len(expected_answers(walk)))

    with served(limits=FEW) as server:
        (code, reason), said = run(converse(server))
        wait_until(lambda: not names_of(server))
    assert code == 1008
    assert "found more than" in reason
    assert len(said) == len(expected_answers(walk))


def test_one_phone_more_than_are_allowed_is_told_so_until_another_leaves():
    async def converse(server):
        async with connected(server), connected(server):
            async with connected(server) as third:
                refused = await ending_of(third)
        wait_until(lambda: not names_of(server))
        async with connected(server) as again:
            await send_rows(again, rows_of(a_walk(3)))
            return refused, await messages(again, "answer", 1)

    with served(limits=FEW) as server:
        (code, reason), _ = run(converse(server))
    assert (code, reason) == (1013, "streams: found 2, expected at most 2 at once")


def test_a_phone_that_sends_no_samples_is_let_go():
    async def converse(server):
        async with connected(server) as socket:
            await socket.send('{"samples": []}')
            return await ending_of(socket)

    with served(limits=replace(Limits(), idle_s=0.2)) as server:
        code, reason = run(converse(server))
    assert code == 4408
    assert "found no sample" in reason


def test_a_viewer_that_does_not_read_is_cut_off():
    async def converse(server):
        async with connected(server, name="Ada") as phone:
            await send_rows(phone, rows_of(a_walk(4)))
            await messages(phone, "answer", 1)
            stream = server.server.streams.get("Ada")
            async with connected(server, "watch", stream="Ada") as viewer:
                await messages(viewer, "note", 1)
                (box,) = stream.viewers
                for _ in range(10):
                    box.put("x")
                return await ending_of(viewer)

    with served(limits=replace(Limits(), n_unsent=5)) as server:
        code, reason = run(converse(server))
    assert code == 1013
    assert "unread" in reason


def test_a_fault_of_the_network_ends_its_streams_and_not_the_server(caplog):
    is_broken = [True]

    def predict(windows):
        if is_broken:
            raise ZeroDivisionError("no luck")
        return a_model().predict(windows)

    async def converse(server):
        async with connected(server) as first:
            await send_rows(first, rows_of(a_walk(4)))
            end = await ending_of(first)
        is_broken.clear()
        async with connected(server) as second:
            await send_rows(second, rows_of(a_walk(4)))
            return end, await messages(second, "answer", 1)

    with served(replace(a_model(), predict=predict)) as server:
        (code, reason), _ = run(converse(server))
    assert code == 1011
    assert reason.startswith("this is a fault of har: ZeroDivisionError: no luck")
    assert "a stream ends" in caplog.text


def test_without_the_token_and_from_another_page_no_socket_opens():
    async def converse(server):
        statuses = []
        for address, origin in (
            (f"ws://127.0.0.1:{server.port}/live", None),
            (server.address("live", "ws"), "http://evil.example"),
            (server.address("watch", "ws"), "http://evil.example"),
        ):
            with pytest.raises(exceptions.InvalidStatus) as refused:
                async with client.connect(address, origin=origin):
                    pass
            statuses.append(refused.value.response.status_code)
        async with client.connect(
            server.address("live", "ws"), origin=f"http://127.0.0.1:{server.port}"
        ) as socket:
            await send_rows(socket, rows_of(a_walk(3)))
            await messages(socket, "answer", 1)
        return statuses

    with served(token="secret") as server:
        assert run(converse(server)) == [403, 403, 403]


def test_a_second_without_a_gyroscope_is_refused_with_what_is_needed(server):
    async def converse():
        async with connected(server) as socket:
            await socket.send(json.dumps({"samples": [[0, 0, 0, 1]]}))
            return await ending_of(socket)

    code, reason = run(converse())
    assert code == 1007
    assert "gyro_x" in reason
