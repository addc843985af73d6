"""What a reference server knows: collections of records, each record owned by an account or by nobody."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import field, mutable

from conformance.reference.clock import Clock
from conformance.reference.messages import Record

PUBLIC = ""
"""The owner of what belongs to no account, such as a catalogue."""


@mutable
class Collection:
    """The records of one kind, by owner and id, in the order they were added.

    `key` names the member of a record that is its id; an id is looked up by its text.
    """

    key: str
    clock: Clock
    rows: dict[tuple[str, str], Record]
    pending: list[tuple[datetime, str, str, Record]] = field(factory=list)

    def id_of(self, record: Record) -> str:
        """The id of a record as text."""
        return str(record[self.key])

    def of(self, owner: str) -> list[Record]:
        """All records of an owner, oldest first."""
        self._settle()
        return [record for (account, _), record in self.rows.items() if account == owner]

    def get(self, owner: str, record_id: str) -> Record | None:
        """One record of an owner, or None."""
        self._settle()
        return self.rows.get((owner, record_id))

    def add(self, owner: str, record: Record) -> None:
        """Store a record at the end; one with the same id is replaced."""
        self.rows[owner, self.id_of(record)] = record

    def update(self, owner: str, record_id: str, changes: Record, after: float = 0) -> None:
        """Change members of a record, now or `after` so many seconds; nothing when it is gone by then.

        Changes take effect in the order they were made: one that is still pending is brought forward.
        """
        self._settle(record_id)
        if after:
            self.pending.append((self.clock.now() + timedelta(seconds=after), owner, record_id, changes))
        else:
            self._change(owner, record_id, changes)

    def remove(self, owner: str, record_id: str) -> bool:
        """Take a record out; False when there was none."""
        self._settle(record_id)
        return self.rows.pop((owner, record_id), None) is not None

    def _settle(self, record_id: str | None = None) -> None:
        now = self.clock.now()
        due = [change for change in self.pending if change[0] <= now or change[2] == record_id]
        self.pending = [change for change in self.pending if change not in due]
        for _, owner, changed_id, changes in due:
            self._change(owner, changed_id, changes)

    def _change(self, owner: str, record_id: str, changes: Record) -> None:
        record = self.rows.get((owner, record_id))
        if record is not None:
            self.rows[owner, record_id] = {**record, **changes}
