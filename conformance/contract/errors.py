"""Errors for people: one line each, saying what, where and what to do."""

from __future__ import annotations


class ConformanceError(Exception):
    """Base of every error the suite raises for a person to read."""


class ContractError(ConformanceError):
    """A file under `specs/`, or a name that should be in one, is wrong."""
