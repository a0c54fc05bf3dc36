"""Parse a command line, run its verb, and end with an exit status."""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path

from har import __version__
from har.cli.parser import parse
from har.config import openmp_threads
from har.errors import HarError, Interrupted, reason_of

logger = logging.getLogger(__name__)

# Until an interrupt is repeated.
_DELAY_S = 0.01
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
        the program itself, 130 for Ctrl-C.
    """
    options = vars(parse(sys.argv[1:] if arguments is None else arguments))
    verb, log_file = options.pop("module"), options.pop("log_file")
    is_verbose, is_quiet = options.pop("verbose"), options.pop("quiet")
    with ExitStack() as handlers:
        handlers.enter_context(_logged_to(_terminal(is_verbose, is_quiet)))
        handlers.enter_context(_no_interrupt_lost())
        try:
            if log_file:
                handlers.enter_context(_logged_to(_file(log_file)))
            # OpenMP would end the interpreter.
            openmp_threads()
            # A verb's imports are paid for by that verb alone.
            import_module(f"har.cli.{verb}").run(**options)
        except HarError as error:
            logger.error("%s", error)
            return error.exit_status
        except KeyboardInterrupt:
            logger.error("interrupted")
            return Interrupted.exit_status
        except BrokenPipeError:
            # Whoever reads our output, such as head, has seen enough.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except MemoryError as error:
            logger.debug("%s", _traceback_of(error).rstrip())
            logger.error("%s", HarError(f"har {verb}: found {reason_of(error)}, expected {_LESS}"))
            return HarError.exit_status
        except Exception as error:
            logger.debug("%s", _traceback_of(error).rstrip())
            logger.error("%s", HarError(_fault_in_words(error)))
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
def _no_interrupt_lost() -> Iterator[None]:
    """Repeat a Ctrl-C that comes while an object is dropped: Python prints what is raised there.

    A training drops arrays all the time, and went on after one of some 400 interrupts.
    """
    hook = sys.unraisablehook

    def repeat(raised: sys.UnraisableHookArgs) -> None:
        if not issubclass(raised.exc_type, KeyboardInterrupt):
            hook(raised)
            return
        # By another thread: what is raised in this function is lost as well.
        main_thread = threading.main_thread().ident
        threading.Timer(_DELAY_S, signal.pthread_kill, (main_thread, signal.SIGINT)).start()

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
        """Raise what went wrong, as `print` does: a reader that has gone ends the command."""
        raise


def _terminal(is_verbose: bool, is_quiet: bool) -> logging.Handler:
    handler = _Terminal()
    handler.setLevel(logging.DEBUG if is_verbose else logging.WARNING if is_quiet else logging.INFO)
    return handler


def _file(path: Path) -> logging.Handler:
    """Open a file for all messages, to go on at its end."""
    # Loads pandas, for which not every verb has to wait.
    from har.files import writing_to

    with writing_to(path, "file"):
        handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.setLevel(logging.DEBUG)
    return handler
