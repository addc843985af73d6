"""Needs: what whoever runs the suite can give, so that more is seen of a target."""

from __future__ import annotations

from attrs import frozen


@frozen
class Need:
    """Something that a case lacked.

    Attributes:
        what: in words, e.g. `a value of org_id`.
        how: what to type or to write for it, e.g. `--parameter org_id=…`.
    """

    what: str
    how: str

    @classmethod
    def parameter(cls, name: str, values: int = 1) -> Need:
        what = f"a value of {name}" if values == 1 else f"{values} values of {name}"
        return cls(what, f"--parameter {name}=…")

    @classmethod
    def disposable(cls, name: str) -> Need:
        return cls(f"a {name} that may be written to", f"--disposable {name}=…")

    @classmethod
    def credential(cls, name: str, variable: str) -> Need:
        return cls(f"the credential {name!r}", f"set {variable}")

    @classmethod
    def fact(cls, name: str, what: str) -> Need:
        return cls(what, f"facts.{name} of the target")

    @classmethod
    def capability(cls, name: str) -> Need:
        known = {"writes": WRITES, "billable": BILLABLE, "tls": TLS}
        return known.get(name) or cls(f"the capability {name!r}", "capabilities of the target")


WRITES = Need("writes", "--allow-writes")
BILLABLE = Need("what may cost money", "--allow-billable")
RECORDS = Need("longer lists", "--allow-writes --seed N")
OTHERS_RECORDS = Need("longer lists of what no run can create", "`seed` of a named target")
TLS = Need("a target that is reached over TLS", "an https URL")
