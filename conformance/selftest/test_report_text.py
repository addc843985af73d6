"""Text of a server that is shown to people obeys nobody else's rules."""

from __future__ import annotations

import pytest

from conformance.report.text import one_line, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb\x00", r"a\x1b[31mb\x00"),
        ("a\rb\u2028c", r"a\rb\u2028c"),
        ("a\u202eb\u200bc\ufeff\ud800", r"a\u202eb\u200bc\ufeff\ud800"),
        ("::error::x", "| ::error::x"),
        ("a\n  ::set-output name=x::y", "a\n|   ::set-output name=x::y"),
        ("a ##vso[task.x]", "a # #vso[task.x]"),
        ("##[command]x", "# #[command]x"),
        ("section_start:1:x", "| section_start:1:x"),
        ("std::vector, ## heading", "std::vector, ## heading"),
        ("tab\tline\nüöé→…", "tab\tline\nüöé→…"),
    ],
)
def test_what_misleads_is_spelt_out(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(visible(text)) == visible(text)


def test_a_line_is_one_line() -> None:
    assert one_line("a\n::error::\r\nb\x85c") == "a ::error:: b c"
    assert one_line("\n ::error::b") == "| ::error::b"
