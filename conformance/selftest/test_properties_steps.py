"""Lists of steps: which are chosen of those that are drawn, and how one that fails is made shorter."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.properties import Model, NotExercised, Play, Subject, Violation, assert_equal, do, follow, step
from conformance.properties.steps import Astray, lists_of, told, turns
from conformance.selftest.test_properties_attempts import subject
from conformance.targets import Client


class Shelf(Model):
    """Books that are put on a shelf, taken off and looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.books: list[str] = []

    @step(book=lambda model: [name for name in "ab" if name not in model.books])
    def put(self, book: str) -> None:
        self.books.append(book)

    @step(book=lambda model: model.books)
    def take(self, book: str) -> None:
        self.books.remove(book)

    @step(book=lambda model: model.books)
    def look(self, book: str) -> None:
        pass


def test_a_turn_is_a_step_after_what_changed_the_thing_it_names() -> None:
    steps = [do("put", book="a"), do("look", book="a"), do("put", book="b"), do("take", book="a")]
    put, look, take = ("put(book=it)", "look(book=it)", "take(book=it)")
    # What only looks changes nothing, and what befell another book is not this one's.
    assert turns(Shelf, steps[:1]) == set()
    assert turns(Shelf, steps[:2]) == {(put, look)}
    assert turns(Shelf, steps) == {(put, look), (put, take)}


def test_a_turn_remembers_the_last_three_changes() -> None:
    steps = [do("put" if number % 2 == 0 else "take", book="a") for number in range(5)]
    put, take = "put(book=it)", "take(book=it)"
    assert turns(Shelf, steps) == {
        (put, take),
        (take, put),
        (put, take, put),
        (take, put, take),
        (put, take, put, take),
        (take, put, take, put),
    }


def test_of_the_lists_that_are_drawn_those_with_most_new_turns_are_chosen() -> None:
    drawn = lists_of.__wrapped__(Shelf, "an item", 10, 1)
    first, second, *_ = [turns(Shelf, case["steps"]) for case in lists_of.__wrapped__(Shelf, "an item", 5, 2)]
    found = [turns(Shelf, case["steps"]) for case in drawn]
    assert len(first) == max(map(len, found))
    assert len(second - first) == max(len(each - first) for each in found)


@pytest.mark.parametrize("count", [1, 3])
def test_as_many_lists_are_chosen_as_are_asked_for(count: int) -> None:
    assert len(lists_of.__wrapped__(Shelf, "an item", count, 4)) == count


def test_a_model_knows_its_state_and_nothing_of_how_it_came_there() -> None:
    there, back = Shelf(), Shelf()
    before = there.known()
    there.put(book="a")
    there.take(book="a")
    back.put(book="b")
    assert there.known() == before != back.known()


# ---- what fails


class PlayedShelf(Play):
    """A shelf that falls down under what is heavy."""

    model_of = Shelf
    heavy: tuple[str, ...] = ("a", "b")
    begun = 0

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        type(self).begun += 1

    def put(self, book: str) -> None:
        self.client.send("GET", "/v2/account")
        assert_equal({*self.model.books, book} >= {*self.heavy}, False, "the shelf has fallen")

    def take(self, book: str) -> None:
        pass

    def look(self, book: str) -> None:
        self.client.send("GET", "/v2/account")


STEPS = [
    do("put", book="a"),
    do("look", book="a"),
    do("look", book="a"),
    do("look", book="a"),
    do("look", book="a"),
    do("put", book="b"),
    do("look", book="b"),
]


def failed(steps: list[Any], made: Subject | None = None, played: type[Play] = PlayedShelf) -> Violation:
    with pytest.raises(Violation) as violation:
        follow(played, made or subject("vultr", "GET /v2/account"), steps)
    return violation.value


def shown(violation: Violation) -> list[str]:
    return [moment.step for moment in violation.timeline]


def test_what_is_not_needed_to_fail_is_left_out() -> None:
    violation = failed(STEPS)
    assert str(violation) == ('the shelf has fallen: expected false, got true, after put(book="a"), put(book="b")')
    assert shown(violation) == ['1. put(book="a")', '2. put(book="b")']


def test_the_first_step_is_left_out_too_where_it_is_not_needed() -> None:
    class Fragile(PlayedShelf):
        heavy = ("b",)

    assert shown(failed(STEPS, played=Fragile)) == ['1. put(book="b")']


def test_a_step_that_fails_alone_is_told_alone() -> None:
    class Fragile(PlayedShelf):
        heavy = ("a",)

    assert shown(failed(STEPS, played=Fragile)) == ['1. put(book="a")']


def test_on_a_server_that_others_use_nothing_is_done_again() -> None:
    made = subject("vultr", "GET /v2/account")
    made.client.guard.throwaway = False
    PlayedShelf.begun = 0
    assert shown(failed(STEPS, made))[-1] == '6. put(book="b")'
    assert len(shown(failed(STEPS, made))) == 6
    assert PlayedShelf.begun == 2


def test_of_a_recording_nothing_else_is_asked_than_what_was_recorded() -> None:
    made = subject("vultr", "GET /v2/account", cases=())
    PlayedShelf.begun = 0
    assert shown(failed(STEPS, made))[-1] == '6. put(book="b")'
    assert PlayedShelf.begun == 1


def test_steps_that_hold_are_done_once() -> None:
    PlayedShelf.begun = 0
    follow(PlayedShelf, subject("vultr", "GET /v2/account"), STEPS[:4])
    assert PlayedShelf.begun == 1


def test_what_shows_only_at_the_end_is_told_after_the_last_step() -> None:
    class Dusty(PlayedShelf):
        heavy = ("z",)

        def end(self) -> None:
            exchange = self.client.send("GET", "/v2/account")
            assert_equal("dust" if "b" in self.model.books else "", "", "the shelf", exchange=exchange)

    violation = failed(STEPS, played=Dusty)
    assert shown(violation) == ['1. put(book="b")', '2. look(book="b")', "after the last step"]
    assert violation.exchange is violation.timeline[-1].exchange


def test_what_shows_before_the_first_step_is_told_so() -> None:
    class Broken(PlayedShelf):
        def __init__(self, subject: Subject) -> None:
            super().__init__(subject)
            assert_equal(self.client.send("GET", "/v2/account").response.status, 418, "the shelf")

    violation = failed(STEPS, played=Broken)
    assert shown(violation) == ["before the first step"]
    assert str(violation) == "the shelf: expected 418, got 200"


def refusing(client: Client) -> None:
    client.send("GET", "/v2/account")
    raise NotExercised("the control was refused")


def test_what_refuses_a_step_is_looked_at_and_then_goes_on_up() -> None:
    looked: list[str] = []

    class Refused(PlayedShelf):
        def put(self, book: str) -> None:
            refusing(self.client)

        def end(self) -> None:
            looked.append("at the end")

    with pytest.raises(NotExercised, match="the control was refused"):
        follow(Refused, subject("vultr", "GET /v2/account"), STEPS)
    assert looked == ["at the end"]


def test_who_is_led_astray_by_another_requirement_says_nothing() -> None:
    class Lost(PlayedShelf):
        def put(self, book: str) -> None:
            raise Astray(book)

    follow(Lost, subject("vultr", "GET /v2/account"), STEPS)


def test_a_step_is_told_with_its_arguments_in_order() -> None:
    assert told("move", {"to": "b", "from": {"x": [1, None]}}) == 'move(from={"x": [1, null]}, to="b")'
    assert told("wait", {}) == "wait()"
