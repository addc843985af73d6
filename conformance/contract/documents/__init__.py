"""Published OpenAPI documents (2.0, 3.0, 3.1, and 3.2 as far as its keywords are those of 3.1), read tolerantly."""

from conformance.contract.documents.document import Document
from conformance.contract.documents.unchecked import Register, Unchecked

__all__ = ["Document", "Register", "Unchecked"]
