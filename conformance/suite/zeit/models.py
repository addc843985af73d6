"""Models of the resources of the ZEIT Now API: which steps their state allows, and what it is after each.

Things are known by short names; a `Play` gives each a name on the target.
"""

from __future__ import annotations

from typing import Any

from conformance.properties import Model, step

INPUTS, FILES = ("a", "b"), ("x", "y", "z")
DEPLOYMENTS, ALIASES = ("one", "two"), ("a", "b")
SECRETS, DOMAINS, USERS = ("a", "b", "c"), ("a", "b"), ("a", "b")


def pairs(names: Any) -> list[list[str]]:
    """Each name with each other one."""
    return [[one, other] for one in names for other in names if one != other]


def is_news(model: Model) -> bool:
    """Whether something was done since the lists were looked at."""
    return bool(model.taken) and model.taken[-1][0] != "look"


class Deployments(Model):
    """Deployments of two inputs.

    Attributes:
        live: input → of each of its deployments, oldest first, whether it was made without being forced. An input is
            known as long as there is such a one; what becomes of it when only forced ones are left, nobody says.
        settled: a deployment was waited for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.live: dict[str, list[bool]] = {name: [] for name in INPUTS}
        self.settled = False

    @step(of=lambda model: [name for name in INPUTS if not model.live[name] or any(model.live[name])])
    def create(self, of: str) -> None:
        if not self.live[of]:
            self.live[of].append(True)

    @step(of=lambda model: [name for name in INPUTS if len(model.live[name]) < 3])
    def force(self, of: str) -> None:
        self.live[of].append(False)

    @step(which=lambda model: model.each)
    def delete(self, which: list[Any]) -> None:
        del self.live[which[0]][which[1]]

    @step(when=lambda model: not model.settled, which=lambda model: model.each)
    def settle(self, which: list[Any]) -> None:
        self.settled = True

    @step(which=lambda model: model.each)
    def read(self, which: list[Any]) -> None:
        pass

    @step(when=is_news)
    def look(self) -> None:
        pass

    @property
    def each(self) -> list[list[Any]]:
        """Input and number of every deployment that there is, in the order in which they were made."""
        return [[name, number] for name in INPUTS for number in range(len(self.live[name]))]


class Files(Model):
    """Files that were uploaded."""

    def __init__(self) -> None:
        super().__init__()
        self.uploaded: set[str] = set()

    @step(file=FILES)
    def upload(self, file: str) -> None:
        self.uploaded.add(file)

    @step(files=[*([name] for name in FILES), *pairs(FILES)])
    def deploy(self, files: list[str]) -> None:
        pass


class Aliases(Model):
    """Aliases, each of which leads to one of two deployments or to none.

    Attributes:
        leads: alias → the deployment.
        used: aliases that have ever been assigned.
    """

    def __init__(self) -> None:
        super().__init__()
        self.leads: dict[str, str] = {}
        self.used: set[str] = set()

    @step(alias=ALIASES, to=DEPLOYMENTS)
    def assign(self, alias: str, to: str) -> None:
        self.leads[alias] = to
        self.used.add(alias)

    @step(alias=lambda model: sorted(model.leads))
    def remove(self, alias: str) -> None:
        del self.leads[alias]

    @step(when=is_news)
    def look(self) -> None:
        pass


class Secrets(Model):
    """The names of secrets that there are."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    @property
    def free(self) -> list[str]:
        return [name for name in SECRETS if name not in self.names]

    @step(name=lambda model: model.free)
    def create(self, name: str) -> None:
        self.names.add(name)

    @step(name=lambda model: sorted(model.names), new=lambda model: model.free)
    def rename(self, name: str, new: str) -> None:
        self.names.remove(name)
        self.names.add(new)

    @step(names=lambda model: pairs(sorted(model.names)))
    def rename_to_taken(self, names: list[str]) -> None:
        pass

    @step(name=lambda model: sorted(model.names))
    def delete(self, name: str) -> None:
        self.names.remove(name)

    @step(when=is_news)
    def look(self) -> None:
        pass


class Domains(Model):
    """Domains, and which of two deployments the alias of each leads to.

    Attributes:
        there: names of domains.
        leads: domain → the deployment of its alias.
    """

    def __init__(self) -> None:
        super().__init__()
        self.there: set[str] = set()
        self.leads: dict[str, str] = {}

    @step(name=lambda model: [name for name in DOMAINS if name not in model.there])
    def add(self, name: str) -> None:
        self.there.add(name)

    @step(name=lambda model: sorted(model.there), to=DEPLOYMENTS)
    def assign(self, name: str, to: str) -> None:
        self.leads[name] = to

    @step(name=lambda model: sorted(model.leads))
    def unassign(self, name: str) -> None:
        del self.leads[name]

    @step(name=lambda model: sorted(model.there))
    def delete(self, name: str) -> None:
        """Removes a domain; one with an alias may stay, and then its alias is removed before."""
        self.there.remove(name)
        self.leads.pop(name, None)


class Members(Model):
    """Users whom an owner invited into a team, and their roles.

    Attributes:
        roles: user → role; None where nothing says which one it is.
    """

    def __init__(self) -> None:
        super().__init__()
        self.roles: dict[str, str | None] = {}

    @step(user=lambda model: [name for name in USERS if name not in model.roles])
    def invite(self, user: str) -> None:
        self.roles[user] = None

    @step(user=lambda model: sorted(model.roles), role=("MEMBER", "OWNER"))
    def change(self, user: str, role: str) -> None:
        self.roles[user] = role

    @step(user=lambda model: [name for name in sorted(model.roles) if model.roles[name] == "MEMBER"])
    def remove(self, user: str) -> None:
        del self.roles[user]

    @step(user=lambda model: [name for name in sorted(model.roles) if model.roles[name] == "OWNER"])
    def remove_owner(self, user: str) -> None:
        pass
