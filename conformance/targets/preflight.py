"""Before a run: whether a target answers at all, and takes the credential."""

from __future__ import annotations

from attrs import evolve

from conformance.contract import Operation
from conformance.targets.errors import Down, TargetError
from conformance.targets.health import Health
from conformance.targets.target import UrlTarget

EVERY = 0.5
"""Seconds between two attempts at a target that is to come up."""


def preflight(target: UrlTarget) -> str | None:
    """Makes one request, a documented read with the credential where there is one, and others if it is not answered.

    Returns:
        One line if the credential was refused, else None.

    Raises:
        TargetError: nothing answers there.
        HarnessError: what its calls are counted in cannot be used.
    """
    read = _read(target)
    values = {name: target.parameters[name][0] for name in read.path_parameters} if read else {}
    path = read.expand(values) if read else target.contract.conventions.errors.unknown_path
    client = target.session("preflight", "preflight", []).client
    probing = evolve(client, health=Health())
    if client.budget is not None:
        client.budget.acquire()
    try:
        with probing.burst():
            answer = probing.send("GET", path).response
    except Down as error:
        why = error.first.removesuffix("; is the target up?")
        raise TargetError(f"the target {target.base_url} cannot be reached: {why}; is it up?") from None
    if read and read.authorized == "required" and answer.status in (401, 403):
        return (
            f"the target {target.base_url} did not accept the credential: "
            f"GET {path} came to {answer.reason}; is its token right?"
        )
    return None


def awaited(target: UrlTarget, seconds: float) -> str | None:
    """As `preflight`, asked again until something answers, for so many seconds by the target's clock.

    Raises:
        TargetError: nothing answers there by then.
    """
    until = target.clock.now() + seconds
    while True:
        try:
            return preflight(target)
        except TargetError as error:
            left = until - target.clock.now()
            if left <= 0:
                raise TargetError(
                    f"{error.args[0].removesuffix('; is it up?')}; {seconds:g} s were waited for it"
                ) from None
            target.clock.sleep(min(EVERY, left), "the target is not up yet")


def _read(target: UrlTarget) -> Operation | None:
    """A read that takes no more than is known, and a credential rather than none."""
    versioning = target.contract.conventions.versioning
    known = {*target.parameters, *([versioning.parameter] if versioning else [])}
    reads = [
        operation
        for operation in target.contract.operations
        if operation.method == "GET"
        and known.issuperset(operation.path_parameters)
        and all(one["name"] in known for one in operation.parameters if one["in"] == "query" and one.get("required"))
    ]
    return min(reads, key=lambda read: (read.authorized != "required", len(read.path_parameters)), default=None)
