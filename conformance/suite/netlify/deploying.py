"""How deploys are made and followed: digests, uploads, archives, states, the files of a site.

A `Deploying` is the suite's own deployer: it asks for the uploads that a digest requires, and for no others. Paths are
those of a digest: they begin with a slash, and nothing in them is encoded.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import count
from typing import Any

from attrs import define, field, frozen

from conformance.contract import Contract
from conformance.properties import Collection, NotExercised, Subject, Things, assert_that
from conformance.targets import Client, HarnessError
from conformance.targets.errors import Blocked
from conformance.traffic.exchange import Exchange

CREATE_SITE, PUT_SITE = "POST /api/v1/sites", "PUT /api/v1/sites/{site_id}"
CREATE, DEPLOYS = "POST /api/v1/sites/{site_id}/deploys", "GET /api/v1/sites/{site_id}/deploys"
OF_SITE, BY_ID = "GET /api/v1/sites/{site_id}/deploys/{deploy_id}", "GET /api/v1/deploys/{deploy_id}"
UPLOAD = "PUT /api/v1/deploys/{deploy_id}/files/{file_path}"
UPLOAD_FUNCTION = "PUT /api/v1/deploys/{deploy_id}/functions/{name}"
RESTORE = "POST /api/v1/sites/{site_id}/deploys/{deploy_id}/restore"
FILES, FILE = "GET /api/v1/sites/{site_id}/files", "GET /api/v1/sites/{site_id}/files/{file_path}"

OCTETS, ZIP = "application/octet-stream", "application/zip"

ORDER = ("preparing", "prepared", "uploading", "uploaded", "ready")
"""The states that the document gives an order, in it; it names no others of a deploy that is not finished."""

FINISHED = ("ready", "current", "old")
"""A deploy that is ready is current or old among those of its site."""

FAILED = ("error", "failed", "rejected")
"""Not in the document: whoever waits for a deploy in such a state waits in vain."""

PAUSES = (*(1.0,) * 10, *(2.0,) * 10, *(5.0,) * 12)
"""Seconds between looks at a deploy: a minute and a half in all, most of them soon."""

LARGE = 1000
"""Files from which on a deploy is large, so that its digest is worked on after it was answered."""

ATTEMPTS = 3
"""How often an upload is sent that is not answered: "a few times"."""

TIMED_OUT = (408, 504)
"""What a server answers whose time ran out, where it does."""

Files = Mapping[str, bytes]
"""Path → content."""


def digest_of(content: bytes) -> str:
    """The SHA1 that names a file."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def function_digest_of(archive: bytes) -> str:
    """The SHA256 that names a function, which is a ZIP archive."""
    return hashlib.sha256(archive).hexdigest()


def digests_of(files: Files) -> dict[str, str]:
    """Path → SHA1, as a digest has it and the list of a site's files shows it."""
    return {path: digest_of(content) for path, content in files.items()}


def zipped(files: Files, folders: Iterable[str] = (), method: int = zipfile.ZIP_STORED) -> bytes:
    """An archive of files and folders, the same one for the same ones; its paths have no slash in front."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", method) as writing:
        for path, content in {**{f"{folder}/": b"" for folder in folders}, **files}.items():
            entry = zipfile.ZipInfo(path.removeprefix("/"))
            entry.external_attr, entry.compress_type = (0o40755 if entry.is_dir() else 0o100644) << 16, method
            writing.writestr(entry, content)
    return archive.getvalue()


def digest(files: Files, functions: Files | None = None, **members: Any) -> dict[str, Any]:
    """The body of a create: the digests of files and functions, and other members such as `draft`."""
    named = {name: function_digest_of(content) for name, content in (functions or {}).items()}
    return {"files": digests_of(files), **({"functions": named} if functions else {}), **members}


class Unfit(HarnessError):
    """A path that the document forbids: nothing of its deploy was sent."""


@frozen
class Deploy:
    """A deploy that was asked for.

    Attributes:
        site: the id of its site.
        files, functions: what it is to consist of.
        created: the answer to its create.
    """

    site: str
    id: str
    files: Files
    functions: Files
    created: Exchange = field(repr=False)

    @property
    def digests(self) -> dict[str, str]:
        return digests_of(self.files)


@define
class Deploying:
    """Deploys to the sites of one target; what it makes has contents that nothing else has, where they are `unique`."""

    client: Client
    contract: Contract
    sites: Things | None = None
    prefix: str = "conformance"
    numbers: Iterator[int] = field(factory=lambda: count(1))

    @classmethod
    def of(cls, subject: Subject) -> Deploying:
        """Of the target of a test: what it makes is deleted at the end, with the sites it is made on."""
        subject.need("writes")
        resource = next(one for one in subject.conventions.resources if one.create == CREATE_SITE)
        sites = subject.things_of(resource)
        return cls(subject.client, subject.contract, sites, subject.prefix, sites.numbers)

    def site(self) -> str:
        """The id of a new site, to which nothing was deployed.

        Raises:
            Blocked, NotExercised: there is none.
        """
        sites = self.sites
        assert sites is not None
        return sites.create()

    def unique(self, text: str = "") -> bytes:
        """A content that nobody has stored yet."""
        return f"{self.prefix} {next(self.numbers)} {text}\n".encode()

    def uniques(self, *paths: str) -> dict[str, bytes]:
        """A file with a content of its own under each path."""
        return {path: self.unique(path) for path in paths}

    # What is sent.

    def post(self, site: str, body: Any, **options: Any) -> Exchange:
        """Sends a create of a deploy; options as in `Client.send`."""
        return self._call(CREATE, {"site_id": site}, body=body, **options)

    def post_zip(self, site: str, archive: bytes, operation: str = CREATE, **options: Any) -> Exchange:
        """Sends an archive to be deployed: as a deploy, or by the PUT of a site."""
        return self._call(operation, {"site_id": site}, content=archive, headers={"Content-Type": ZIP}, **options)

    def upload(self, deploy: str, path: str, content: bytes, **options: Any) -> Exchange:
        """Sends a file of a deploy."""
        values = {"deploy_id": deploy, "file_path": path.removeprefix("/")}
        return self._call(UPLOAD, values, content=content, **{"headers": {"Content-Type": OCTETS}, **options})

    def upload_function(self, deploy: str, name: str, archive: bytes, runtime: str = "js", **options: Any) -> Exchange:
        """Sends a zipped function of a deploy."""
        values, typed = {"deploy_id": deploy, "name": name}, {"Content-Type": OCTETS}
        return self._call(
            UPLOAD_FUNCTION, values, query={"runtime": runtime}, content=archive, **{"headers": typed, **options}
        )

    def restore(self, site: str, deploy: str) -> Exchange:
        return self._call(RESTORE, {"site_id": site, "deploy_id": deploy})

    def get(self, deploy: str, site: str | None = None) -> Exchange:
        """Reads a deploy: by its id alone, or under a site."""
        if site is None:
            return self._call(BY_ID, {"deploy_id": deploy})
        return self._call(OF_SITE, {"site_id": site, "deploy_id": deploy})

    def get_file(self, site: str, path: str, **options: Any) -> Exchange:
        """Reads a file of a site."""
        return self._call(FILE, {"site_id": site, "file_path": path.removeprefix("/")}, **options)

    def raw(self, site: str, path: str) -> bytes | None:
        """The bytes of a file of a site; None where neither way to ask for them gives them."""
        media_type = self.contract.conventions.media_types.raw
        for name in ("Content-Type", "Accept"):
            exchange = self.client.control(self.get_file(site, path, headers={name: str(media_type)}))
            if not isinstance(exchange.response.at("/sha"), str):
                return exchange.response.body
        return None

    def _call(self, operation: str, values: Mapping[str, str], **options: Any) -> Exchange:
        return self.client.call(self.contract.operation(operation), values, **options)

    # The deploy of a digest.

    def made(self, site: str, files: Files, functions: Files | None = None, **members: Any) -> Deploy:
        """A deploy whose create was accepted; nothing of it is uploaded.

        Raises:
            Blocked: it was not accepted, or has no id.
            Unfit: a path is one that the document forbids.
        """
        self.check(files)
        if len(files) >= LARGE:
            members = {"async": True, **members}
        return self.taken(site, files, self.post(site, digest(files, functions, **members)), functions)

    def taken(self, site: str, files: Files, created: Exchange, functions: Files | None = None) -> Deploy:
        """The deploy that the answer to a create shows; see `made`."""
        self.client.control(created)
        return Deploy(site, self.identified(created), files, functions or {}, created)

    def check(self, files: Files) -> None:
        """Passes if the document lets each path be uploaded to.

        Raises:
            Unfit: one is forbidden.
        """
        upload = self.contract.operation(UPLOAD)
        for path in files:
            if not self.client.fits(upload, {"file_path": path.removeprefix("/")}):
                raise Unfit(f"{path!r} is no path that the document lets be deployed")

    def identified(self, created: Exchange) -> str:
        """The id of a deploy that an answer shows.

        Raises:
            Blocked: it shows none.
        """
        found = created.response.at("/id")
        if not isinstance(found, str) or not found:
            raise Blocked(f"{created}: the answer names no deploy", "list", created)
        return found

    def requirement_of(self, deploy: Deploy) -> Exchange:
        """An answer that says what is required: that of the create, or of a later look if that does not say so yet.

        One that shows a finished deploy says that nothing is.

        Raises:
            NotExercised: none did, for a bounded time.
        """
        if isinstance(deploy.created.response.at("/required"), list):
            return deploy.created
        for exchange in self.looks(deploy, site=deploy.site):
            if isinstance(exchange.response.at("/required"), list) or state_of(exchange) in FINISHED:
                return exchange
        raise NotExercised(f"deploy {deploy.id} never said what is required of it")

    def upload_required(self, deploy: Deploy, leaving: Iterable[str] = ()) -> list[Exchange]:
        """Uploads what is required, each content once; but not the contents with the digests in `leaving`.

        An upload that is not answered is sent again, a few times.

        Raises:
            Blocked: an upload was refused, or never answered.
            NotExercised: the target did not say what is required.
        """
        said = self.requirement_of(deploy)
        left, sent = {sha.lower() for sha in leaving}, []
        for sha in dict.fromkeys(required(said)):
            path = next((path for path, known in deploy.digests.items() if known == sha), None)
            if path is not None and sha not in left:
                sent.append(_persistently(self.client, partial(self.upload, deploy.id, path, deploy.files[path])))
        for sha in dict.fromkeys(required(said, "required_functions")):
            for name, archive in deploy.functions.items():
                if function_digest_of(archive) == sha and sha not in left:
                    sent.append(_persistently(self.client, partial(self.upload_function, deploy.id, name, archive)))
        return sent

    def deployed(self, site: str, files: Files, functions: Files | None = None, **members: Any) -> Deploy:
        """A deploy that was brought to its end.

        Raises:
            Blocked, NotExercised: it did not come to that.
        """
        deploy = self.made(site, files, functions, **members)
        self.upload_required(deploy)
        self.finished(deploy)
        return deploy

    def deployed_zip(self, site: str, files: Files, operation: str = CREATE) -> Deploy:
        """A deploy of an archive that was brought to its end; see `deployed`."""
        deploy = self.taken(site, files, self.post_zip(site, zipped(files), operation))
        self.finished(deploy)
        return deploy

    # How it goes on.

    def looks(self, deploy: Deploy | str, site: str | None = None) -> Iterator[Exchange]:
        """A deploy as it is read again and again for a bounded time, by its id or under a site; the last one is told.

        Raises:
            Blocked: it cannot be read.
        """
        identity = deploy.id if isinstance(deploy, Deploy) else deploy
        yield self.client.control(self.get(identity, site))
        for pause in PAUSES:
            self.client.clock.sleep(pause)
            yield self.client.control(self.get(identity, site))

    def comes_to_its_end(self, deploy: Deploy | str, site: str | None = None) -> bool:
        """Whether a deploy is finished within a bounded time."""
        for exchange in self.looks(deploy, site):
            if state_of(exchange) in FINISHED:
                return True
            if state_of(exchange) in FAILED:
                return False
        return False

    def finished(self, deploy: Deploy | str) -> None:
        """Goes on only with a deploy that is finished.

        Raises:
            NotExercised: it is not within a bounded time.
        """
        if not self.comes_to_its_end(deploy):
            raise NotExercised(f"the deploy did not come to its end: {self.client.exchanges[-1]}")

    def assert_finished(self, deploy: Deploy | str, when: str) -> None:
        """A deploy is finished within a bounded time."""
        done = self.comes_to_its_end(deploy)
        last = self.client.exchanges[-1]
        assert_that(
            done,
            f"a deploy {when} does not become ready: it is {state_of(last)}",
            expected=f"the state {' or '.join(FINISHED)} within {sum(PAUSES):.0f} s",
            actual=state_of(last),
            exchange=last,
        )

    def assert_unfinished(self, deploy: Deploy, when: str, pauses: Iterable[float] = (1, 2, 3)) -> None:
        """A deploy is not finished now, nor after any of these pauses in seconds: neither by its id nor on its site."""
        for pause in (0.0, *pauses):
            self.client.clock.sleep(pause)
            for site in (None, deploy.site):
                seen = self.client.control(self.get(deploy.id, site))
                assert_that(
                    state_of(seen) not in FINISHED,
                    f"a deploy {when} is {state_of(seen)}",
                    expected=f"none of the states {', '.join(FINISHED)}",
                    actual=state_of(seen),
                    exchange=seen,
                )

    # What the site consists of.

    def tree(self, site: str) -> dict[str, str]:
        """Path → SHA1 in small letters of every file of a site, as its list shows them now.

        Raises:
            Blocked, NotExercised: the list cannot be read whole.
        """
        listing = Collection(
            self.client, self.contract.operation(FILES), self.contract.conventions.lists, {"site_id": site}
        )
        records = [record for step in listing.everything.steps for record in step.page.records]
        return {str(one.get("path")): str(one.get("sha")).lower() for one in records if isinstance(one, dict)}

    def listed(self, site: str) -> list[str]:
        """The ids of the deploys of a site."""
        return Collection(
            self.client, self.contract.operation(DEPLOYS), self.contract.conventions.lists, {"site_id": site}
        ).ids

    def comes_to(self, seen: Callable[[], Any], due: Any) -> Any:
        """What is seen: as soon as it is what is due, else after a minute."""
        found, waited = seen(), 0.0
        for pause in PAUSES:
            if found == due or waited >= 60:
                break
            self.client.clock.sleep(pause)
            waited += pause
            found = seen()
        return found

    def assert_live(self, site: str, files: Files, when: str) -> None:
        """A site consists of these files and no others, within a minute."""
        due = digests_of(files)
        found = self.comes_to(lambda: self.tree(site), due)
        assert_that(
            found == due,
            f"the files of a site {when} are not those of the deploy",
            expected=_told(due),
            actual=_told(found),
            exchange=self.client.exchanges[-1],
        )


def _persistently(client: Client, upload: Callable[[], Exchange]) -> Exchange:
    """The answer to an upload, which is sent again where its time ran out."""
    for _ in range(ATTEMPTS - 1):
        exchange = upload()
        if exchange.response.answered and exchange.response.status not in TIMED_OUT:
            return client.control(exchange)
    return client.control(upload())


def state_of(exchange: Exchange) -> str:
    """The state of the deploy that an answer shows; empty where it shows none."""
    found = exchange.response.at("/state")
    return found if isinstance(found, str) else ""


def required(exchange: Exchange, member: str = "required") -> list[str]:
    """The digests that an answer says are required, in small letters: the case is not said."""
    found = exchange.response.at(f"/{member}")
    return [sha.lower() for sha in found if isinstance(sha, str)] if isinstance(found, list) else []


def _told(digests: Mapping[str, str]) -> str:
    return ", ".join(f"{path} {sha[:8]}" for path, sha in sorted(digests.items())) or "no files"
