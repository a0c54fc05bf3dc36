"""Whether an answer to an input is right: a value, or one printable line that refuses it."""

from __future__ import annotations

import logging
import re
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import har
from har.errors import HarError

# Characters of a refusal, and of what is logged.
LONGEST_LINE = 500
_LONGEST_LOG = 1000
_PACKAGE = str(Path(har.__file__).parent)
_PARTICULARS = re.compile(r"'[^']*'|\"[^\"]*\"|/\S+|\d[\d.,e+-]*")


class WrongAnswerError(Exception):
    """A reader returned what it must not, such as samples that are no numbers."""


class TooLongError(BaseException):
    """An input took more processor time than it may; no reader may catch this."""


@dataclass(frozen=True)
class Verdict:
    """What came of an input.

    Parameters
    ----------
    kind : {'accepted', 'refused', 'traceback', 'message', 'value', 'memory', 'hang', 'death'}
        The first two are right, all others are findings.
    words : str
        The refusal, or what is wrong; of an accepted input, anything that is special about it.
    place : str
        Line of the package from which an exception came.
    n_warnings : int
        Number of Python's warnings, which are no finding.
    """

    kind: str
    words: str
    place: str = ""
    n_warnings: int = 0

    @property
    def is_right(self) -> bool:
        """Whether this is no finding."""
        return self.kind in ("accepted", "refused")

    @property
    def signature(self) -> str:
        """What verdicts of the same cause have in common."""
        words = _PARTICULARS.sub("", self.words)[:80]
        return f"{self.kind} {self.place or words}" if not self.is_right else f"{self.kind} {words}"


class _Listener(logging.Handler):
    """Notes what is logged that a terminal should not get."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.complaint: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Look at a message."""
        self.complaint = self.complaint or complaint_about(record.getMessage(), _LONGEST_LOG)


def complaint_about(line: str, longest: int = LONGEST_LINE) -> str | None:
    """Return what is wrong with a line for a terminal, if anything is."""
    if not line.isprintable():
        return f"found unprintable characters in {ascii(line[:200])}"
    if len(line) > longest:
        return f"found {len(line)} characters in {line[:100]!r}…"
    return None if line else "found an empty message"


def judge(read: Callable[[Path], str | None], folder: Path) -> Verdict:
    """Let a reader read an input, and judge its answer.

    Parameters
    ----------
    read : callable
        Function that reads the input in a folder; it may return what is special about it.
    folder : Path
        Folder with the input.

    Returns
    -------
    Verdict
    """
    listener, package = _Listener(), logging.getLogger("har")
    package.addHandler(listener)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            # MXNet's own.
            warnings.filterwarnings("ignore", message="Please import `csr_matrix`")
            verdict = _judged(read, folder)
    finally:
        package.removeHandler(listener)
    if verdict.is_right and listener.complaint:
        verdict = Verdict("message", listener.complaint)
    return Verdict(verdict.kind, verdict.words, verdict.place, len(warned))


def _judged(read: Callable[[Path], str | None], folder: Path) -> Verdict:
    try:
        return Verdict("accepted", read(folder) or "")
    except WrongAnswerError as error:
        return Verdict("value", str(error))
    except HarError as error:
        if _ran_out_of_memory(error):
            return Verdict("memory", f"refused after a MemoryError: {error}", _place_of(error))
        complaint = complaint_about(str(error))
        return Verdict("message", complaint) if complaint else Verdict("refused", str(error))
    except TooLongError as error:
        return Verdict("hang", "too long", _place_of(error))
    except Exception as error:
        kind = "memory" if _ran_out_of_memory(error) else "traceback"
        words = "".join(traceback.format_exception_only(type(error), error)).strip()
        return Verdict(kind, words[:300], f"{type(error).__name__} {_place_of(error)}")
    except (SystemExit, KeyboardInterrupt) as error:
        return Verdict("traceback", repr(error), f"{type(error).__name__} {_place_of(error)}")


def _ran_out_of_memory(error: BaseException | None) -> bool:
    """Return whether an error came of memory that was asked for and not there."""
    while error is not None:
        if isinstance(error, MemoryError) and not _is_of_pythons_parser(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _is_of_pythons_parser(error: MemoryError) -> bool:
    """Return whether brackets are nested too deep for Python, which says so in this way."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and frames[-1].filename.endswith(("/ast.py", "/tokenize.py"))


def _place_of(error: BaseException) -> str:
    """Return the innermost line of the package in an error's traceback, or else of all."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if frame.filename.startswith(_PACKAGE)] or frames
    if not inside:
        return ""
    name = inside[-1].filename.removeprefix(_PACKAGE).lstrip("/")
    return f"{name}:{inside[-1].lineno} {inside[-1].name}"


def raise_too_long(_signal: int, _frame: FrameType | None) -> None:
    """End what takes too long, as a signal handler."""
    raise TooLongError
