"""Functions as they are uploaded: small programs, zipped."""

from __future__ import annotations

from conformance.suite.netlify.deploying import Deploying, zipped

_PROGRAM = b'exports.handler = async () => ({ statusCode: 200, body: "ok" });\n// '


def function(deploying: Deploying) -> bytes:
    """A zipped Node.js program that nobody has stored yet."""
    return zipped({"hello.js": _PROGRAM + deploying.unique()})
