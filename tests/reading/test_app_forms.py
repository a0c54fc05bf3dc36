from __future__ import annotations

import pytest
from app_forms import FORMS
from numpy.testing import assert_allclose

from har.reading.recording_files import read_recording


@pytest.mark.parametrize("name", FORMS)
def test_a_recording_is_the_same_in_whatever_form_it_is_written(name, phone, tmp_path):
    path, options = FORMS[name](phone, tmp_path)
    recording = read_recording(path, **options)
    assert len(recording) == len(phone)
    assert_allclose(recording.samples, phone, atol=2e-4)
    assert len(recording.stretches) == 1
    assert not any("doubt" in note for note in recording.notes)
