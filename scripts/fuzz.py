"""Feed har damaged files, settings, command lines and streams, and name what it answers wrongly.

Right is a value, or a refusal of one printable line. All else is a finding: another exception, the
death of the process, more than 5 s of processor time or 1 GB of memory, characters that a terminal
obeys. Findings are kept as short inputs, each with the command that shows it again. Inputs are
small ones of each format with some changes; what was answered in a new way is changed further. The
same seed draws the same inputs. Inputs that once failed come first.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from fuzzing.failures import replay
from fuzzing.findings import Findings
from fuzzing.groups import BY_NAME, GROUPS, Group, prepare
from fuzzing.inputs import read_input
from fuzzing.session import HEADING, run_groups
from fuzzing.single import judged_apart

N_INPUTS = sum(group.n_inputs for group in GROUPS)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./scripts/fuzz", description=__doc__)
    parser.add_argument(
        "groups", nargs="*", metavar="GROUP", help=f"{', '.join(BY_NAME)} (default: all)"
    )
    add = parser.add_argument
    add("--inputs", type=int, default=N_INPUTS, help=f"number of inputs (default: {N_INPUTS})")
    add("--seed", type=int, default=0, help="of all choices (default: 0)")
    help_text = "time on the clock after which nothing is begun (default: 240)"
    add("--seconds", type=float, default=240.0, help=help_text)
    n_cores = len(os.sched_getaffinity(0))
    add("--jobs", type=int, default=n_cores, help=f"processes at a time (default: {n_cores})")
    kept = Path("runs/fuzz")
    add("--out", type=Path, default=kept, help=f"folder for findings (default: {kept})")
    add("--again", type=Path, metavar="FOLDER", help="only read the input in a folder, once")
    options = parser.parse_args()
    unknown = [name for name in options.groups if name not in BY_NAME]
    if unknown:
        parser.error(f"found the group {unknown[0]}, expected {', '.join(BY_NAME)}")
    if options.again and len(options.groups) != 1:
        parser.error("--again: found no single group, expected the one of the input")
    return options


def _fastest_folder() -> Path | None:
    """Return a folder in memory if there is one, else None."""
    memory = Path("/dev/shm")
    is_large = memory.is_dir() and shutil.disk_usage(memory).free > 500_000_000
    return memory if is_large else None


def _read_again(group: Group, scratch: Path, folder: Path) -> int:
    """Read one input, and print the verdict."""
    verdict = judged_apart(group, scratch, read_input(folder))
    print(verdict.kind, verdict.place, verdict.words, sep=": ")
    return 0 if verdict.is_right else 1


def main() -> int:
    """Run the groups that were asked for, and print what came of them."""
    options = _options()
    started_s = time.monotonic()
    with TemporaryDirectory(prefix="har-fuzz-", dir=_fastest_folder()) as folder:
        scratch = Path(folder)
        prepare()
        groups = [BY_NAME[name] for name in options.groups] or list(GROUPS)
        if options.again:
            return _read_again(groups[0], scratch / "again", options.again)
        findings = Findings(options.out)
        wrong = replay(groups, scratch / "failures")
        asked = options.inputs, options.seed, options.seconds, options.jobs
        done = run_groups(groups, *asked, scratch, findings)
    print(HEADING, *(progress.row() for progress in done), sep="\n")
    n_done = sum(progress.n_done for progress in done)
    print(f"{n_done} of {options.inputs} inputs in {time.monotonic() - started_s:.0f} s")
    if n_done < options.inputs:
        print("The machine did not get through all of them in the time that was given.")
    print(*wrong, *findings.lines(), sep="\n")
    return 1 if wrong or findings.counts else 0


if __name__ == "__main__":
    sys.exit(main())
