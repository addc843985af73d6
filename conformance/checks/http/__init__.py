"""Base checks: what any exchange shows of HTTP, of JSON, and of the document that an API is published with."""

from conformance.checks.http import documented, fields, json, messages, resources, statuses

__all__ = ["documented", "fields", "json", "messages", "resources", "statuses"]
