"""Run a command, and print what it took as JSON: status, processor seconds, bytes at its peak.

A script of its own: Linux counts the memory of whoever starts a process as the process's, so that
the one who starts it must be small.
"""

import json
import os
import sys


def main() -> None:
    """Run the command that the arguments are, without its output."""
    nowhere = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=nowhere)
    _pid, status, usage = os.wait4(pid, 0)
    cpu_s, n_bytes = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
    print(json.dumps([os.waitstatus_to_exitcode(status), cpu_s, n_bytes]))


if __name__ == "__main__":
    main()
