"""Independent jobs side by side: in processes of this machine, or on a Dask cluster."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky.backend import resource_tracker
from joblib.externals.loky.process_executor import TerminatedWorkerError

from har import __version__
from har.errors import ENDING_SIGNALS, RunError, UsageError, install_command

if TYPE_CHECKING:
    from distributed import Client

Result = TypeVar("Result")

_TIMEOUT_S = 30
# Between two looks of a worker at whether its parent is there.
_LOOK_S = 0.5
# Random numbers and MXNet belong to the whole process.
_ONE_AT_A_TIME = threading.Lock()


def n_processes(n_jobs: int, asked_for: int | None, n_threads: int = 1) -> int:
    """Return the number of worker processes: the one requested, else as many as cores allow."""
    n_at_most = asked_for or len(os.sched_getaffinity(0)) // n_threads
    return max(1, min(n_jobs, n_at_most))


def run_jobs(
    function: Callable[..., Result],
    jobs: Iterable[tuple[object, ...]],
    n_jobs: int = 1,
    *,
    shared: Sequence[object] = (),
    cluster: str | None = None,
) -> Iterator[Result]:
    """Call a function with the arguments of each job.

    Jobs run through joblib: without a cluster in worker processes, or on whatever
    ``joblib.parallel_config`` names around the call.

    Parameters
    ----------
    function : callable
        Function of a module that workers can import.
    jobs : iterable of tuple
        Arguments of each call, after those in `shared`.
    n_jobs : int
        Number of processes; with 1, this process does all jobs. A cluster decides for itself.
    shared : sequence
        First arguments of every call; a cluster gets them once. Memory maps reach other processes
        of this machine without being copied.
    cluster : str, optional
        Address of a Dask scheduler, ``tcp://host:port``.

    Yields
    ------
    object
        Result of each job as it ends, in any order.

    Raises
    ------
    UsageError
        If there is no such cluster, or its workers are of no use.
    RunError
        If worker processes are killed while they are at work.
    HarError
        If the function raises one.
    """
    with ExitStack() as context:
        if cluster is not None:
            context.enter_context(_on_cluster(cluster, shared))
        # Batches of one job, so that the caller can save each result at once.
        parallel = Parallel(
            # A cluster has as many workers as it has; joblib must only not take them for none.
            n_jobs=n_jobs if cluster is None else -1,
            batch_size=1,
            pre_dispatch="2 * n_jobs" if cluster is None else "all",
            return_as="generator_unordered",
        )
        try:
            calls = (delayed(_alone)(os.getpid(), function, *shared, *job) for job in jobs)
            has_workers = n_jobs > 1 and cluster is None
            with _signals_left_to_this_process() if has_workers else nullcontext():
                results = parallel(calls)
            yield from results
        except (TerminatedWorkerError, *_errors_of_cluster(cluster)) as error:
            lines = str(error).splitlines() or [type(error).__name__]
            raise RunError(
                f"jobs: found worker processes that were killed ({lines[0]}), expected them to "
                "last; out of memory? Fewer at a time need less (--jobs)"
            ) from error


@contextmanager
def _signals_left_to_this_process() -> Iterator[None]:
    """Let processes that start in the block ignore what a group of processes gets together.

    This process ends them when it is interrupted; they would print something.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
    try:
        # Some versions allow the signals again when they start it.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _alone(main_process: int, function: Callable[..., Result], *arguments: object) -> Result:
    """Call a function while no other job runs in this process, nor anything beside it."""
    _end_with(main_process)
    with _ONE_AT_A_TIME, parallel_config(backend="sequential"):
        return function(*arguments)


@cache
def _end_with(parent: int) -> None:
    """End this process when its parent has ended, which may be killed; others are not watched."""
    if os.getppid() == parent:
        threading.Thread(target=_exit_after, args=(parent,), daemon=True).start()


def _exit_after(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os._exit(1)


@contextmanager
def _on_cluster(address: str, shared: Sequence[object]) -> Iterator[None]:
    """Make a cluster the place where joblib's jobs run."""
    with _client_of(address) as client:
        _check_workers(client, address)
        backend = _backend_on(client, shared)
        with parallel_config(backend=backend):
            yield


def _client_of(address: str) -> Client:
    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError(
            "--cluster: found no distributed, which speaks with Dask's schedulers, "
            f"expected it installed: {install_command('cluster')}"
        ) from error
    try:
        return Client(address, timeout=_TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"--cluster {address}: found no scheduler, expected the address that it shows when it "
            "is started with: dask scheduler"
        ) from error


def _check_workers(client: Client, address: str) -> None:
    """Refuse a cluster without workers, and workers that give other results or waste cores."""
    place, command = f"--cluster {address}", f"dask worker {address} --nworkers N --nthreads 1"
    try:
        client.wait_for_workers(1, timeout=_TIMEOUT_S)
    except TimeoutError as error:
        raise UsageError(f"{place}: found no workers, expected some: {command}") from error
    n_threads = max(client.nthreads().values())
    if n_threads > 1:
        raise UsageError(
            f"{place}: found a worker with {n_threads} threads, expected a process for each "
            f"core: {command}"
        )
    try:
        versions = set(client.run(_version).values())
    except ImportError as error:
        raise UsageError(
            f"{place}: found workers without this package ({error}), expected version "
            f"{__version__} of it"
        ) from error
    if versions != {__version__}:
        raise UsageError(
            f"{place}: found version {', '.join(sorted(versions))} on its workers, expected "
            f"{__version__} as here"
        )


def _version() -> str:
    return __version__


def _backend_on(client: Client, shared: Sequence[object]) -> Any:
    """Return joblib's backend for Dask, without its two faults."""
    from joblib._dask import DaskDistributedBackend

    class Backend(DaskDistributedBackend):  # type: ignore[misc]
        def effective_n_jobs(self, n_jobs: int) -> int:
            """Return at least 2: with 1, joblib would do all jobs in this process."""
            return max(2, int(super().effective_n_jobs(n_jobs)))

        def submit(self, func: Any, callback: Callable[[Any], object]) -> Future[Any]:
            """Also call back for a job that Dask gave up, for which joblib would wait forever."""
            job: Future[Any] = super().submit(func, callback)
            job.add_done_callback(lambda job: job.exception() and callback(job.exception()))
            return job

    return Backend(client=client, scatter=list(shared))


def _errors_of_cluster(cluster: str | None) -> tuple[type[Exception], ...]:
    """Return the errors by which Dask tells that a job or the scheduler is lost."""
    if cluster is None:
        return ()
    from distributed import CancelledError, KilledWorker

    return KilledWorker, CancelledError
