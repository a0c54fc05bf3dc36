"""A certificate of this machine's own for its addresses: browsers give motion on HTTPS only."""

from __future__ import annotations

import ipaddress
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from har.files import read_regular, writing_to

_VALID = timedelta(days=365)
# Made anew before it ends during a lesson.
_LEAST_LEFT = timedelta(days=7)
_CLOCKS_DIFFER = timedelta(days=1)
_MOST_BYTES = 1 << 16
# Only its owner may read the key.
_FOLDER_MODE = 0o700


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, in one file.

    Parameters
    ----------
    path : Path
        File in PEM that its owner alone can read.
    fingerprint : str
        SHA-256 of the certificate, as browsers show it.
    """

    path: Path
    fingerprint: str


def certificate_for(hosts: Sequence[str], folder: Path) -> Certificate:
    """Return the certificate in a folder, or a new one if that is of other hosts or another time.

    Parameters
    ----------
    hosts : sequence of str
        Addresses and names of this machine.
    folder : Path
        Folder that is created if it is not there.

    Returns
    -------
    Certificate

    Raises
    ------
    RunError
        If the folder cannot be written.
    """
    names = _names_of(hosts)
    path = folder / "certificate.pem"
    found = _read(path)
    now = datetime.now(timezone.utc)
    if (
        found is None
        or found.not_valid_after_utc - now < _LEAST_LEFT
        # Of a clock that was ahead.
        or found.not_valid_before_utc > now
        or not set(names) <= set(_names_in(found))
    ):
        with writing_to(path, "file"):
            folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            found = _write_new(path, names, now)
    digest = found.fingerprint(hashes.SHA256())
    return Certificate(path, ":".join(f"{byte:02X}" for byte in digest))


def _read(path: Path) -> x509.Certificate | None:
    """Return a certificate whose key is beside it and is nobody else's to read."""
    try:
        content = read_regular(path, _MOST_BYTES)
        if path.stat().st_mode & 0o077:
            return None
        key = serialization.load_pem_private_key(content, None)
        certificate = x509.load_pem_x509_certificate(content)
    except (OSError, ValueError, TypeError):
        return None
    return certificate if certificate.public_key() == key.public_key() else None


def _write_new(path: Path, names: Sequence[x509.GeneralName], now: datetime) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "har serve")])
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    # For its owner alone from the first byte on, unlike what `har.files` writes.
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".certificate-")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(private + certificate.public_bytes(serialization.Encoding.PEM))
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
    return certificate


def _names_of(hosts: Sequence[str]) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    for host in dict.fromkeys((*hosts, "localhost", "127.0.0.1")):
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            with suppress(ValueError):
                names.append(x509.DNSName(host))
    return names


def _names_in(certificate: x509.Certificate) -> list[x509.GeneralName]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return list(extension.value)
