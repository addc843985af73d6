"""Archives that are deployed, read within bounds of time and memory, and the paths that may be deployed."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib

from conformance.reference.netlify.policies import Invalid

MOST_FILES = 25_000
"""Files of an archive, at most (ZIP file method)."""
MOST_BYTES = 64 * 2**20
"""Of an archive, and of all it holds."""
MOST_GROWTH, SMALL = 200, 2**20
"""How many times as large as the archive its contents may be, where they are larger than `SMALL` bytes."""

_END, _ENTRY = b"PK\x05\x06", b"PK\x01\x02"
_END_LENGTH, _LONGEST_COMMENT = 22, 2**16
_LOCATOR, _LOCATOR_LENGTH = b"PK\x06\x07", 20


def check_path(field: str, path: str) -> None:
    """Refuse a path, without the slash in front of it, that no file can be deployed under or uploaded to."""
    if any(character in "#?\\" or ord(character) < 32 or character == "\x7f" for character in path):
        raise Invalid(field, "no path may have #, ?, a backslash or a control character", "path")
    if any(segment in ("", ".", "..") for segment in path.split("/")):
        raise Invalid(field, "no path may have an empty segment, . or ..", "path")
    try:
        path.encode()
    except UnicodeEncodeError:
        raise Invalid(field, "every path must be well-formed text", "path") from None


def is_archive(body: bytes) -> bool:
    """Whether this is a ZIP archive."""
    try:
        _bound(body)
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            archive.infolist()
    except (Invalid, zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeError):
        return False
    return True


def read_archive(body: bytes) -> dict[str, bytes]:
    """Path → content of the regular files of an archive; Invalid for one that is refused."""
    _bound(body)
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            entries = _entries(archive, len(body))
            return {path: archive.read(entry) for path, entry in entries.items()}
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, UnicodeError, OSError):
        raise Invalid("body", "is not a well-formed ZIP archive", "archive") from None
    except (NotImplementedError, RuntimeError):
        raise Invalid("body", "has an entry that is encrypted or compressed in an unknown way", "archive") from None


def _bound(body: bytes) -> None:
    """Refuse what would take long to read: the directory of an archive is counted before it is read."""
    if len(body) > MOST_BYTES:
        raise Invalid("body", f"is larger than {MOST_BYTES} bytes", "archive-size", status=413)
    end = body.rfind(_END, max(0, len(body) - _END_LENGTH - _LONGEST_COMMENT))
    if end < 0 or len(body) - end < _END_LENGTH:
        raise Invalid("body", "is not a ZIP archive", "archive")
    # Folders are entries too, so that there may be more entries than files; two for each file are bearable.
    if body.count(_ENTRY, 0, end) > 2 * MOST_FILES and _directory(body, end).count(_ENTRY) > 2 * MOST_FILES:
        raise Invalid("body", f"has more than {MOST_FILES} files", "too-many-files")


def _directory(body: bytes, end: int) -> bytes:
    """The directory of an archive; all that stands before its end where another record says how large it is."""
    size = int.from_bytes(body[end + 12 : end + 16], "little")
    is_large = body[max(0, end - _LOCATOR_LENGTH) : end].startswith(_LOCATOR)
    return body[:end] if is_large or size > end else body[end - size : end]


def _entries(archive: zipfile.ZipFile, size: int) -> dict[str, zipfile.ZipInfo]:
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        if entry.is_dir() or not _is_regular(entry):
            continue
        name = entry.orig_filename
        if name.startswith("/") or name[1:2] == ":":
            raise Invalid("body", "has a file with an absolute path", "path")
        check_path("body", name)
        path = f"/{name}"
        if path in found:
            raise Invalid("body", "has a file twice", "duplicate")
        found[path] = entry
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise NotImplementedError
    if len(found) > MOST_FILES:
        raise Invalid("body", f"has more than {MOST_FILES} files", "too-many-files")
    # Reading stops at the size that an entry says it has, so that this bounds what is read.
    total = sum(entry.file_size for entry in found.values())
    if total > MOST_BYTES or (total > SMALL and total > MOST_GROWTH * size):
        raise Invalid("body", "has contents that are too large", "bomb")
    return found


def _is_regular(entry: zipfile.ZipInfo) -> bool:
    """Whether an entry is a file: one that says nothing of it is."""
    kind = stat.S_IFMT(entry.external_attr >> 16)
    return kind in (0, stat.S_IFREG)
