"""Tests of the base requirements: what every API promises by speaking HTTP, JSON and OpenAPI."""
