"""The pages of sites: a run posts to those of its own sites alone; and ids that are counted in each site."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from conformance.contract import load
from conformance.selftest.test_guard import RUN, Server, client_of, guard_of
from conformance.targets.errors import Unsupported
from conformance.targets.facts import Facts

API = load("netlify")
OURS = f"{RUN}-00000000-1"


@pytest.mark.parametrize("sites", ["{name}", "/{name}", "https://{name}.netlify.app/", "/_site/name", "", 7])
def test_where_pages_answer_is_a_path_with_the_name_of_the_site(sites: object) -> None:
    with pytest.raises(ValidationError):
        Facts.model_validate({"sites": sites})


def test_a_page_of_a_site_of_the_run_may_be_posted_to() -> None:
    client = client_of(guard_of(API), Server(id="site-1"))
    client.send("POST", "/api/v1/sites", body={"name": OURS})
    assert client.send("POST", f"/_site/{OURS}/forms.html", content=b"form-name=a", credential=None).response.ok
    for path in (f"/_site/{OURS}2/forms.html", "/_site/users-own/forms.html", f"/_site/{OURS}/../users-own"):
        with pytest.raises(Unsupported):
            client.send("POST", path, content=b"form-name=a", credential=None)


def test_a_page_of_a_site_that_is_deleted_is_nobodys() -> None:
    client = client_of(guard_of(API), Server(id="site-1"))
    client.send("POST", "/api/v1/sites", body={"name": OURS})
    client.guard.gone(client.guard.made[0])
    with pytest.raises(Unsupported, match="nothing in the path was created by this run"):
        client.send("POST", f"/_site/{OURS}/forms.html", content=b"form-name=a")


def test_what_is_made_in_a_thing_of_the_run_may_have_an_id_that_a_user_named_elsewhere() -> None:
    """Snippets are counted from 0 in every site."""
    client = client_of(guard_of(API, known={"snippet_id": ("0",), "site_id": ("users-own",)}), Server(id="site-1"))
    client.send("POST", "/api/v1/sites", body={"name": OURS})
    client.transport = Server(id=0)
    client.send("POST", "/api/v1/sites/site-1/snippets", body={"title": f"{RUN}-00000000-2"})
    assert client.send("DELETE", "/api/v1/sites/site-1/snippets/0").response.ok
    with pytest.raises(Unsupported):
        client.send("DELETE", "/api/v1/sites/users-own/snippets/0")
