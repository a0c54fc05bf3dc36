"""A reader of event files that works like TensorBoard's."""

from __future__ import annotations

import struct
from dataclasses import asdict

import pytest
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.record_writer import masked_crc32c


def events_in(file):
    """Read a file as TensorBoard does: length, its checksum, the event, its checksum."""
    content, events = file.read_bytes(), []
    while content:
        head, rest = content[:8], content[12:]
        (length,) = struct.unpack("<Q", head)
        assert struct.unpack("<I", content[8:12]) == (masked_crc32c(head),)
        assert struct.unpack("<I", rest[length : length + 4]) == (masked_crc32c(rest[:length]),)
        events.append(Event.FromString(rest[:length]))
        content = rest[length + 4 :]
    return events


def scalars_in(folder):
    """Read the values of a folder's only file, by tag and step."""
    (file,) = folder.iterdir()
    first, *events = events_in(file)
    assert first.file_version == "brain.Event:2"
    return {
        (value.tag, event.step): value.simple_value
        for event in events
        for value in event.summary.value
    }


def expected(history, part, *others):
    names = {"loss": f"{part}_loss", "accuracy": f"{part}_accuracy", **{o: o for o in others}}
    return {
        (tag, record.epoch): pytest.approx(asdict(record)[name])
        for record in history
        for tag, name in names.items()
    }
