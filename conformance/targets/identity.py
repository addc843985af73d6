"""Who the suite's client says to be: an application, its version, and whom to ask about what it does."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from importlib.metadata import version

from conformance.targets.errors import TargetError

CONTACT = "CONFORMANCE_CONTACT"
"""The environment variable that names an e-mail address or a URL of whoever runs the suite."""

_CONTACT = re.compile(r"[!#-'*-;=?A-Z^-~]+@[A-Za-z0-9.-]+|https?://[!#-'*-;=?-~]+")


def user_agent(environ: Mapping[str, str] = os.environ) -> str:
    """The User-Agent of calls, as `conformance/0.1.0 (me@example.com)`.

    Raises:
        TargetError: the contact is neither an e-mail address nor a URL.
    """
    name, contact = f"conformance/{version('conformance')}", environ.get(CONTACT, "").strip()
    if not contact:
        return name
    if not _CONTACT.fullmatch(contact):
        raise TargetError(f"{CONTACT}: {contact!r} is neither an e-mail address nor a URL; it goes into User-Agent")
    return f"{name} ({contact})"
