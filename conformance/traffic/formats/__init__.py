"""Recordings in the formats that are read: vcrpy's and go-vcr's cassettes, HAR, folders of raw HTTP messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.traffic import cassette, foreign
from conformance.traffic.formats import go_vcr, har, raw, vcrpy
from conformance.traffic.formats.base import Entry, Recording, Told, untold
from conformance.traffic.loading import CassetteError, load, mentions, opened

__all__ = ["Entry", "Recording", "Told", "provenance_of", "read", "untold"]

_HEAD = 64 * 1024
_STRING = rb'"(?:[^"\\]|\\.)*+"'
# Members that say nothing of the content may come before the log.
_HAR = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*\{(?:\s*" + _STRING + rb"\s*:\s*(?:" + _STRING + rb'|[\w.+-]+)\s*,)*\s*"log"\s*:\s*\{'
)
_POLLY = re.compile(rb'"_recordingName"|"Polly\.JS"')
_YAML_LIST = re.compile(rb"^interactions:[ \t]*\r?\n *- ", re.MULTILINE)


def read(path: Path) -> Recording:
    """A recording in any format that is read; a large one is not read before its entries are.

    Raises:
        CassetteError: it cannot be read, or is in a format that is not.
    """
    if path.is_dir():
        return raw.recording(path)
    with opened(path) as file:
        head = file.read(_HEAD)
    if _HAR.match(head) and not _POLLY.search(head):
        return har.recording(path)
    if _YAML_LIST.search(head) and go_vcr.is_in_blocks(path):
        return go_vcr.recording(path)
    data = load(path)
    match foreign.of_data(data):
        case foreign.HAR if isinstance(data["log"]["entries"], list):
            return har.of_list(path, data["log"]["entries"])
        case foreign.GO_VCR:
            return go_vcr.of_list(path, data["interactions"])
    return vcrpy.recording(cassette.of_data(path, data))


def provenance_of(path: Path) -> Mapping[str, Any]:
    """What a recording of this suite says it was made from; empty for any other."""
    try:
        return read(path).provenance if mentions(path, b"provenance") else {}
    except CassetteError:
        return {}
