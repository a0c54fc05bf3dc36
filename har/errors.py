"""Everything a user can get wrong, as one tree of exceptions.

::

    HarError
    ├── ConfigError      a recipe or a setting
    │   └── UsageError   a setting or option given on the command line
    ├── DataError        a file, a folder or an array of signals
    ├── DeviceError      a processor that is not available
    ├── RunError         a run folder
    └── Interrupted      work stopped by Ctrl-C, after what was done had been kept

Each message is one line that names the place, what was found there and what was expected. The
command line prints it after ``har:`` and exits with the error's `exit_status`.
"""

# The name on a package index.
DISTRIBUTION = "gluon-har"


def install_command(extra: str) -> str:
    """Return the command that installs what an optional feature needs.

    Parameters
    ----------
    extra : str
        Name of an extra, as in ``setup.cfg``.

    Returns
    -------
    str
        Command line of pip.
    """
    return f"pip install '{DISTRIBUTION}[{extra}]'"


class HarError(Exception):
    """Base of every error that a user of `har` can cause and can fix."""

    exit_status = 1


class ConfigError(HarError):
    """A recipe is missing or unreadable, or has a wrong key, type or value."""


class UsageError(ConfigError):
    """A wrong command line: an unknown setting, or a value that does not fit it."""

    exit_status = 2


class DataError(HarError):
    """Signals, labels or subjects are missing, damaged or inconsistent."""


class DeviceError(HarError):
    """The requested processor is not on this machine, or this MXNet cannot use it."""


class RunError(HarError):
    """A run folder cannot be written, or a file in it is missing or damaged."""


class Interrupted(HarError):  # noqa: N818 (an interruption is no mistake)
    """Long work was stopped by Ctrl-C; the message tells what was kept, and where."""

    exit_status = 130  # as shells have it: 128 and the number of SIGINT
