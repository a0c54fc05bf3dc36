"""Changes of files that hold others, or say their own sizes: zip, gzip, npy, Gluon's parameters."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable
from random import Random

from fuzzing.bytes_changes import changed_bytes

# A change of a member: its name, its content.
Change = Callable[[str, bytes], bytes]

_PACKERS: dict[bytes, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    b"\x1f\x8b": (gzip.decompress, lambda content: gzip.compress(content, 1, mtime=0)),
    b"BZh": (bz2.decompress, lambda content: bz2.compress(content, 1)),
    b"\xfd7zXZ": (lzma.decompress, lambda content: lzma.compress(content, preset=0)),
}
_NAMES = (
    "",
    "x",
    "../x.csv",
    "/etc/x.csv",
    "a" * 300,
    ".hidden.csv",
    "__MACOSX/x.csv",
    "x\x1b[1m.csv",
)
_SHAPES = (
    *("()", "(0,)", "(1,)", "(0, 128, 9)", "(-1, 128, 9)", "(1, 128, 0)", "(10000000000, 128, 9)"),
    *("(9223372036854775807,)", "(18446744073709551616, 128, 9)", "(2, 2)", "(True, 128, 9)"),
    *("(1.0, 128, 9)", "[1, 128, 9]", "None", "'x'", "(" * 200, "(4, 128, 9", "(4, 128, 9),)"),
    *("(1e3, 128, 9)", "(1, 1, 1, 1)", "(4611686018427387904, 2, 2)", "(1" + "0" * 5000 + ",)"),
)
_TYPES = (
    *("'<f8'", "'>f4'", "'<f2'", "'<i8'", "'|b1'", "'<c8'", "'<U10'", "'|S4'", "'|O'", "'|V8'"),
    *("'<M8[ns]'", "'<m8[s]'", "[('a', '<f4')]", "'<f4,<f4'", "None", "5", "'x'", "''", "'<f16'"),
    *("[('a', '|O')]", "'(9999999,9999999)<f8'", "'<U999999999'", "'<V2147483647'", "{'a': 1}"),
)


def changed_packed(content: bytes, change: Change, random: Random) -> bytes | None:
    """Return a gzip, bzip2 or xz file whose content was changed; None if it is none."""
    for magic, (unpack, pack) in _PACKERS.items():
        if content.startswith(magic):
            try:
                inner = unpack(content)
            except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError):
                return None
            if random.randrange(8) == 0:
                return pack(pack(inner))
            return pack(change("", inner)[:200_000])
    return None


def changed_zip(content: bytes, change: Change, random: Random) -> bytes | None:
    """Return a zip of which a member, a name or a header was changed; None if it is none."""
    members = _members(content)
    if not members:
        return None
    names = list(members)
    name = random.choice(names)
    kind = random.randrange(12)
    if kind == 0:
        members[random.choice((*_NAMES, name.upper(), f"{name}.txt"))] = members.pop(name)
    elif kind == 1:
        del members[name]
    elif kind == 2:
        members[random.choice(_NAMES) or "y"] = members[name]
    elif kind == 3:
        members[name] = content[:50_000]
    elif kind == 4:
        members[name], members[names[0]] = members[names[0]], members[name]
    else:
        members[name] = change(name, members[name])[:200_000]
    written = _zipped(members, random)
    return _with_header(written, random) if random.randrange(4) == 0 else written


def _members(content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = [info for info in archive.infolist() if info.file_size < 1_000_000]
            return {info.filename: archive.read(info) for info in infos[:40]}
    except Exception:
        # Whatever a damaged zip makes zipfile raise: then its bytes are changed.
        return {}


def _zipped(members: dict[str, bytes], random: Random) -> bytes:
    buffer = io.BytesIO()
    stored = random.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(buffer, "w", stored, compresslevel=1) as archive:
        for name, content in members.items():
            # With a date of its own, so that the same members give the same bytes.
            archive.writestr(zipfile.ZipInfo(name.replace("\0", "") or " "), content, stored)
        if random.randrange(20) == 0:
            archive.comment = b"x" * random.choice((1, 1000, 65535))
    return buffer.getvalue()


def _with_header(content: bytes, random: Random) -> bytes:
    """Change a field of a local header, the directory or its end."""
    magic = random.choice((b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"))
    start = content.rfind(magic) if random.randrange(2) else content.find(magic)
    field = start + random.choice((4, 6, 8, 10, 14, 18, 22, 24, 26, 28, 42))
    value = random.choice((0, 1, 9, 12, 14, 99, 255, 0x7FFFFFFF, 0xFFFFFFFF))
    written = struct.pack("<I", value)[: random.choice((2, 4))]
    return content[:field] + written + content[field + len(written) :]


def changed_npy(content: bytes, random: Random) -> bytes | None:
    """Return an array file with another header; None if it is none."""
    if not content.startswith(b"\x93NUMPY\x01\x00") or len(content) < 12:
        return None
    (length,) = struct.unpack_from("<H", content, 8)
    header = content[10 : 10 + length].decode("latin-1")
    shape_at, type_at = header.find("'shape':"), header.find("'descr':")
    if shape_at < 0 or type_at < 0:
        return None
    kind = random.randrange(7)
    if kind < 3:
        header = header[: shape_at + 9] + random.choice(_SHAPES) + ", }"
    elif kind < 5:
        end = header.find(", 'fortran")
        header = header[: type_at + 9] + random.choice(_TYPES) + header[end:]
    elif kind == 5:
        header = header.replace("False", random.choice(("True", "1", "None", "x", "[" * 300)))
    else:
        header = changed_bytes(header.encode("latin-1"), b"", random).decode("latin-1")
    data = content[10 + length :]
    if random.randrange(3) == 0:
        data = data[: random.randrange(len(data) + 1)]
    padded = (header.rstrip() + " " * (-(len(header.rstrip()) + 11) % 64) + "\n")[:65_535]
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded.encode("latin-1") + data


def changed_parameters(content: bytes, random: Random) -> bytes:
    """Return Gluon's parameters with a header, a name or some weights changed."""
    kind = random.randrange(6)
    # Headers of arrays: a magic number, the kind of storage, axes, the device, the type.
    starts = [place for place in range(0, len(content) - 4, 4) if _is_header(content, place)]
    if kind < 3 and starts:
        place = random.choice(starts) + random.choice((0, 4, 8, 12, 16, 20, 24, 28, 32))
        value = random.choice((0, 1, 2, 3, 7, 31, 255, 2**20, 2**31 - 1, 2**31, 2**32 - 1))
        return content[:place] + struct.pack("<I", value) + content[place + 4 :]
    if kind == 3:
        names_at = content.rfind(b"arg:") if random.randrange(2) else content.find(b"arg:")
        new = random.choice((b"\xff\xfe\xfd:", b"aux:", b"har\x1b", b"arg:\0", b"", b"x" * 40))
        return content[: max(0, names_at)] + new + content[max(0, names_at) + 4 :]
    if kind == 4:
        place = random.choice((0, 4, 8, 12, 16, 20, len(content) - 8, len(content) - 16))
        value = random.choice((0, 1, 2, 1000, 2**31, 2**40, 2**63, 2**64 - 1))
        return content[:place] + struct.pack("<Q", value) + content[place + 8 :]
    return changed_bytes(content, content[:1000], random)


def _is_header(content: bytes, place: int) -> bool:
    return content[place + 1 : place + 4] == b"\xfa\x93\xf9" and content[place] in (0xC9, 0xCA)
