"""Everything a user can get wrong, as one tree of exceptions.

::

    HarError
    ├── ConfigError      a recipe or a setting
    │   └── UsageError   a setting or option given on the command line
    ├── DataError        a file, a folder or an array of signals
    ├── DeviceError      a processor that is not available
    ├── RunError         a run folder
    └── Interrupted      work stopped by Ctrl-C or SIGTERM, after what was done had been kept

`Terminated` is no `HarError`: the command line raises it for SIGTERM, as Python raises
`KeyboardInterrupt` for Ctrl-C.

Each message is one printable line that names the place, what was found there and what was expected.
The command line prints it after ``har:`` and exits with the error's `exit_status`.

What a message repeats of a file or a command line goes through `quoted`, `listed` or `reason_of`:
it may be long, and may hold control characters that a terminal obeys.
"""

from __future__ import annotations

import errno
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

# The name on a package index.
DISTRIBUTION = "gluon-har"

# Characters of a message; enough for a path and a list of names.
LONGEST_MESSAGE = 500
_LONGEST_QUOTE = 40
_LONGEST_REASON = 120
_N_LISTED = 8

# What ends a program: Ctrl-C, service managers and batch systems, a terminal that closes.
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


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


def printable(text: str) -> str:
    """Return text with its control and other unprintable characters as escapes, in one line."""
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in text
    )


def shortened(text: str, n_characters: int) -> str:
    """Return text without its middle if it has more characters than that."""
    if len(text) <= n_characters:
        return text
    n_last = (n_characters - 1) // 3
    return f"{text[: n_characters - 1 - n_last]}…{text[len(text) - n_last :]}"


def quoted(value: object) -> str:
    """Return what a file or a command line holds for a message: in quotes, printable, short.

    Parameters
    ----------
    value : object
        Text, or a value that was parsed; numbers and the like stand without quotes.

    Returns
    -------
    str
        At most 40 characters and quotes.
    """
    if isinstance(value, str):
        # Before anything looks at all of it: it may be a whole file.
        text = printable(shortened(value, _LONGEST_QUOTE))
        return f"'{shortened(text, _LONGEST_QUOTE)}'"
    try:
        text = repr(value)
    except (RecursionError, ValueError):
        # Nested too deep, or a whole number of too many digits.
        text = type(value).__name__
    return shortened(printable(text), _LONGEST_QUOTE)


def listed(values: Iterable[object]) -> str:
    """Return values for a message, quoted; of many the first eight, and how many follow."""
    each = [quoted(value) for value in values]
    more = f" and {len(each) - _N_LISTED} more" if len(each) > _N_LISTED else ""
    return ", ".join(each[:_N_LISTED]) + more


def reason_of(error: BaseException) -> str:
    """Return what another library raised, as the words of a message that follow on "found"."""
    if isinstance(error, MemoryError):
        return "more than fits into memory"
    if isinstance(error, RecursionError):
        return "values nested too deep"
    words = (isinstance(error, OSError) and error.strerror) or str(error)
    text = " ".join(words[: 10 * _LONGEST_REASON].split()) or type(error).__name__
    return shortened(printable(text), _LONGEST_REASON)


class HarError(Exception):
    """Base of every error that a user of `har` can cause and can fix.

    Parameters
    ----------
    message : str
        One line; what is not printable in it is escaped, and of more than 500 characters the middle
        is left out.
    """

    exit_status = 1

    def __init__(self, message: str) -> None:
        super().__init__(shortened(printable(message), LONGEST_MESSAGE))


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


class Terminated(KeyboardInterrupt):
    """A signal that ends a process, raised in the main thread: all that obeys Ctrl-C obeys it.

    Parameters
    ----------
    number : int
        Number of the signal.
    """

    def __init__(self, number: int = signal.SIGTERM) -> None:
        super().__init__(number)
        self.number = number


def status_of(stop: KeyboardInterrupt) -> int:
    """Return the exit status that shells give to what a signal ended: 130 or 143."""
    return 128 + signal_of(stop)


def signal_of(stop: KeyboardInterrupt) -> int:
    """Return the number of the signal that raised this."""
    return stop.number if isinstance(stop, Terminated) else signal.SIGINT


class Interrupted(HarError):  # noqa: N818 (an interruption is no mistake)
    """Long work was stopped by a signal; the message tells what was kept, and where.

    Parameters
    ----------
    message : str
        One line, with the command that goes on.
    stop : KeyboardInterrupt, optional
        Interruption that was caught, which gives the exit status; by default that of Ctrl-C.
    """

    exit_status = 128 + signal.SIGINT

    def __init__(self, message: str, stop: KeyboardInterrupt | None = None) -> None:
        super().__init__(message)
        if stop is not None:
            self.exit_status = status_of(stop)


# What is wrong around the program, by the number of its error, and what is expected instead.
_SURROUNDINGS = {
    errno.ENOSPC: "enough free space",
    errno.EDQUOT: "enough free space",
    errno.EFBIG: "larger files to be allowed (ulimit -f)",
    errno.EIO: "a disk that works",
    errno.EROFS: "a place to write to",
    errno.EACCES: "it to be allowed",
    errno.EPERM: "it to be allowed",
    errno.ENOENT: "it to be there until the end",
    errno.ENOTDIR: "a folder",
    errno.EISDIR: "a file",
    errno.EMFILE: "more of them to be allowed (ulimit -n)",
    errno.ENFILE: "more of them to be allowed",
    errno.ENOMEM: "more memory",
    errno.EAGAIN: "more processes or threads to be allowed (ulimit -u)",
    errno.ESTALE: "it to be there until the end",
}


@contextmanager
def of_surroundings(place: str) -> Iterator[None]:
    """Turn what a disk or a limit of the system refuses in a block into a one-line error.

    Parameters
    ----------
    place : str
        Name of what failed, where the error names no file.

    Raises
    ------
    RunError
        If the block raises an `OSError` of such a kind. Others are not the surroundings' fault.
    """
    try:
        yield
    except OSError as error:
        expected = _SURROUNDINGS.get(error.errno or 0)
        if expected is None:
            raise
        name = place if error.filename is None else error.filename
        raise RunError(f"{name}: found {reason_of(error)}, expected {expected}") from error


@contextmanager
def parsing(
    place: object, expected: str, kind: type[HarError] = DataError, found: str = ""
) -> Iterator[None]:
    """Turn whatever another library's parser raises in a block into a one-line error.

    Parsers raise far more than they document. The block calls the parser, and nothing else.

    Parameters
    ----------
    place : object
        File or line that is parsed.
    expected : str
        Content that was expected there.
    kind : type of HarError
        Error to raise.
    found : str
        Words for what is damaged, which the parser's reason then follows in brackets.

    Raises
    ------
    HarError
        Of that kind, if the block raises anything but a `HarError`.
    """
    try:
        yield
    except HarError:
        raise
    except Exception as error:
        reason = reason_of(error)
        words = f"{found} ({reason})" if found else reason
        raise kind(f"{place}: found {words}, expected {expected}") from error
