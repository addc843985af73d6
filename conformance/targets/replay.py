"""Replay: a transport that answers from what an item said when it was recorded."""

from __future__ import annotations

from collections import deque

import httpx2

from conformance.targets.errors import NotRecorded, Stale
from conformance.traffic.cassette import Interaction, Take, known_by
from conformance.traffic.exchange import Request
from conformance.traffic.redact import Redactor

SENT_AT = "conformance.sent_at"
"""Extension of a replayed answer: when its request was sent as it was recorded, None where that is not known."""

_Key = tuple[str, str, bytes, str | None, str | None]


def as_sent(request: httpx2.Request) -> Request:
    """A request as an exchange has it, before anything is redacted."""
    headers = tuple((name.decode(), value.decode("latin-1")) for name, value in request.headers.raw)
    return Request(headers=headers, body=request.content, method=request.method, url=str(request.url))


class CassetteTransport(httpx2.BaseTransport):
    """Answers from one item's take, looked up by method, URL, body, credential and media type.

    Equal requests get their answers in the order they were recorded. Requests are redacted before they are
    compared, as the recorded ones were. It opens no connection.

    Args:
        again: whoever asks once more than was recorded gets the last answer to that request again.
    """

    def __init__(self, item: str, take: Take | None, redactor: Redactor, *, again: bool = False) -> None:
        self._again = again
        self._item = item
        self._redactor = redactor
        self._recorded = take is not None
        self._answers: dict[_Key, deque[Interaction]] = {}
        for said in take.interactions if take else ():
            self._answers.setdefault(_key(said.request), deque()).append(said)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The next recorded answer.

        Raises:
            NotRecorded: the cassette has nothing for the item.
            Stale: it has the item, but no (further) answer to this request.
        """
        if not self._recorded:
            raise NotRecorded(f"the cassette has nothing for {self._item}; record it with --record")
        asked = self._redactor.request(as_sent(request))
        answers = self._answers.get(_key(asked))
        if not answers:
            again = " again" if answers is not None else ""
            raise Stale(
                f"the cassette has no answer to {asked.method} {asked.url}{again}: the test asks for something "
                "else than when it was recorded; record it again with --record"
            )
        interaction = answers[0] if self._again and len(answers) == 1 else answers.popleft()
        said = interaction.response
        return httpx2.Response(
            said.status,
            headers=[
                (k.encode(), v.encode("latin-1", errors="replace"))
                for k, v in said.headers
                if k.lower() not in _FRAMING
            ],
            stream=httpx2.ByteStream(said.body),
            extensions={"http_version": said.http_version.encode(), SENT_AT: interaction.sent_at},
        )

    @property
    def unused(self) -> int:
        """Recorded answers that nobody has asked for."""
        return sum(len(answers) for answers in self._answers.values())


# The stored body is the decoded one.
_FRAMING = frozenset({"content-encoding", "transfer-encoding"})


def _key(request: Request) -> _Key:
    return (
        request.method,
        request.url,
        known_by(request.body),
        request.header("authorization"),
        request.header("content-type"),
    )
