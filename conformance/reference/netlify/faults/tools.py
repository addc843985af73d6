"""What the faults of the Netlify server in its deploys share: names of operations, how bodies and flows are changed."""

from __future__ import annotations

import json
from typing import Any

from conformance.reference.faults import Plant
from conformance.reference.messages import Record, Request
from conformance.reference.netlify.policies import iso
from conformance.reference.netlify.publishing import Flow
from conformance.reference.plants import policy

CREATE_SITE = "POST /api/v1/sites"
PUT_SITE = "PUT /api/v1/sites/{site_id}"
CREATE = "POST /api/v1/sites/{site_id}/deploys"
DEPLOYS = "GET /api/v1/sites/{site_id}/deploys"
OF_SITE = "GET /api/v1/sites/{site_id}/deploys/{deploy_id}"
BY_ID = "GET /api/v1/deploys/{deploy_id}"
RESTORE = "POST /api/v1/sites/{site_id}/deploys/{deploy_id}/restore"
FILES = "GET /api/v1/sites/{site_id}/files"
FILE = "GET /api/v1/sites/{site_id}/files/{file_path}"
UPLOAD = "PUT /api/v1/deploys/{deploy_id}/files/{file_path}"
UPLOAD_FUNCTION = "PUT /api/v1/deploys/{deploy_id}/functions/{name}"


def flow(kind: type[Flow]) -> Plant:
    """Another way for deploys to go on."""
    return policy(kind, "flow")


def is_async(deploy: Record) -> bool:
    """Whether the manifest of a deploy was made after it was answered."""
    return bool(iso(deploy["_prepared"]) != deploy["created_at"])


def sent(request: Request) -> dict[str, Any]:
    """The members of a JSON body; none of another one."""
    try:
        found = json.loads(request.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
