"""A Dask cluster on this machine's loopback: a scheduler and workers, each a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager


@contextmanager
def dask_cluster(folder, n_workers=2):
    """Give the scheduler's address and the processes of its workers."""
    file = folder / "scheduler.json"
    no_page = ["--no-dashboard", "--scheduler-file", str(file)]
    # Without a nanny, so that a worker that is killed stays away.
    alone = ["--no-nanny", "--nthreads", "1", "--local-directory", str(folder)]
    with (folder / "cluster.log").open("w") as log:

        def start(program, *options):
            command = [sys.executable, "-m", f"distributed.cli.{program}", *no_page, *options]
            inherited = {**os.environ, "OMP_NUM_THREADS": "1"}
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=inherited)

        processes = [start("dask_scheduler", "--host", "127.0.0.1", "--port", "0")]
        try:
            deadline_s = time.monotonic() + 600
            while not file.exists():
                assert processes[0].poll() is None, (folder / "cluster.log").read_text()
                assert time.monotonic() < deadline_s
                time.sleep(0.1)
            processes += [start("dask_worker", *alone) for _ in range(n_workers)]
            yield json.loads(file.read_text())["address"], processes[1:]
        finally:
            for process in processes:
                process.kill()
                process.wait()
