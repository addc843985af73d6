"""Names that differ from run to run, such as the port of a server that a test starts: kept under one that does not."""

from __future__ import annotations

from typing import TypeVar

from attrs import define, evolve, field

from conformance.traffic.exchange import Request, Response

_Message = TypeVar("_Message", Request, Response)


@define
class Renamed:
    """Names that are told by other ones in whatever is kept, wherever they stand.

    Attributes:
        names: the name in use → the one that is kept, of the same length where it stands in bodies.
    """

    names: dict[str, str] = field(factory=dict)

    def text(self, text: str) -> str:
        for name, kept in self.names.items():
            # What stands between a host and its port is encoded in a query.
            for between in (":", "%3A", "%3a"):
                text = text.replace(name.replace(":", between), kept.replace(":", between))
        return text

    def request(self, request: Request) -> Request:
        return evolve(self._message(request), url=self.text(request.url)) if self.names else request

    def response(self, response: Response) -> Response:
        return self._message(response) if self.names else response

    def _message(self, message: _Message) -> _Message:
        headers = tuple((name, self.text(value)) for name, value in message.headers)
        body = self.text(message._body.decode(errors="surrogateescape")).encode(errors="surrogateescape")
        return evolve(message, headers=headers, body=body)
