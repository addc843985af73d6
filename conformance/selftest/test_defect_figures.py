"""One defect is one accusation: a sample of the table before whole suites, with the figures that it must keep.

`python -m conformance.selftest.defect_figures` takes the whole table.
"""

from __future__ import annotations

from conformance.selftest.defect_figures import all_figures, told

SAMPLE = (
    "plans stand under data",
    "bytes stand behind the JSON of one list",
    "an error says message only",
    "gzip that is none",
    "a cursor has moved",
    "a null crashes",
)


def test_a_defect_is_found_by_its_requirement_and_blocks_the_others() -> None:
    found = list(all_figures(SAMPLE))
    summary = told(found)
    assert summary.startswith(f"{len(SAMPLE)} of {len(SAMPLE)} defects found"), summary
    assert all(len(one.beside) <= 2 for one in found), "\n".join(map(str, found))
    assert summary.endswith("; 0 broken")
    assert not [lie for one in found for lie in one.lies]
    assert sum(bool(one.blocked) for one in found) >= 4
