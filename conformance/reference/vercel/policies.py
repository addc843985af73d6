"""What the Vercel API does in its own way: ids, and times to page by."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Container

from conformance.reference.policies import Ids

_BASE_62 = string.ascii_uppercase + string.ascii_lowercase + string.digits


class PlainIds(Ids):
    """A source of ids of 24 letters and digits."""

    def made(self, name: str) -> str:
        """The id that belongs to a name."""
        return stable_id(f"new {name}")


def stable_id(name: str) -> str:
    """An id of 24 letters and digits (Types, ID) that depends on the name alone.

    It begins with a capital letter, so that no id is also the name of a project.
    """
    number = int.from_bytes(hashlib.sha256(name.encode()).digest())
    number, first = divmod(number, 26)
    rest = ""
    for _ in range(23):
        number, digit = divmod(number, 62)
        rest += _BASE_62[digit]
    return _BASE_62[first] + rest


def free_time(created: int, taken: Container[int]) -> int:
    """The time by which a record is paged: that of its creation, or the first after it which no other has."""
    while created in taken:
        created += 1
    return created
