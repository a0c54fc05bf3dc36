"""What is made once for all tests, also where pytest-xdist runs them in several processes."""

from __future__ import annotations

import fcntl
import os


def made_once(tmp_path_factory, name, make):
    """Return a folder after `make(folder)`; whoever asks first makes it, and the others wait."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder = base / name
    with (base / f"{name}.made").open("a+") as state:
        fcntl.flock(state, fcntl.LOCK_EX)
        state.seek(0)
        if not state.read():
            make(folder)
            state.write("made")
    return folder
