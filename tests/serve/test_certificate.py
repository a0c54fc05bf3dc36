"""The certificate: for this machine, only its owner's to read, made anew when it must be."""

from __future__ import annotations

import socket
import ssl
import stat
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
import requests

pytest.importorskip("cryptography", reason="the extra serve is not installed")

from builders import refused  # noqa: E402
from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import hashes  # noqa: E402
from served import PATIENCE_S, served, wait_until  # noqa: E402

from har.errors import HarError  # noqa: E402
from har.serve import certificate  # noqa: E402
from har.serve.certificate import certificate_for  # noqa: E402

HOSTS = ("192.168.0.5", "ada.local")


def test_it_is_kept_with_its_key_where_its_owner_alone_can_read_it(tmp_path):
    made = certificate_for(HOSTS, tmp_path / "har")
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.path.parent.stat().st_mode) == 0o700
    assert certificate_for(HOSTS, tmp_path / "har") == made
    assert certificate_for(HOSTS[:1], tmp_path / "har") == made
    assert [path.name for path in made.path.parent.iterdir()] == ["certificate.pem"]


def test_it_is_for_the_addresses_and_no_authority(tmp_path):
    made = certificate_for(HOSTS, tmp_path)
    read = x509.load_pem_x509_certificate(made.path.read_bytes())
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"192.168.0.5", "127.0.0.1"} == {
        str(each) for each in names.get_values_for_type(x509.IPAddress)
    }
    assert names.get_values_for_type(x509.DNSName) == ["ada.local", "localhost"]
    assert not read.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert made.fingerprint.count(":") == 31


def fingerprint_of(path):
    digest = x509.load_pem_x509_certificate(path.read_bytes()).fingerprint(hashes.SHA256())
    return ":".join(f"{byte:02X}" for byte in digest)


@pytest.mark.parametrize("change", ["hosts", "time", "clock", "mode", "damage"])
def test_it_is_made_anew_when_it_must_be(tmp_path, monkeypatch, change):
    first = made = certificate_for(HOSTS, tmp_path)
    hosts = HOSTS
    if change == "hosts":
        hosts = ("10.0.0.1",)
    elif change == "time":
        monkeypatch.setattr(certificate, "_LEAST_LEFT", timedelta(days=400))
    elif change == "clock":
        ahead = datetime.now(timezone.utc) + timedelta(days=40)
        certificate._write_new(made.path, certificate._names_of(HOSTS), ahead)
        made = replace(made, fingerprint=fingerprint_of(made.path))
    elif change == "mode":
        made.path.chmod(0o644)
    else:
        made.path.write_bytes(made.path.read_bytes()[:300])
    again = certificate_for(hosts, tmp_path)
    assert again.fingerprint not in (made.fingerprint, first.fingerprint)
    assert stat.S_IMODE(again.path.stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "har").write_text("")
    refused(HarError, "har", certificate_for, HOSTS, tmp_path / "har" / "more")


def test_pages_are_served_with_it(tmp_path):
    made = certificate_for(HOSTS, tmp_path)
    with served(token="secret", certificate=made.path) as server:
        address = server.address("streams", "https")
        # An answer that is kept keeps its connection.
        streams = requests.get(address, verify=str(made.path), timeout=PATIENCE_S).json()
        presented = presented_by(server.port)
        wait_until(lambda: not server.connections)
    assert streams == {"streams": []}
    assert presented.strip() in made.path.read_text()


def presented_by(port):
    """Return a server's certificate, and say goodbye: else it waits for that for half a minute."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), PATIENCE_S) as plain,
        context.wrap_socket(plain) as secure,
    ):
        presented = secure.getpeercert(binary_form=True)
        secure.unwrap()
    return ssl.DER_cert_to_PEM_cert(presented)
