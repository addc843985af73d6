"""What sites take in, and what hooks are sent: posts to the forms on a site's pages, and calls of a receiver."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from attrs import define, evolve, field

from conformance.contract import Need
from conformance.properties import Collection, NotExercised, Subject, Things, Unsupported, assert_equal
from conformance.properties.receiver import Receiver
from conformance.suite.netlify.deploying import Deploying
from conformance.traffic.exchange import Exchange

SITE, FORMS = "GET /api/v1/sites/{site_id}", "GET /api/v1/sites/{site_id}/forms"
OF_SITE, OF_FORM = "GET /api/v1/sites/{site_id}/submissions", "GET /api/v1/forms/{form_id}/submissions"
HOOKS = "GET /api/v1/hooks"

VERIFIED, SPAM = "verified", "spam"
STATES = (VERIFIED, SPAM)

SOON = 0.25
"""Seconds of this machine that a call may take, at each look for it."""

CALLS = (1.0, 4.0, 10.0, 45.0)
"""Seconds of the target between looks: a minute in all."""

PAGE = "/forms.html"
_FORM = (
    '<form name="{}" method="post" data-netlify="true"><input name="email" type="email"><input name="message"></form>'
)
_POSTED = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}

T = TypeVar("T")


def page_with(forms: Iterable[str]) -> bytes:
    """An HTML page with these forms, which are to be taken in."""
    shown = "".join(map(_FORM.format, forms))
    return f"<!doctype html><html><head><title>conformance</title></head><body>{shown}</body></html>\n".encode()


def records_of(subject: Subject, operation: str, values: Mapping[str, str], **query: str) -> list[dict[str, Any]]:
    """The records of a list as it is now.

    Raises:
        Blocked, NotExercised: it cannot be read whole.
    """
    pagination = subject.conventions.lists
    listing = Collection(subject.client, subject.contract.operation(operation), pagination, values, query)
    records = [record for step in listing.everything.steps for record in step.page.records]
    return [record for record in records if isinstance(record, dict)]


def ids_of(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """Their ids, as they stand in paths."""
    return [str(record.get("id")) for record in records]


def submissions_to(subject: Subject, state: str, **of: str) -> list[dict[str, Any]]:
    """What was submitted to a site (`site_id`) or to a form (`form_id`), in a state; see `records_of`."""
    query = {"state": SPAM} if state == SPAM else {}
    return records_of(subject, OF_SITE if "site_id" in of else OF_FORM, of, **query)


def list_of(state: str, of: str) -> str:
    """How a list of submissions is told of: its state, and whether it is that of a site or of a form."""
    return f"{state}, of the {of}"


def both_lists(state: str) -> list[str]:
    """The lists that have a submission in a state."""
    return [list_of(state, "site"), list_of(state, "form")]


@define
class Site:
    """A site of this run's own.

    Attributes:
        deploying: what deploys to it.
    """

    subject: Subject
    deploying: Deploying
    id: str

    @classmethod
    def new(cls, subject: Subject) -> Site:
        """A site to which nothing was deployed.

        Raises:
            Blocked, NotExercised: there is none.
        """
        deploying = Deploying.of(subject)
        return cls(subject, deploying, deploying.site())

    def things(self, name: str) -> Things:
        """The resource that the conventions call so, as a part of this site."""
        resource = next(one for one in self.subject.conventions.resources if one.name == name)
        things = self.subject.things_of(resource)
        fixed = {**things.fixed, "site_id": self.id} if "site_id" in things.fixed else things.fixed
        return evolve(things, fixed=fixed, known={**things.known, "site_id": self.id})

    def word(self) -> str:
        """A word that nothing else was called by."""
        return str(self.things("snippet").body()["title"])

    def deploy(self, *forms: str) -> None:
        """Deploys a page that nobody has stored yet, with these forms, and waits for it to be ready.

        Raises:
            Blocked, NotExercised: it did not come to that.
        """
        self.deploying.deployed(self.id, {PAGE: page_with(forms) + self.deploying.unique()})

    def with_taken_in(self, *names: str) -> dict[str, str]:
        """Deploys forms: name → id of those that are listed within a minute; no document says how a form is made.

        Raises:
            Blocked, NotExercised: it did not come to that.
        """
        self.deploy(*names)

        def listed() -> list[tuple[str, str]]:
            records = records_of(self.subject, FORMS, {"site_id": self.id})
            return [(str(form.get("name")), str(form.get("id"))) for form in records if form.get("name") in names]

        return dict(self.as_many(len(names), listed))

    def call(self, operation: str, **values: str) -> Exchange:
        """Calls an operation on a part of this site."""
        return self.subject.client.call(self.subject.contract.operation(operation), values)

    def comes_to(self, seen: Callable[[], Any], due: Any) -> Any:
        """What is seen: as soon as it is what is due, else after a minute."""
        return self.deploying.comes_to(seen, due)

    def as_many(self, count: int, seen: Callable[[], list[T]]) -> list[T]:
        """What is seen: as soon as there are so many, else after a minute."""
        found: list[T] = []

        def look() -> int:
            found[:] = seen()
            return len(found)

        self.comes_to(look, count)
        return found


@define
class Visited(Site):
    """A site of this run's own with forms, which visitors can submit.

    Attributes:
        pages: where its pages answer, below the base URL.
        forms: name → id.
    """

    pages: str
    forms: dict[str, str]

    @classmethod
    def with_forms(cls, subject: Subject, *names: str) -> Visited:
        """A site with forms of these names.

        Raises:
            Unsupported: nobody says where the pages of the target's sites answer.
            Blocked, NotExercised: there is no such site.
        """
        template = subject.session.facts.get("sites")
        if template is None:
            text = "needs a site whose pages can be posted to: facts.sites says where they answer"
            raise Unsupported(text, Need.fact("sites", "where the pages of a site answer"))
        site = Site.new(subject)
        forms = site.with_taken_in(*names)
        if len(forms) < len(names):
            raise NotExercised("the forms of a page that was deployed are not among those of the site")
        name = str(subject.client.control(site.call(SITE, site_id=site.id)).response.at("/name"))
        pages = template.replace("{name}", quote(name, safe="")).rstrip("/")
        return cls(subject, site.deploying, site.id, pages, forms)

    def submit(self, form: str, word: str) -> Exchange:
        """Posts a form as a visitor of the site does."""
        data = {"form-name": form, "email": f"{word}@example.com", "message": f"Hello from {word}"}
        content = urlencode(data).encode()
        return self.subject.client.send(
            "POST", f"{self.pages}{PAGE}", content=content, headers=_POSTED, credential=None
        )

    def accepts(self, form: str, word: str) -> None:
        """Goes on only where a form can be submitted.

        Raises:
            NotExercised: it was not accepted.
        """
        posted = self.submit(form, word)
        if posted.response.status_class not in (2, 3):
            raise NotExercised(f"a form that was just deployed is not to be submitted: {posted}")

    def listed(self, state: str, form: str | None = None) -> list[dict[str, Any]]:
        """What was submitted to this site, or to one of its forms, in a state."""
        of = {"site_id": self.id} if form is None else {"form_id": self.forms[form]}
        return submissions_to(self.subject, state, **of)

    def submitted(self, form: str) -> str:
        """The id of a new submission to a form.

        Raises:
            Blocked, NotExercised: it was not accepted, or is not listed once within a minute.
        """
        word = self.word()
        self.accepts(form, word)

        def shown() -> list[str]:
            for state in STATES:
                if found := ids_of(one for one in self.listed(state) if word in str(one.get("data"))):
                    return found
            return []

        found = self.as_many(1, shown)
        if len(found) != 1:
            raise NotExercised(f"what was submitted is listed {len(found)} times")
        return found[0]

    def lists_with(self, form: str, *identities: str) -> dict[str, list[str]]:
        """The lists that have each submission: those of the site and of a form of it, in each state."""
        lists = {
            list_of(state, of): ids_of(self.listed(state, name))
            for state in STATES
            for of, name in (("site", None), ("form", form))
        }
        return {identity: [said for said, ids in lists.items() if identity in ids] for identity in identities}

    def assert_lists(self, form: str, due: Mapping[str, list[str]], what: str, exchange: Exchange) -> None:
        """Within a minute each submission is in the lists that are due, and in no others."""
        shown = self.comes_to(lambda: self.lists_with(form, *due), due)
        assert_equal(shown, due, f"the lists that have each submission {what}", exchange=exchange)


def hooks_of(subject: Subject, site: str) -> list[dict[str, Any]]:
    """The hooks of a site that are listed now."""
    return records_of(subject, HOOKS, {}, site_id=site)


@define
class Called:
    """The hooks that a site calls at a receiver, each at a path of its own.

    Attributes:
        paths: name → where it is called.
    """

    site: Site
    paths: dict[str, str] = field(factory=dict)

    @property
    def receiver(self) -> Receiver:
        return self.site.subject.receiver

    def add(self, name: str, event: str, site: Site | None = None, status: int = 200, **members: str) -> None:
        """Creates a hook for an event, of this site or of another one, that is answered with a status when called.

        Raises:
            Unsupported: the target calls nobody here.
            Blocked: it was not accepted.
        """
        of, subject = site or self.site, self.site.subject
        path = f"/{of.word()}-{name}"
        self.receiver.statuses[path] = status
        sent = {"site_id": of.id, "type": "url", "event": event, "data": {"url": self.receiver.url(path)}, **members}
        subject.client.control(of.things("hook").post(sent))
        self.paths[name] = path

    def listed(self) -> dict[str, str]:
        """Name → id of the hooks of the site that are listed now."""
        found: dict[str, str] = {}
        for hook in hooks_of(self.site.subject, self.site.id):
            data = hook.get("data")
            # The receiver is known by another name in what is kept.
            url = str(data.get("url")) if isinstance(data, dict) else ""
            found |= {name: str(hook.get("id")) for name, path in self.paths.items() if url.endswith(path)}
        return found

    def came(self, *due: str) -> set[str]:
        """Which hooks were called since the last look: as soon as those that are due were, and nothing follows."""
        names = {path: name for name, path in self.paths.items()}
        found: set[str] = set()
        for pause in CALLS:
            found |= {names.get(each.path, each.path) for each in self.receiver.take(within=SOON)}
            if found >= set(due):
                break
            self.site.subject.client.clock.sleep(pause)
        return found | {names.get(each.path, each.path) for each in self.receiver.take(0, within=SOON)}
