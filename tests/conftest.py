"""What all tests share: where the real data lies, and small windows made of it."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from command_line import TINY
from hypothesis import settings
from made_once import made_once

# How long an example takes depends on what else the machine does.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# Tests run side by side, and training would measure first how many threads are the fastest.
os.environ.setdefault("OMP_NUM_THREADS", "1")

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="also run the tests that take long")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--slow"):
        # Files with long tests first: at the end, no core should wait for another.
        items.sort(key=lambda item: "slow" not in item.keywords)
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="takes long: give --slow to run it"))


@pytest.fixture(scope="session")
def data_root():
    """The folder with uci-har-dataset.zip and hapt.zip."""
    root = Path(os.environ.get("HAR_DATA") or SHARED_DATA).resolve()
    if not root.exists():
        pytest.skip(f"the real data sets are not at {root}: name their folder with HAR_DATA")
    return root


@pytest.fixture(scope="session", autouse=True)
def heed_signals():
    """Undo what nohup and a shell's background do to their jobs: they ignore signals."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_tests(tmp_path_factory):
    """Keep the user's cache out of the tests, and the tests out of it."""
    folder = made_once(tmp_path_factory, "cache", Path.mkdir)
    os.environ["HAR_CACHE"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def messages_as_raised():
    """The messages of all errors that are made, before `HarError` itself mends them."""
    from har.errors import HarError

    mend, raised = HarError.__init__, []

    def note(error, message):
        raised.append(message)
        mend(error, message)

    HarError.__init__ = note
    yield raised
    HarError.__init__ = mend


@pytest.fixture(autouse=True)
def errors_are_one_printable_line(request, messages_as_raised):
    """Hold each error of each test to one printable line of at most 500 characters.

    `HarError` escapes and shortens whatever it is given; that is the last net, in which an error
    may lose what it says. Tests of the net are marked with ``any_message``.
    """
    from har.errors import LONGEST_MESSAGE

    messages_as_raised.clear()
    yield
    if "any_message" not in request.keywords:
        wrong = [
            message
            for message in messages_as_raised
            if not message.isprintable() or len(message) > LONGEST_MESSAGE
        ]
        assert wrong == [], f"no line of at most {LONGEST_MESSAGE} printable characters"


@pytest.fixture(autouse=True)
def figure_files(request, monkeypatch):
    """Keep a run's figures as files, a third of the work of a report, only for tests of them."""
    if "figure_files" not in request.keywords:
        monkeypatch.setattr("har.report.pages.run.save_pictures", lambda pictures, folder: None)


@pytest.fixture(scope="session")
def uci_har(data_root, cache_of_the_tests, tmp_path_factory):
    """The real data set: 7352 training windows and 2947 test windows."""
    from har.config import DataConfig
    from har.datasets.loading import open_data

    config = DataConfig(root=str(data_root))
    # Whoever reads it first leaves it in the cache.
    made_once(tmp_path_factory, "read", lambda _folder: open_data(config))
    return open_data(config)


@pytest.fixture(scope="session")
def run(tmp_path_factory, data_root, uci_har):
    """The folder of a finished run on the real data, for tests that only read it."""
    from har.cli.main import main

    def train(folder):
        assert main(["train", *TINY, "--out", str(folder), "--data.root", str(data_root)]) == 0

    return made_once(tmp_path_factory, "run", train)


@pytest.fixture
def messages(caplog):
    """Give what the package has told so far, of what a person is shown without ``--verbose``."""
    caplog.set_level("INFO", "har")
    return lambda: caplog.messages


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Headless Chromium."""
    from browsing import chromium

    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """A page of each kind, see `browsing.PAGES`."""
    from browsing import write_pages

    def write(folder):
        folder.mkdir()
        paths = {name: str(path) for name, path in write_pages(folder).items()}
        (folder / "pages.json").write_text(json.dumps(paths))

    folder = made_once(tmp_path_factory, "pages", write)
    paths = json.loads((folder / "pages.json").read_text())
    return {name: Path(path) for name, path in paths.items()}
