"""What depends on all that was done before: lists of steps, drawn against models of the resources."""

from conformance.properties import Steps, Subject, do, follow, requirement, stateful
from conformance.suite.zeit import models
from conformance.suite.zeit.playing import (
    CASCADE,
    DELETED,
    DOMAIN_READ,
    FORCED,
    LIFECYCLE,
    MISSING,
    MOVED,
    OWNER,
    READ,
    RENAMED,
    SAME,
    SECRET_DELETED,
    STATES,
    UNIQUE,
    UPLOADED,
    VIEWS,
    PlayedAliases,
    PlayedDeployments,
    PlayedDomains,
    PlayedFiles,
    PlayedMembers,
    PlayedSecrets,
)


@requirement(SAME, FORCED, DELETED, READ, STATES, once=True)
@stateful(
    models.Deployments,
    examples=[
        [
            do("create", of="a"),
            do("force", of="a"),
            do("create", of="b"),
            do("create", of="a"),
            do("delete", which=["a", 1]),
            do("settle", which=["a", 0]),
            do("create", of="a"),
            do("delete", which=["a", 0]),
            do("create", of="a"),
            do("force", of="a"),
            do("read", which=["a", 0]),
            do("delete", which=["a", 0]),
        ]
    ],
)
def test_deployments_after_any_steps(subject: Subject, steps: Steps) -> None:
    """Whatever was created, forced and deleted: the same input is one deployment, a forced one is new, and all that
    was not deleted is there.
    """
    follow(PlayedDeployments, subject, steps)


@requirement(MISSING, UPLOADED, once=True)
@stateful(
    models.Files,
    examples=[
        [
            do("upload", file="x"),
            do("deploy", files=["x", "y"]),
            do("deploy", files=["y"]),
            do("upload", file="y"),
            do("deploy", files=["x", "y"]),
            do("deploy", files=["y", "z"]),
        ]
    ],
)
def test_files_after_any_uploads(subject: Subject, steps: Steps) -> None:
    """The missing files of a create are those that were not uploaded until then."""
    follow(PlayedFiles, subject, steps)


@requirement(MOVED, VIEWS, once=True)
@stateful(
    models.Aliases,
    examples=[
        [
            do("assign", alias="a", to="one"),
            do("assign", alias="a", to="two"),
            do("assign", alias="b", to="two"),
            do("look"),
            do("assign", alias="a", to="one"),
            do("assign", alias="a", to="two"),
            do("remove", alias="a"),
            do("look"),
            do("assign", alias="a", to="one"),
        ]
    ],
)
def test_aliases_after_any_moves(subject: Subject, steps: Steps) -> None:
    """An alias that moved tells the deployment it led to until then; each list shows what leads where."""
    follow(PlayedAliases, subject, steps)


@requirement(RENAMED, UNIQUE, SECRET_DELETED, once=True)
@stateful(
    models.Secrets,
    examples=[
        [
            do("create", name="a"),
            do("rename", name="a", new="b"),
            do("create", name="a"),
            do("rename_to_taken", names=["b", "a"]),
            do("delete", name="a"),
            do("rename", name="b", new="a"),
            do("look"),
            do("delete", name="a"),
            do("create", name="b"),
        ]
    ],
)
def test_secrets_after_any_steps(subject: Subject, steps: Steps) -> None:
    """A secret keeps its uid under each new name; a name leads to one secret, and a deleted one to none."""
    follow(PlayedSecrets, subject, steps)


@requirement(CASCADE, DOMAIN_READ, once=True)
@stateful(
    models.Domains,
    examples=[
        [
            do("add", name="a"),
            do("add", name="b"),
            do("assign", name="a", to="one"),
            do("assign", name="a", to="two"),
            do("assign", name="b", to="one"),
            do("delete", name="a"),
            do("unassign", name="b"),
            do("delete", name="b"),
            do("add", name="a"),
            do("delete", name="a"),
        ]
    ],
)
def test_domains_after_any_steps(subject: Subject, steps: Steps) -> None:
    """A domain goes with its alias or not at all, wherever that led before."""
    follow(PlayedDomains, subject, steps)


@requirement(LIFECYCLE, OWNER, once=True)
@stateful(
    models.Members,
    examples=[
        [
            do("invite", user="a"),
            do("change", user="a", role="OWNER"),
            do("remove_owner", user="a"),
            do("change", user="a", role="MEMBER"),
            do("remove", user="a"),
            do("invite", user="b"),
            do("invite", user="a"),
            do("change", user="a", role="OWNER"),
            do("remove_owner", user="a"),
        ]
    ],
)
def test_members_after_any_steps(subject: Subject, steps: Steps) -> None:
    """A member has the role that was given last, until removed; an owner is not removed."""
    follow(PlayedMembers, subject, steps)
