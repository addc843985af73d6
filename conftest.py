"""Loads the conformance plugin for every run from this folder."""

pytest_plugins = ["conformance.plugin.hooks"]
