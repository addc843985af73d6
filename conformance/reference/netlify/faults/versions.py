"""Faults of the Netlify server in its version: what answers under another one, and what does not stay as it was."""

from __future__ import annotations

from conformance.reference.edits import change, crash, drop, redirect, rename
from conformance.reference.faults import Faults
from conformance.reference.messages import Request, Response
from conformance.reference.netlify.faults.links import HOOKS, SITES, on_page
from conformance.reference.netlify.faults.tools import DEPLOYS, FILES
from conformance.reference.plants import also_at

faults = Faults()

SITE = "GET /api/v1/sites/{site_id}"
V99 = "/api/v99/sites"


def of_v99(request: Request) -> bool:
    """Whether a request is for a version that there is none of."""
    return request.segments[:2] == ("api", "v99")


fault = faults.of("netlify.versioning.unknown-version-rejected")
fault("ignored", "The sites are served under any version.").by(also_at(SITES, "/api/{version}/sites"))
fault("crashes", "Another version is a server error.").by(crash(status=404, when=of_v99))
fault("redirected", "Another version is redirected to the first.").by(
    redirect(lambda _: "/api/v1/sites", status=404, when=of_v99)
)
fault("empty-list", "Another version is answered with an empty list.").by(
    lambda server: server.transforms.append(lambda request, response: Response.of([]) if of_v99(request) else response)
)

fault = faults.of("netlify.versioning.backward-compatible")
fault("name-renamed", "The name of a listed site is called site_name.").by(rename("/*/name", "site_name", on=SITES))
fault("id-as-number", "The id of a single site is a number.").by(change("/id", lambda _: 1, on=SITE))
fault("deploys-without-state", "A listed deploy has no state.").by(drop("/*/state", on=DEPLOYS))
fault("second-page-without-name", "The sites of the second page have no name.").by(
    drop("/*/name", on=SITES, when=on_page(2))
)
fault("hooks-nested", "What a listed hook holds is text.").by(change("/*/data", str, on=HOOKS))
fault("files-without-sha", "A listed file has no sha.").by(drop("/*/sha", on=FILES))
