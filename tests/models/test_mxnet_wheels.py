from __future__ import annotations

import platform
import sysconfig

import pytest

from har.models.mxnet_wheels import how_to_get_mxnet, missing_libraries


@pytest.fixture
def machine(monkeypatch):
    """Pretend to be on another machine."""

    def pretend(processor, host="x86_64-pc-linux-gnu"):
        monkeypatch.setattr(platform, "machine", lambda: processor)
        monkeypatch.setattr(sysconfig, "get_config_var", {"HOST_GNU_TYPE": host}.get)

    return pretend


@pytest.mark.parametrize("processor", ["x86_64", "aarch64"])
def test_where_there_is_a_wheel_the_command_is_said(machine, processor):
    machine(processor)
    assert how_to_get_mxnet().endswith("add it with: pip install --no-deps mxnet==1.9.1")


@pytest.mark.parametrize(
    ("processor", "host", "found"),
    [
        ("x86_64", "x86_64-alpine-linux-musl", "found a system with musl"),
        ("aarch64", "aarch64-unknown-linux-musl", "found a system with musl"),
        ("riscv64", "riscv64-unknown-linux-gnu", "found a processor riscv64"),
    ],
)
def test_where_there_is_none_it_is_said_what_was_found_and_what_is_possible(
    machine, processor, host, found
):
    machine(processor, host)
    message = how_to_get_mxnet()
    assert found in message and "train on Linux with glibc" in message
    assert "pip install" not in message and "\n" not in message


def test_a_missing_library_is_named_by_processor(machine):
    machine("x86_64")
    assert missing_libraries().endswith("apt-get install libgomp1 libquadmath0")
    machine("aarch64")
    assert "Arm Performance Libraries" in missing_libraries()
