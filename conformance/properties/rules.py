"""Rules that nothing knows: a mistyped one would leave its requirement unjudged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches

from conformance.checks import CHECKS
from conformance.contract import Contract, apis, load_catalogue
from conformance.properties.binding import Binding, binding_of


def unknown_rules(contracts: Iterable[Contract], tests: Iterable[Callable[..., None]]) -> Iterator[str]:
    """A line for each requirement whose rule no check judges, no test cites and no other API's catalogue has.

    Args:
        tests: every test function that there is, of the suite or not.
    """
    cited = {name for test in tests for name in (binding_of(test) or Binding()).cites}
    contracts = list(contracts)
    for contract in contracts:
        known = {*CHECKS, *cited}
        open_ = [record for record in contract.catalogue.requirements if record.rule and record.rule not in known]
        if open_:
            loaded = {c.api: c.catalogue for c in contracts}
            loaded |= {api: load_catalogue(api) for api in apis() if api not in loaded}
            others = [catalogue for api, catalogue in loaded.items() if api != contract.api]
            known |= {record.rule for other in others for record in other.requirements if record.rule}
        for record in open_:
            if record.rule not in known:
                near = get_close_matches(str(record.rule), known, n=1)
                hint = f"; is {near[0]} meant?" if near else ""
                yield (
                    f"specs/{contract.api}/requirements.yaml: {record.id}: rule: "
                    f"no check and no test knows {record.rule}{hint}"
                )
