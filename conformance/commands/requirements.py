"""`conformance requirements`: what an API's document promises, a line each."""

from __future__ import annotations

import argparse

from conformance.commands.base import Commands, add_specs_to
from conformance.contract import BASE, Requirement, apis, base_catalogue, load_catalogue


def add_to(commands: Commands) -> None:
    """Adds the command to the command line."""
    parser = commands.add_parser("requirements", help="list the requirements of an API, or of all")
    parser.add_argument("api", nargs="?", metavar="API")
    add_specs_to(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    for api in [options.api] if options.api else apis(options.specs):
        catalogue = load_catalogue(api, options.specs)
        print(f"{api}: {len(catalogue.requirements)} requirements of {catalogue.document.title}")
        for record in catalogue.requirements:
            print(_line(record, record.id))
    api, base = options.api or "<api>", base_catalogue().requirements
    print(f"{api}: {len(base)} base requirements, of every API that speaks HTTP, JSON and OpenAPI")
    for each in base:
        published = " [by a published document]" if each.published else ""
        print(f"{_line(each, f'{api}.{BASE}.{each.slug}')}{published}")
    return 0


def _line(record: Requirement, name: str) -> str:
    tested = f" [not tested: {record.not_tested}]" if record.not_tested else ""
    return f"  {name} ({record.strength}, {record.basis}, {record.mode}): {record.statement}{tested}"
