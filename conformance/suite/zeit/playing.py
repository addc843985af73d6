"""What the steps of the models do on a target, and what must hold after each of them."""

from __future__ import annotations

from typing import Any

from conformance.properties import (
    NotExercised,
    Play,
    Subject,
    assert_equal,
    assert_status,
    assert_that,
)
from conformance.suite.zeit import models
from conformance.suite.zeit.deploying import FINAL, Deploying, by_digest, digest_of, inlined
from conformance.suite.zeit.naming import things_of
from conformance.suite.zeit.test_aliases import DELETE as DELETE_ALIAS
from conformance.suite.zeit.test_aliases import Aliases, bare, old_id
from conformance.suite.zeit.test_deployments import settled
from conformance.suite.zeit.test_domains import domains_in
from conformance.suite.zeit.test_secrets import secrets_in
from conformance.suite.zeit.test_teams import INVITE, REMOVE, ROLE, disposable, members
from conformance.traffic.exchange import Exchange

SAME, FORCED = "zeit.deploy-flow.same-input-same-id", "zeit.deploy-flow.force-new"
DELETED, READ = "zeit.crud.deployment-deleted", "zeit.crud.deployment-read-back"
STATES = "zeit.deploy-flow.state-machine"
MISSING, UPLOADED = "zeit.deploy-flow.missing-files", "zeit.deploy-flow.upload-then-create"
MOVED, VIEWS = "zeit.crud.alias-move", "zeit.crud.alias-views-agree"
RENAMED, UNIQUE = "zeit.crud.secret-rename", "zeit.crud.secret-name-unique"
SECRET_DELETED = "zeit.crud.secret-deleted"
CASCADE, DOMAIN_READ = "zeit.crud.domain-delete-cascade", "zeit.crud.domain-read-back"
LIFECYCLE, OWNER = "zeit.crud.team-member-lifecycle", "zeit.auth.owner-not-removable"


class PlayedDeployments(Play):
    """Deployments: the ids and urls of each input, oldest first, and of what was deleted."""

    model_of = models.Deployments

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self.deploying = Deploying(subject)
        self.bodies = {name: self.deploying.body() for name in models.INPUTS}
        self.live: dict[str, list[tuple[Any, Any]]] = {name: [] for name in models.INPUTS}
        self.gone: list[tuple[Any, Any]] = []
        self.final: dict[Any, Any] = {}
        other = self.deploying.body()
        self.other = _id_and_url(self.client.control(self.deploying.post(other)))
        if self.other[0] not in self.deploying.listed():
            raise NotExercised("a new deployment is not listed")
        if self.is_judged_by(SAME, FORCED):
            again = self.client.control(self.deploying.post(other))
            self._is_one_of([self.other], _id_and_url(again), again)

    def create(self, of: str) -> None:
        exchange = self.client.control(self.deploying.post(self.bodies[of]))
        made = self._another(exchange)
        if self.live[of]:
            self._is_one_of(self.live[of], made, exchange)
            return
        self.live[of].append(made)
        with self.about(READ):
            assert_status(self.deploying.things.get(str(made[0])), 200, when="after its create")

    def _is_one_of(self, known: list[tuple[str, Any]], made: tuple[str, Any], exchange: Exchange) -> None:
        """A create of an input that is deployed answers the id of a deployment of it, and its url once it has one."""
        urls = dict(known)
        with self.about(SAME):
            assert_that(
                made[0] in urls and (made[1] is None or urls[made[0]] in (None, made[1])),
                "a create of an input that is deployed answers another deployment",
                expected=f"id and url of {' or '.join(urls)}",
                actual=made,
                exchange=exchange,
            )

    def _another(self, exchange: Exchange) -> tuple[str, Any]:
        """Id and url of a deployment that is not the one of yet another input."""
        made = _id_and_url(exchange)
        if made[0] == self.other[0]:
            raise NotExercised(f"{exchange}: the deployment of another input")
        return made

    def force(self, of: str) -> None:
        exchange = self.client.control(self.deploying.post(self.bodies[of], query={"forceNew": "1"}))
        made = self._another(exchange)
        with self.about(FORCED):
            for place, member in enumerate(("id", "url")):
                known = [one[place] for one in (*self.live[of], *self.gone) if one[place] is not None]
                assert_that(
                    made[place] not in known,
                    f"forceNew=1 answers the {member} of a deployment before",
                    expected=f"another {member}",
                    actual=made[place],
                    exchange=exchange,
                )
        self.live[of].append(made)

    def delete(self, which: list[Any]) -> None:
        identity, url = self.live[which[0]][which[1]]
        self.client.control(self.deploying.things.delete(identity))
        self.live[which[0]].remove((identity, url))
        # An id that comes again would be that of the content.
        self.gone.append((identity, url))
        self.final.pop(identity, None)
        with self.about(DELETED):
            assert_status(self.deploying.things.get(identity), "4xx", when="after its DELETE")

    def settle(self, which: list[Any]) -> None:
        # Only for who is judged by it is it worth the wait.
        if self.is_judged_by(STATES):
            identity, _ = self.live[which[0]][which[1]]
            self.final[identity] = settled(self.deploying, identity)[-1]
        self.read(which)

    def read(self, which: list[Any]) -> None:
        identity, _ = self.live[which[0]][which[1]]
        exchange = self.deploying.things.get(identity)
        with self.about(READ):
            assert_status(exchange, 200, when="that was created and not deleted")
            assert_equal(exchange.response.at("/id"), identity, "the id that is read", exchange=exchange)
        state = exchange.response.at("/readyState")
        if identity in self.final:
            with self.about(STATES):
                assert_equal(state, self.final[identity], "the state after a final one", exchange=exchange)
        if state in FINAL:
            self.final[identity] = state

    def end(self) -> None:
        self.look()

    def look(self) -> None:
        listed = self.deploying.listed()
        live = [identity for made in self.live.values() for identity, _ in made]
        with self.about(READ):
            counts = {identity: listed.count(identity) for identity in live}
            assert_equal(counts, dict.fromkeys(live, 1), "how often the list has each deployment")
        with self.about(DELETED):
            left = [identity for identity, _ in self.gone if identity in listed and identity not in live]
            assert_equal(left, [], "the deleted deployments that are listed")


def _id_and_url(exchange: Exchange) -> tuple[str, Any]:
    return identified(exchange, "/id"), exchange.response.at("/url")


def identified(exchange: Exchange, place: str = "/uid") -> str:
    """The id that an answer gives.

    Raises:
        NotExercised: it gives none.
    """
    found = exchange.response.at(place)
    if not isinstance(found, str) or not found:
        raise NotExercised(f"{exchange}: no id at {place}")
    return found


class PlayedFiles(Play):
    """Files, each with content that nobody else has."""

    model_of = models.Files

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self.deploying = Deploying(subject)
        name = self.deploying.body()["name"]
        self.missed = False
        self.contents = {file: f"{name}, {file}\n".encode() for file in models.FILES}

    def upload(self, file: str) -> None:
        self.client.control(self.deploying.upload(self.contents[file]))

    def deploy(self, files: list[str]) -> None:
        entries = [by_digest(f"{file}.txt", self.contents[file]) for file in files]
        # Another file makes it another input each time.
        entries.append(inlined("index.html", self.deploying.body()["name"]))
        lacking = [file for file in files if file not in self.model.uploaded]
        exchange = self.deploying.post({**self.deploying.body(), "files": entries}, negative=bool(lacking))
        if not lacking and self.missed:
            with self.about(UPLOADED):
                assert_status(exchange, "2xx", when="with files that were uploaded")
                identified(exchange, "/id")
        if not lacking:
            # Where nothing is ever missing, it shows nothing that this is accepted.
            self.client.control(exchange)
            return
        with self.about(MISSING):
            error = self.deploying.refused(exchange, "missing_files", "with a file that nobody uploaded")
            missing = error.get("missing")
            told = " ".join(map(str, missing)) if isinstance(missing, list) else ""
            if told:
                shown = [file for file in files if digest_of(self.contents[file]) in told]
                assert_equal(shown, lacking, "the files that are missing", exchange=exchange)
        self.missed = True


class PlayedAliases(Play):
    """Aliases of two deployments, and the uids that they were given."""

    model_of = models.Aliases

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self.aliases = Aliases(subject.client, subject.contract)
        deployments = things_of(subject, "deployment")
        self.deployments = {name: deployments.create() for name in models.DEPLOYMENTS}
        self.names = {name: f"{deployments.body()['name']}.now.sh" for name in models.ALIASES}
        self.uids: dict[str, str] = {}

    def assign(self, alias: str, to: str) -> None:
        exchange = self.client.control(self.aliases.assign(self.deployments[to], self.names[alias]))
        before = self.model.leads.get(alias)
        with self.about(MOVED):
            # One that was used and removed may tell where it led; one that stays tells what it likes.
            if alias not in self.model.used:
                assert_equal(old_id(exchange) or "none", "none", "the oldId of a new alias", exchange=exchange)
            elif before is not None and before != to:
                due = bare(self.deployments[before])
                assert_equal(
                    bare(old_id(exchange) or "none"), due, "the oldId of an alias that moved", exchange=exchange
                )
        self.uids[alias] = identified(exchange)

    def remove(self, alias: str) -> None:
        self.client.control(
            self.client.call(self.subject.contract.operation(DELETE_ALIAS), {"aliasId": self.uids[alias]})
        )

    def end(self) -> None:
        self.look()

    def look(self) -> None:
        everywhere = self.aliases.all()
        with self.about(MOVED):
            for alias, to in sorted(self.model.leads.items()):
                due = [bare(self.deployments[to])]
                assert_equal(everywhere.get(self.uids[alias]), due, f"what the list of all shows alias {alias} for")
        with self.about(VIEWS):
            for name, deployment in self.deployments.items():
                due = sorted(uid for uid, targets in everywhere.items() if bare(deployment) in targets)
                assert_equal(self.aliases.of(deployment), due, f"the aliases of deployment {name}")


class PlayedSecrets(Play):
    """Secrets: the uid and the time of creation that go with each name, uids that are gone, and names that changed."""

    model_of = models.Secrets

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self.secrets = things_of(subject, "secret")
        self.names = {name: self.secrets.body()["name"] for name in models.SECRETS}
        self.known: dict[str, tuple[Any, Any]] = {}
        self.gone: list[str] = []
        self.renamed: set[str] = set()

    def create(self, name: str) -> None:
        exchange = self.client.control(self.secrets.post({**self.secrets.body(), "name": self.names[name]}))
        self.known[name] = identified(exchange), exchange.response.at("/created")
        self.renamed.discard(name)
        if self.names[name] not in [one.get("name") for one in secrets_in(self.secrets)]:
            raise NotExercised("a new secret is not listed")

    def rename(self, name: str, new: str) -> None:
        exchange = self._renamed(name, new)
        self.client.control(exchange)
        uid, created = self.known[new] = self.known.pop(name)
        self.renamed |= {name, new}
        due = {"uid": uid, "created": created, "name": self.names[new], "oldName": self.names[name]}
        with self.about(RENAMED):
            for member, value in due.items():
                shown = exchange.response.at(f"/{member}")
                assert_equal(shown, value, f"the {member} of a renamed secret", exchange=exchange)

    def rename_to_taken(self, names: list[str]) -> None:
        with self.about(UNIQUE):
            assert_status(self._renamed(*names, negative=True), "4xx", when="with the name of another secret")

    def _renamed(self, name: str, new: str, **options: Any) -> Exchange:
        return self.secrets.call("update", self.names[name], body={"name": self.names[new]}, **options)

    def delete(self, name: str) -> None:
        exchange = self.client.control(self.secrets.delete(self.names[name]))
        uid, _ = self.known.pop(name)
        self.gone.append(uid)
        self.renamed.discard(name)
        with self.about(SECRET_DELETED):
            assert_equal(exchange.response.at("/uid"), uid, "the uid of the deleted secret", exchange=exchange)

    def end(self) -> None:
        self.look()

    def look(self) -> None:
        listed = secrets_in(self.secrets)
        shown = {name: [one.get("uid") for one in listed if one.get("name") == self.names[name]] for name in self.names}
        due = {name: [self.known[name][0]] if name in self.known else [] for name in self.names}
        with self.about(SECRET_DELETED):
            left = [one.get("name") for one in listed if one.get("uid") in self.gone]
            assert_equal(left, [], "the names under which deleted secrets are listed")
        with self.about(UNIQUE):
            several = [self.names[name] for name in self.names if len(shown[name]) > 1]
            assert_equal(several, [], "the names that more than one secret has")
        for name in sorted(self.renamed):
            with self.about(RENAMED):
                assert_equal(shown[name], due[name], f"the uids that the list shows for secret {name}")


class PlayedDomains(Play):
    """Domains, each with one alias of its own name."""

    model_of = models.Domains

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self.domains, deployments = things_of(subject, "domain"), things_of(subject, "deployment")
        self.aliases = Aliases(subject.client, subject.contract)
        self.deployments = {name: deployments.create() for name in models.DEPLOYMENTS}
        self.names = {name: self.domains.body()["name"] for name in models.DOMAINS}
        self.uids: dict[str, Any] = {}
        self.alias_uids: dict[str, str] = {}

    def add(self, name: str) -> None:
        exchange = self.client.control(self.domains.post({**self.domains.body(), "name": self.names[name]}))
        self.uids[name] = identified(exchange)
        with self.about(DOMAIN_READ):
            assert_equal(self._listed(name), [self.uids[name]], "the uids that are listed for an added domain")

    def assign(self, name: str, to: str) -> None:
        exchange = self.client.control(self.aliases.assign(self.deployments[to], self.names[name]))
        self.alias_uids[name] = identified(exchange)

    def unassign(self, name: str) -> None:
        uid = self.alias_uids[name]
        self.client.control(self.client.call(self.subject.contract.operation(DELETE_ALIAS), {"aliasId": uid}))

    def delete(self, name: str) -> None:
        has_alias = name in self.model.leads
        exchange = self.domains.delete(self.names[name])
        if has_alias and exchange.response.status_class == 4:
            with self.about(CASCADE):
                assert_equal(self._there(name), (True, True), "whether domain and alias are there after the refusal")
            self.unassign(name)
            exchange = self.domains.delete(self.names[name])
        self.client.control(exchange)
        if has_alias:
            with self.about(CASCADE):
                assert_equal(self._there(name), (False, False), "whether domain and alias are there after the DELETE")
        with self.about(DOMAIN_READ):
            assert_equal(exchange.response.at("/uid"), self.uids[name], "the uid of the removed domain")
            assert_equal(self._listed(name), [], "the uids that are listed for a removed domain")

    def _listed(self, name: str) -> list[Any]:
        return [one.get("uid") for one in domains_in(self.domains) if one.get("name") == self.names[name]]

    def _there(self, name: str) -> tuple[bool, bool]:
        return bool(self._listed(name)), self.alias_uids[name] in self.aliases.all()


class PlayedMembers(Play):
    """Users who are invited into a team that may be changed."""

    model_of = models.Members

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self.team = disposable(subject)
        word = things_of(subject, "secret").body()["name"]
        self.emails = {name: f"{word}-{name}@mail.com" for name in models.USERS}
        self.uids: dict[str, str] = {}

    def invite(self, user: str) -> None:
        exchange = self._called(INVITE, {"teamId": self.team}, body={"email": self.emails[user]})
        self.uids[user] = identified(self.client.control(exchange))
        with self.about(LIFECYCLE):
            assert_equal(len(self._roles(user)), 1, "how often the list has an invited user", exchange=exchange)

    def change(self, user: str, role: str) -> None:
        exchange = self.client.control(self._called(ROLE, self._values(user), body={"role": role}))
        with self.about(LIFECYCLE):
            assert_equal(self._roles(user), [role], "the role of the member", exchange=exchange)

    def remove(self, user: str) -> None:
        exchange = self.client.control(self._called(REMOVE, self._values(user)))
        with self.about(LIFECYCLE):
            assert_equal(self._roles(user), [], "the roles of a removed member", exchange=exchange)

    def remove_owner(self, user: str) -> None:
        exchange = self._called(REMOVE, self._values(user), negative=True)
        with self.about(OWNER):
            assert_status(exchange, "4xx", when="for an owner")
            assert_equal(self._roles(user), ["OWNER"], "the role of an owner after the refusal", exchange=exchange)

    def _roles(self, user: str) -> list[Any]:
        found = members(self.client, self.subject.contract, self.team)
        return [one.get("role") for one in found if one.get("uid") == self.uids[user]]

    def _values(self, user: str) -> dict[str, str]:
        return {"teamId": self.team, "userId": self.uids[user]}

    def _called(self, operation: str, values: dict[str, str], **options: Any) -> Exchange:
        return self.client.call(self.subject.contract.operation(operation), values, **options)
