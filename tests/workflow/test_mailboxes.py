"""One mailbox is one person, however its domain is written, on pages, in JSON and on the command line."""

import pytest

from tests.factories import World
from workflow.commands import drafting
from workflow.commands.directory.people import add_person, change_person
from workflow.errors import BadInput
from workflow.mailboxes import mailbox

TWINS = ("ann@bücher.example", "ann@xn--bcher-kva.example")


@pytest.mark.parametrize(
    "other", ["ann@xn--bcher-kva.example", "ANN@XN--BCHER-KVA.example", " ann@BÜCHER.example ", "ann@bu\u0308cher.example"]
)
def test_it_is_found_however_it_is_written(world: World, other: str) -> None:
    person_id = add_person(world.command_context(), world.person("admin"), "Ann Bright", TWINS[0])
    found = world.store.directory().by_email(other)
    assert found
    assert (found.id, found.email) == (person_id, TWINS[0])


@pytest.mark.parametrize(("first", "second"), [TWINS, TWINS[::-1]])
def test_nobody_else_gets_it(world: World, first: str, second: str) -> None:
    admin = world.person("admin")
    add_person(world.command_context(), admin, "Ann Bright", first)
    other = add_person(world.command_context(), admin, "Ann Two", "two@b.example")
    with pytest.raises(BadInput):
        add_person(world.command_context(), admin, "Ann Two", second)
    with pytest.raises(BadInput):
        change_person(world.command_context(), admin, other, "Ann Two", second)


def test_different_mailboxes_stay_apart(world: World) -> None:
    assert mailbox("ann@bucher.example") != mailbox(TWINS[0])
    assert mailbox("än@b.example") != mailbox("an@b.example")


@pytest.mark.parametrize("typed", ["", "@", "a@", "ann@" + "ü" * 300 + ".example", "ann@..ü", "a\u0301" * 50_000])
def test_what_is_no_address_is_nobodys(world: World, typed: str) -> None:
    assert world.store.directory().by_email(typed) is None


def test_an_auditor_may_name_themselves_either_way(world: World) -> None:
    assert drafting.start_audit(world.command_context(), world.person("auditor"), None, " AUDITOR@demo.example").auditor_id
