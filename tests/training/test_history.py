from __future__ import annotations

import pytest

from har.config import TrainingConfig
from har.training.history import EpochRecord, kept_epoch


@pytest.mark.parametrize(
    ("best_epochs", "kept"),
    [(((1, 2),), 2), (((1, 3), (3,)), 3), (((1, 3), (1, 2)), None)],
)
def test_an_epoch_was_kept_if_all_members_kept_it(best_epochs, kept):
    history = [
        EpochRecord(epoch, 0.1, 1.0, 0.5, None, None, 100.0, epoch in best, member)
        for member, best in enumerate(best_epochs, start=1)
        for epoch in range(1, 5)
    ]
    assert kept_epoch(history, TrainingConfig(keep="best")) == kept
    assert kept_epoch(history, TrainingConfig(keep="last")) == 4


def test_a_record_is_frozen():
    record = EpochRecord(1, 0.1, 1.0, 0.5, None, None, 100.0, False)
    with pytest.raises(AttributeError):
        record.epoch = 2
