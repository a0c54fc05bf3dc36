"""Parse a command line, run its verb, and end with an exit status."""

from __future__ import annotations

import io
import logging
import math
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import FrameType

from har import __version__
from har.cli.parser import parse
from har.config import openmp_threads
from har.errors import (
    ENDING_SIGNALS,
    HarError,
    Terminated,
    of_surroundings,
    reason_of,
    signal_of,
    status_of,
)

logger = logging.getLogger(__name__)

# Until an interrupt is repeated.
_DELAY_S = 0.01
# While what was done is being kept, another one of these changes nothing.
_WIND_UP_S = 10.0
_LESS = "less data, smaller batches or a smaller network"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line without the program's name; by default that of the process.

    Returns
    -------
    int
        Exit status: 0, 1 for what a user can mend, 2 for a wrong command line, 70 for a fault of
        the program itself, 130 for Ctrl-C, 143 for SIGTERM.
    """
    _open_streams()
    options = vars(parse(sys.argv[1:] if arguments is None else arguments))
    verb, log_file = options.pop("module"), options.pop("log_file")
    is_verbose, is_quiet = options.pop("verbose"), options.pop("quiet")
    with ExitStack() as handlers:
        handlers.enter_context(_logged_to(_terminal(is_verbose, is_quiet)))
        handlers.enter_context(_ended_by_signals())
        handlers.enter_context(_no_interrupt_lost())
        try:
            if log_file:
                handlers.enter_context(_logged_to(_file(log_file)))
            # OpenMP would end the interpreter.
            openmp_threads()
            with of_surroundings(f"har {verb}"):
                # A verb's imports are paid for by that verb alone.
                import_module(f"har.cli.verbs.{verb}").run(**options)
            _flush_output()
        except HarError as error:
            _tell(str(error))
            return error.exit_status
        except KeyboardInterrupt as stop:
            _tell("interrupted")
            return status_of(stop)
        except BrokenPipeError:
            # Whoever reads our output, such as head, has seen enough.
            _drop_output()
        except MemoryError as error:
            logger.debug("%s", _traceback_of(error).rstrip())
            _tell(str(HarError(f"har {verb}: found {reason_of(error)}, expected {_LESS}")))
            return HarError.exit_status
        except Exception as error:
            logger.debug("%s", _traceback_of(error).rstrip())
            _tell(str(HarError(_fault_in_words(error))))
            return os.EX_SOFTWARE
    return 0


def _fault_in_words(error: Exception) -> str:
    """Write the traceback of what nobody expected to a file, and return what to do with it."""
    what = f"this is a fault of har: {type(error).__name__}: {reason_of(error)}"
    try:
        with tempfile.NamedTemporaryFile(
            "w",
            prefix="har-fault-",
            suffix=".txt",
            encoding="utf-8",
            errors="replace",
            delete=False,
        ) as file:
            file.write(f"har {__version__}, Python {sys.version}, {sys.platform}\n")
            file.write(_traceback_of(error))
    except OSError as failed:
        return f"{what}; its traceback cannot be written: {reason_of(failed)}; --verbose shows it"
    return (
        f"{what}; the traceback is in {file.name}; please report it with that file as an issue of "
        "the project"
    )


def _traceback_of(error: Exception) -> str:
    return "".join(traceback.format_exception(error))


def _tell(message: str) -> None:
    """Show why a command ends, unless nobody can see it any longer."""
    with suppress(OSError):
        logger.error("%s", message)
    with suppress(HarError):
        _flush_output()


def _flush_output() -> None:
    """Write what was printed; a disk that is full is told here, not when the program ends."""
    try:
        with of_surroundings("standard output"):
            sys.stdout.flush()
    except HarError:
        _drop_output()
        raise


def _drop_output() -> None:
    """Let what could not be printed go nowhere: it would be tried again at the end."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open_streams() -> None:
    """Open what was closed of standard input, output and errors, and print every character."""
    for descriptor, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(descriptor)
        except OSError:
            # The next file would be taken for it; what is opened gets the lowest number.
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 (for good)
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")


@contextmanager
def _logged_to(handler: logging.Handler) -> Iterator[None]:
    """Send the messages of the package to a handler, too, while the block runs."""
    package = logging.getLogger("har")
    level, propagate = package.level, package.propagate
    package.addHandler(handler)
    package.setLevel(min(handler.level, level or handler.level))
    # Other packages may make the root logger write to the terminal, too.
    package.propagate = False
    try:
        yield
    finally:
        package.removeHandler(handler)
        package.setLevel(level)
        package.propagate = propagate
        handler.close()


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does; a signal that is ignored, as by nohup, stays so."""
    mine: list[int] = []
    # Only the main thread can set handlers; another program's own are left alone.
    if threading.current_thread() is threading.main_thread():
        # Ctrl-C has Python's handler.
        mine = [number for number in ENDING_SIGNALS if signal.getsignal(number) is signal.SIG_DFL]
    raiser = _Raiser()
    for number in mine:
        signal.signal(number, raiser)
    try:
        yield
    finally:
        for number in mine:
            signal.signal(number, signal.SIG_DFL)


class _Raiser:
    """Raises `Terminated`; once, since `timeout` and service managers send a signal twice."""

    def __init__(self) -> None:
        self._until_s = -math.inf

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if time.monotonic() < self._until_s:
            return
        self._until_s = time.monotonic() + _WIND_UP_S
        raise Terminated(number)

    def forget(self) -> None:
        """Raise again: what was raised got lost."""
        self._until_s = -math.inf


@contextmanager
def _no_interrupt_lost() -> Iterator[None]:
    """Repeat a signal that comes while an object is dropped: Python prints what is raised there.

    A training drops arrays all the time, and went on after one of some 400 interrupts.
    """
    hook = sys.unraisablehook

    def repeat(raised: sys.UnraisableHookArgs) -> None:
        if not isinstance(raised.exc_value, KeyboardInterrupt):
            hook(raised)
            return
        number = signal_of(raised.exc_value)
        handler = signal.getsignal(number)
        if isinstance(handler, _Raiser):
            handler.forget()
        # By another thread: what is raised in this function is lost as well.
        main_thread = threading.main_thread().ident
        threading.Timer(_DELAY_S, signal.pthread_kill, (main_thread, number)).start()

    sys.unraisablehook = repeat
    try:
        yield
    finally:
        sys.unraisablehook = hook


class _Terminal(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes plain lines to standard error, above a progress bar if there is one."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a message."""
        tqdm = sys.modules.get("tqdm")
        if tqdm is None:
            super().emit(record)
            return
        with tqdm.tqdm.external_write_mode(self.stream):
            super().emit(record)

    def format(self, record: logging.LogRecord) -> str:
        """Put the program's name before what is wrong."""
        prefix = "har: " if record.levelno >= logging.WARNING else ""
        return f"{prefix}{super().format(record)}"

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        """End the command if its reader has gone; a terminal that fails otherwise ends nothing."""
        if not isinstance(sys.exc_info()[1], OSError) or isinstance(
            sys.exc_info()[1], BrokenPipeError
        ):
            raise


class _LogFile(logging.FileHandler):
    """Writes to a file as long as that works; no work is lost for a log."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        """Go on without the file."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            raise
        logging.getLogger("har").removeHandler(self)
        logger.warning(
            "%s: found %s; no more is written to it", self.baseFilename, reason_of(error)
        )

    def close(self) -> None:
        """Close the file; what could not be written to it is lost."""
        with suppress(OSError):
            super().close()


def _terminal(is_verbose: bool, is_quiet: bool) -> logging.Handler:
    handler = _Terminal()
    handler.setLevel(logging.DEBUG if is_verbose else logging.WARNING if is_quiet else logging.INFO)
    return handler


def _file(path: Path) -> logging.Handler:
    """Open a file for all messages, to go on at its end."""
    # Loads pandas, for which not every verb has to wait.
    from har.files import writing_to

    with writing_to(path, "file"):
        handler = _LogFile(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.setLevel(logging.DEBUG)
    return handler
