"""Each input that once failed, read under the limits of ``scripts/fuzz``."""

from __future__ import annotations

import pytest
from fuzzing.failures import all_failures
from fuzzing.groups import BY_NAME
from fuzzing.single import judged_apart


@pytest.mark.parametrize("failure", all_failures(), ids=lambda each: f"{each.group}: {each.name}")
def test_what_once_failed_is_answered_rightly(failure, tmp_path):
    verdict = judged_apart(BY_NAME[failure.group], tmp_path, failure.write)
    assert failure.complaint(verdict) is None
