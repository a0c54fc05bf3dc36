"""Where Apache MXNet 1.9.1 runs, and what to do where it does not.

Its last release has three wheels: for x86-64 and ARM with Linux and the GNU C library, and for
Intel's Macs, on which `har` is not tested. None asks for a version of Python.
"""

from __future__ import annotations

import platform
import sysconfig

_VERSION = "1.9.1"
_ARM = ("aarch64", "arm64")
_ELSEWHERE = "train on Linux with glibc (Debian, Ubuntu) and an x86-64 processor, or in a container"


def how_to_get_mxnet() -> str:
    """Return what to do where MXNet is not installed.

    Returns
    -------
    str
        One line: the command that installs it, or why there is none for this machine.
    """
    machine = platform.machine()
    if "musl" in (sysconfig.get_config_var("HOST_GNU_TYPE") or ""):
        return f"mxnet: found a system with musl, for which there is no MXNet; {_ELSEWHERE}"
    if machine not in ("x86_64", *_ARM):
        return f"mxnet: found a processor {machine}, for which there is no MXNet; {_ELSEWHERE}"
    # pip finds no numpy<2, which MXNet asks for and does not need, for Python 3.13.
    return (
        f"mxnet: found it not installed, expected MXNet {_VERSION}; "
        f"add it with: pip install --no-deps mxnet=={_VERSION}"
    )


def missing_libraries() -> str:
    """Return what to do where MXNet is installed, but not the libraries that its wheel needs.

    Returns
    -------
    str
        The rest of a line that names the library.
    """
    if platform.machine() in _ARM:
        return (
            "expected the Arm Performance Libraries, which MXNet's wheel for ARM needs: install "
            f"them and name their folder in LD_LIBRARY_PATH, or {_ELSEWHERE}"
        )
    return "expected the libraries it needs; on Debian: apt-get install libgomp1 libquadmath0"
