"""Signals: a run that is told to stop cleans up and writes its report before it does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

_TOLD_TO_STOP = (signal.SIGTERM, signal.SIGHUP)


def ends_in_order() -> Callable[[], None]:
    """Has the signals that would end the process at once end the run as Ctrl-C does; returns what undoes it.

    Each counts once: what asks again while the run cleans up does not keep it from that.
    """
    if threading.current_thread() is not threading.main_thread():
        return lambda: None

    def stop(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt(f"{signal.Signals(number).name}")

    # Whoever ignores one of them, or has a handler of its own, knows why.
    taken = [number for number in _TOLD_TO_STOP if signal.getsignal(number) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, stop)

    def undo() -> None:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)

    return undo
