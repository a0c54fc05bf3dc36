"""What the tests of the command line share."""

from __future__ import annotations

# A run of a few seconds, with six plain LSTM units.
TINY = ("--config", "quick", "--training.n_epochs", "2", "--training.batch_size", "256")
TINY += ("--model.hidden_size", "6", "--model.bidirectional", "false", "--model.pooling", "mean")
TINY += ("--model.views", "[channels]", "--model.conv_channels", "0", "--model.conv_skip", "false")


def the_one_line(capsys):
    """Give the only line on standard error."""
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


# A line of code that gives a process's own highest memory in MB: what `resource` tells counts that
# of the process that started it, too.
PEAK_MB = "int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) // 1024"
