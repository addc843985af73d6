"""Proposals: the conventions and requirements of an API that nobody described, from its document and its traffic."""
