"""Secrets that a target gives out in an answer, and that have to be sent back to it."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable

from conformance.targets.client import Client
from conformance.targets.errors import NotExercised
from conformance.traffic.exchange import Exchange
from conformance.traffic.redact import MINIMUM_SECRET


def issued(
    client: Client, exchange: Exchange, place: str, name: str, pick: Callable[[str], str] = lambda text: text
) -> str:
    """Learns a secret from the last answer: a credential `name` of the client from now on, told by its mark alone.

    Where a recording is played, one that was made up stands for it: what is sent is recorded by the mark, too.

    Args:
        exchange: the last one, in which the secret is redacted.
        place: JSON pointer of the text that holds the secret.
        pick: takes the secret out of that text.

    Raises:
        NotExercised: the answer holds none.
    """
    answer = client.last_answer
    text = answer.at(place) if answer is not None and exchange.response.ok else None
    if not isinstance(text, str) or not text:
        raise NotExercised(f"{exchange}: no text at {place}")
    secret = f"replayed-{name}-secret" if client.replayed else pick(text)
    if len(secret) < MINIMUM_SECRET:
        raise NotExercised(f"{exchange}: what is at {place} is too short to be kept out of recordings")
    client.credentials = ChainMap({name: secret}, client.credentials)  # type: ignore[arg-type]  # the first is written to
    client.redactor.learn({name: secret})
    return secret
