"""Discretion: no log record, and no traceback of a crash, tells a credential, whoever handles or prints it."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from conformance.report.text import visible
from conformance.traffic.redact import Redactor


class Discretion:
    """While it is registered with pytest, log records are redacted as they are made, before any handler sees them."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._make = logging.getLogRecordFactory()
        logging.setLogRecordFactory(self._record)

    def pytest_unconfigure(self) -> None:
        logging.setLogRecordFactory(self._make)

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: Any) -> None:
        text = self.told(str(excrepr))
        excrepr.toterminal = lambda writer: writer.line(text)

    def told(self, text: str) -> str:
        """The text as it may be told."""
        return visible(self._redactor.text(text))

    def _record(self, *arguments: Any, **options: Any) -> logging.LogRecord:
        record = self._make(*arguments, **options)
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            # Its arguments do not fit. The handler would say so, and print them.
            message = str(record.msg)
        record.msg, record.args = self.told(message), None
        if isinstance(record.exc_info, tuple) and record.exc_info[0] is not None:
            record.exc_text = _FORMATTER.formatException(record.exc_info)
        # A formatter shows the text, and would make its own of the exception.
        record.exc_info = None
        if record.exc_text:
            record.exc_text = self.told(record.exc_text)
        if record.stack_info:
            record.stack_info = self.told(record.stack_info)
        return record


_FORMATTER = logging.Formatter()
