"""Hooks: what is created is listed, what is not of a type is refused, who is called when something happens."""

from typing import Any

from conformance.properties import (
    NotExercised,
    Subject,
    assert_equal,
    assert_status,
    requirement,
)
from conformance.suite.netlify.receiving import Called, Site, Visited, hooks_of

TYPES = "GET /api/v1/hooks/types"
SUBMISSION, DEPLOY = "submission_created", "deploy_created"
NO_SUCH = "conformance-no-such"
FIRST, SECOND = "contact", "newsletter"


def hook_types(subject: Subject) -> list[dict[str, Any]]:
    """The types of hooks that say what they need.

    Raises:
        Blocked, NotExercised: they cannot be read, or there are none.
    """
    exchange = subject.client.control(subject.client.call(subject.contract.operation(TYPES)))
    answered = exchange.response.at("")
    known = [
        one
        for one in (answered if isinstance(answered, list) else [])
        if isinstance(one, dict) and isinstance(one.get("name"), str) and one.get("events") and fields_of(one)
    ]
    if not known:
        raise NotExercised(f"{exchange}: no type of hooks with fields and events")
    # Mail to names below example.com goes nowhere (RFC 2606), and is what the document shows.
    return sorted(known, key=lambda one: (one["name"] != "email", one["name"] != "url"))


def fields_of(kind: dict[str, Any]) -> list[str]:
    """The names of the fields of a type."""
    fields = kind.get("fields")
    return [str(one.get("name")) for one in fields if isinstance(one, dict)] if isinstance(fields, list) else []


def body_of(site: Site, kind: dict[str, Any], event: str, **members: str) -> dict[str, Any]:
    """The body of a create of a hook of a type, with data that no other hook has."""
    word = site.word()
    values = {"email": f"{word}@example.com", "url": f"https://{word}.example.com/hook"}
    data = {name: values.get(name, word) for name in fields_of(kind)}
    return {"site_id": site.id, "type": kind["name"], "event": event, "data": data, **members}


def as_sent(hooks: list[dict[str, Any]], body: dict[str, Any]) -> list[dict[str, Any]]:
    """What the list shows of what was sent, of each hook with the data in a body."""
    data = body["data"]
    shown = [hook for hook in hooks if isinstance(hook.get("data"), dict) and data.items() <= hook["data"].items()]
    return [{member: hook.get(member) for member in ("type", "event")} for hook in shown]


@requirement("netlify.crud.hook-create")
def test_a_created_hook_is_listed(subject: Subject) -> None:
    """Hooks of a site, and of a form by its id and by its name, are listed with type, event and data as sent."""
    site = Site.new(subject)
    kind, *others = hook_types(subject)
    events = kind["events"]
    subject.client.control(site.things("hook").post(body_of(site, kind, events[0])))
    wanted = {f"for {event}": body_of(site, kind, event) for event in events}
    event = SUBMISSION if SUBMISSION in events else events[0]
    for name, identity in site.with_taken_in(FIRST, SECOND).items():
        wanted[f"with the form_id of {name}"] = body_of(site, kind, event, form_id=identity)
        wanted[f"with the form_name {name}"] = body_of(site, kind, event, form_name=name)
    for why, body in wanted.items():
        assert_status(site.things("hook").post(body), "2xx", when=f"with a hook {why}")
    for other in others:
        body = body_of(site, other, other["events"][-1])
        # What is made up here may be no good value for a field of another type.
        if site.things("hook").post(body).response.ok:
            wanted[f"of the type {other['name']}"] = body
    due = {why: [{member: body[member] for member in ("type", "event")}] for why, body in wanted.items()}

    def listed() -> dict[str, Any]:
        hooks = hooks_of(subject, site.id)
        return {why: as_sent(hooks, body) for why, body in wanted.items()}

    shown = site.comes_to(listed, due)
    for why in wanted:
        assert_equal(shown[why], due[why], f"what is listed of a hook {why}")


@requirement("netlify.crud.hook-type-event-valid")
def test_a_hook_is_of_a_type(subject: Subject) -> None:
    """An unknown type, an event that the type does not list and a missing field are refused, and make no hook."""
    site = Site.new(subject)
    kinds = hook_types(subject)
    kind = kinds[0]
    body = body_of(site, kind, kind["events"][0])
    subject.client.control(site.things("hook").post(body))
    before = site.comes_to(lambda: len(hooks_of(subject, site.id)), 1)
    wrong: dict[str, dict[str, Any]] = {
        "of an unknown type": {"type": NO_SUCH},
        "for an event that its type does not list": {"event": NO_SUCH},
        **{f"without its {name}": {"data": without(body["data"], name)} for name in body["data"]},
    }
    bodies = {why: {**body_of(site, kind, kind["events"][0]), **change} for why, change in wrong.items()}
    for one in kinds:
        others = [event for other in kinds for event in other["events"] if event not in one["events"]]
        if others:
            bodies[f"of {one['name']} for an event of another type"] = body_of(site, one, others[0])
    for why, each in bodies.items():
        assert_status(site.things("hook").post(each, negative=True), "4xx", when=f"with a hook {why}")
    assert_equal(len(hooks_of(subject, site.id)), before, "how many hooks are listed after the refusals")


def without(data: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != name}


@requirement("netlify.crud.hook-delete")
def test_a_deleted_hook_is_not_listed(subject: Subject) -> None:
    """Within a minute of its DELETE a hook is not listed, and another one is."""
    site = Site.new(subject)
    hooks, kind = site.things("hook"), hook_types(subject)[0]
    bodies = [body_of(site, kind, kind["events"][0]) for _ in range(2)]
    for body in bodies:
        subject.client.control(hooks.post(body))

    def listed() -> list[bool]:
        found = hooks_of(subject, site.id)
        return [bool(as_sent(found, body)) for body in bodies]

    if site.comes_to(listed, [True, True]) != [True, True]:
        raise NotExercised("a new hook is not listed")
    identity = next(str(one.get("id")) for one in hooks_of(subject, site.id) if as_sent([one], bodies[0]))
    exchange = subject.client.control(hooks.delete(identity))
    due = [False, True]
    assert_equal(site.comes_to(listed, due), due, "whether a deleted hook, and another, are listed", exchange=exchange)


@requirement("netlify.crud.hook-410-removes")
def test_a_receiver_that_is_gone_removes_its_hook(subject: Subject) -> None:
    """Of two hooks on one event, that whose call is answered 410 is listed no more, that with 200 stays."""
    site = Site.new(subject)
    called = Called(site)
    called.add("gone", DEPLOY, status=410)
    called.add("kept", DEPLOY)
    if set(called.listed()) != {"gone", "kept"}:
        raise NotExercised("a new hook is not listed")
    site.deploy()
    if called.came("gone", "kept") < {"gone", "kept"}:
        raise NotExercised("a deploy did not call both of its hooks")
    due = ["kept"]
    left = site.comes_to(lambda: sorted(called.listed()), due)
    assert_equal(left, due, "the hooks that are listed after one call was answered 410, and one 200")


@requirement("netlify.crud.hook-fires-on-event")
def test_a_hook_is_called_for_its_event_alone(subject: Subject) -> None:
    """A deploy calls the hooks for it within a minute, a submission those for that, and a deleted hook nothing."""
    has_pages = subject.session.facts.get("sites") is not None
    site = Visited.with_forms(subject, FIRST) if has_pages else Site.new(subject)
    called = Called(site)
    called.add("deployed", DEPLOY)
    called.add("deployed-too", DEPLOY)
    called.add("submitted", SUBMISSION)
    called.add("deployed-elsewhere", DEPLOY, Site.new(subject))
    site.deploy(FIRST)
    assert_calls(called, "a deploy", "deployed", "deployed-too")
    if isinstance(site, Visited):
        site.submitted(FIRST)
        assert_calls(called, "a submission", "submitted")
    known = called.listed()
    if "deployed" not in known:
        raise NotExercised("a hook that was called is not listed")
    subject.client.control(site.things("hook").delete(known["deployed"]))
    site.deploy(FIRST)
    assert_calls(called, "a deploy, after the DELETE of a hook", "deployed-too")


def assert_calls(called: Called, event: str, *due: str) -> None:
    """An event has called these hooks and no others."""
    assert_equal(sorted(called.came(*due)), sorted(due), f"the hooks that were called for {event}")


@requirement("netlify.crud.hook-form-scope")
def test_a_hook_of_a_form_is_called_for_that_form_alone(subject: Subject) -> None:
    """A submission to a form calls the hooks with its id and its name; one to another form calls neither."""
    site = Visited.with_forms(subject, FIRST, SECOND)
    called = Called(site)
    called.add("any", SUBMISSION)
    called.add("by-id", SUBMISSION, form_id=site.forms[FIRST])
    called.add("by-name", SUBMISSION, form_name=FIRST)
    for form, due in ((SECOND, ["any"]), (FIRST, ["any", "by-id", "by-name"]), (SECOND, ["any"])):
        site.submitted(form)
        came = called.came(*due)
        if "any" not in came:
            raise NotExercised("a hook of the whole site is not called for a submission")
        assert_equal(sorted(came), due, f"the hooks that were called for a submission to {form}")
