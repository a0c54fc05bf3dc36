from __future__ import annotations

import re

from scored_run import make_run, make_windows

from har.config import Config, ModelConfig
from har.report.pages.run import write_report
from har.report.scored_run import ScoredRun
from har.report.sections.settings import settings_section


def test_changed_settings_are_marked(tmp_path, monkeypatch):
    config = Config(model=ModelConfig(hidden_size=32, bidirectional=True, n_layers=1))
    monkeypatch.setattr("har.report.pages.run.SECTIONS", (settings_section,))
    html = write_report(make_run(tmp_path / "run", make_windows(20), config=config)).read_text()
    marked = re.findall(r'<div class="changed"><dt>(\w+)</dt>', html)
    assert marked == ["n_layers", "hidden_size", "bidirectional"]
    assert "one bidirectional LSTM layer of 32 units" in " ".join(html.split())


def test_every_setting_is_listed_by_section(tmp_path):
    run = ScoredRun.read(make_run(tmp_path / "run", make_windows(20)))
    settings = settings_section(run).view["settings"]
    assert {"general", "data", "model", "training"} <= set(settings)
    assert ("hidden_size", 64, False) in settings["model"]
