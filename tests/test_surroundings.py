"""Commands where something around them is missing: they work, or say in one line what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

# Put in the place of `har inspect`, which prints and tells something.
_COMMAND = """
import logging, sys
from har.cli import main
from har.cli.verbs import inspect
def run(**_):
    print('w\\u00e4lk')
    logging.getLogger('har.cli.verbs.inspect').info('told')
    {work}
inspect.run = run
sys.exit(main.main(['inspect', 'data']))
"""


def har(work="pass", shell="", **options):
    """Run the command through a shell with redirections."""
    code = _COMMAND.format(work=work)
    environment = {**os.environ, **options.pop("env", {})}
    command = ["sh", "-c", f'exec "$0" -c "$1" {shell}', sys.executable, code]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=600, **options
    )


@pytest.mark.parametrize(
    ("closed", "out", "told"),
    [
        ("<&-", "wälk\n", "told\n"),
        (">&-", "", "told\n"),
        ("2>&-", "wälk\n", ""),
        ("<&- >&- 2>&-", "", ""),
        ("2>/dev/full", "wälk\n", ""),
    ],
)
def test_closed_or_full_streams_end_nothing(closed, out, told):
    done = har(shell=closed, env={"PYTHONUTF8": "1"})
    assert (done.returncode, done.stdout, done.stderr) == (0, out, told)


def test_a_file_that_is_opened_is_not_taken_for_a_closed_stream(tmp_path):
    # Else what is printed would go into it.
    work = f"file = open({str(tmp_path / 'file')!r}, 'w'); import os; os.write(1, b'printed')"
    assert har(work, ">&- 2>&-").returncode == 0
    assert (tmp_path / "file").read_text() == ""


def test_an_error_that_cannot_be_told_keeps_its_status():
    work = "from har.errors import DataError; raise DataError('wrong')"
    for shell in ("2>&-", "2>/dev/full"):
        assert har(work, shell).returncode == 1


def test_letters_that_a_terminal_does_not_know_are_escaped():
    plain = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    done = har(env={**plain, "PYTHONCOERCECLOCALE": "0"})
    assert (done.returncode, done.stdout) == (0, "w\\xe4lk\n")


def test_a_folder_that_is_gone_is_one_line(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    work = "import os; open('note.txt', 'w')"
    code = _COMMAND.format(work=work)
    command = f'rmdir "{gone}"; exec "$0" -c "$1"'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable, code],
        cwd=gone,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 1
    words = "note.txt: found No such file or directory, expected it to be there until the end"
    assert done.stderr == f"told\nhar: {words}\n"


def test_too_few_files_are_one_line():
    work = "files = [open('/dev/null') for _ in range(100)]"
    code = _COMMAND.format(work=work)
    done = subprocess.run(
        ["sh", "-c", 'ulimit -n 64; exec "$0" -c "$1"', sys.executable, code],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 1
    words = "found Too many open files, expected more of them to be allowed (ulimit -n)"
    assert done.stderr == f"told\nhar: /dev/null: {words}\n"
