"""People who end their other sign-ins are asked about what else lasts: tokens and the calendar end, unless their owner keeps them."""

import pytest
from click.testing import CliRunner
from flask import Flask
from flask_security.recoverable import generate_reset_password_token

from tests.factories import NOW, World
from tests.web.identity.test_account_emails import add_passkey
from tests.web.identity.test_proof_of_access import AUDITOR, answers, council_of, makes, signed_in
from tests.web.support.browser import PASSWORD, text_of
from tests.web.support.sign_in import Visitor, codes_on, set_up_app
from web.cli.main import main
from web.identity.credentials.security_app import security_app
from web.identity.oidc.queries import link_identity

NEW, QUESTION = "four quiet herons wading", "Which of these should keep working?"
KEEPS = {(): (401, 404), ("tokens",): (200, 404), ("calendar",): (401, 200), ("tokens", "calendar"): (200, 200), ("all",): (401, 404)}
each_answer = pytest.mark.parametrize(("keeps", "afterwards"), KEEPS.items(), ids=str)


@each_answer
def test_ending_all_other_sign_ins_ends_what_is_not_kept(app: Flask, keeps: tuple[str, ...], afterwards: tuple[int, int]) -> None:
    """AC26: a thief who was signed in for a minute made a token and an address, and both would outlive the session."""
    here, thief = signed_in(app), signed_in(app)
    made = makes(thief)
    page = here.get("/account/sign-ins").get_data(as_text=True)
    assert QUESTION in page
    assert " checked" not in page, "what is overlooked ends"
    here.send("/account/sign-ins", "/account/sign-ins/end", which="others", keep=list(keeps))
    assert [here.is_in(), thief.is_in()] == [True, False]
    assert answers(app, *made) == afterwards
    said = text_of(here.get("/account/sign-ins").get_data(as_text=True))
    assert "1 sign-in ended." in said
    assert ("Your access tokens no longer work." in said) is (afterwards[0] == 401)
    assert ("Your calendar address no longer works." in said) is (afterwards[1] == 404)


def test_ending_one_sign_in_ends_nothing_else(app: Flask) -> None:
    here, other = signed_in(app), signed_in(app)
    made = makes(here)
    which = here.get("/account/sign-ins").get_data(as_text=True).split('name="which" value="')[1][:16]
    here.send("/account/sign-ins", "/account/sign-ins/end", which=which)
    assert [here.is_in(), other.is_in()] == [True, False]
    assert answers(app, *made) == (200, 200)


def test_the_question_is_asked_where_there_is_something_to_keep(app: Flask) -> None:
    here = signed_in(app)
    for path in ("/account/sign-ins", "/account/password"):
        assert QUESTION not in here.get(path).get_data(as_text=True)
    assert "End all other sign-ins" not in here.get("/account/sign-ins").get_data(as_text=True)
    makes(here)
    for path in ("/account/sign-ins", "/account/password"):
        page = text_of(here.get(path).get_data(as_text=True))
        assert QUESTION in page
        assert "My access token My calendar address" in page


@each_answer
def test_a_new_password_ends_what_is_not_kept(app: Flask, keeps: tuple[str, ...], afterwards: tuple[int, int]) -> None:
    here, other = signed_in(app), signed_in(app)
    made = makes(here)
    wrong = here.send("/account/password", old="wrong", new=NEW, keep=list(keeps))
    assert wrong.get_data(as_text=True).count(" checked") == len(set(keeps) - {"all"}), "what was selected stays so"
    assert answers(app, *made) == (200, 200)
    assert here.send("/account/password", old=PASSWORD, new=NEW, keep=list(keeps)).status_code == 302
    assert [here.is_in(), other.is_in()] == [True, False]
    assert answers(app, *made) == afterwards


def test_a_password_chosen_through_a_link_ends_all(app: Flask) -> None:
    """And nothing that its form could say keeps anything: nobody is signed in on that page."""
    made = makes(signed_in(app))
    with app.app_context(), security_app().context() as security:
        token = generate_reset_password_token(security.datastore.find_user(id=World(council_of(app).store).person("auditor").id))
    path, keeps = f"/new-password?token={token}", ["tokens", "calendar"]
    assert Visitor(app).send(path, "/new-password", token=token, new=NEW, keep=keeps).status_code == 302
    assert answers(app, *made) == (401, 404)


def test_after_each_change_of_a_factor_the_same_is_offered(app: Flask) -> None:
    here, page, offer = signed_in(app), "/account/second-proof", "/account/sign-ins?changed=yes"
    made = makes(here)
    _, codes = set_up_app(here)
    renewed = here.send(page, f"{page}/recovery-codes", proof_code=codes[0])
    assert f'href="{offer}"' in renewed.get_data(as_text=True)
    codes = codes_on(renewed)
    add_passkey(council_of(app), World(council_of(app).store).person("auditor").id)
    assert here.send(page, "/account/passkeys/remove", which="1", proof_code=codes[0]).headers["Location"] == offer
    assert here.send(page, f"{page}/remove", proof_code=codes[1]).headers["Location"] == offer
    assert answers(app, *made) == (200, 200), "until their owner says so"
    said = text_of(here.get(offer).get_data(as_text=True))
    assert "You have changed how you sign in." in said
    assert QUESTION in said


def test_nothing_is_offered_where_nothing_else_can_use_the_account(app: Flask) -> None:
    here, page = signed_in(app), "/account/second-proof"
    _, codes = set_up_app(here)
    renewed = here.send(page, f"{page}/recovery-codes", proof_code=codes[0])
    assert "/account/sign-ins" not in renewed.get_data(as_text=True)
    assert here.send(page, f"{page}/remove", proof_code=codes_on(renewed)[0]).headers["Location"] == "/account"


OPTIONS = {(): (401, 404), ("--keep-tokens",): (200, 404), ("--keep-calendar",): (401, 200)}


@pytest.mark.parametrize(("options", "afterwards"), OPTIONS.items(), ids=str)
def test_unlinking_a_council_account_ends_what_is_not_kept(app: Flask, options: tuple[str, ...], afterwards: tuple[int, int]) -> None:
    here = signed_in(app)
    made = makes(here)
    link_identity(council_of(app).engine, "https://issuer.example", "a-1", World(council_of(app).store).person("auditor").id, NOW)
    at_the_command_line(app, "identities", "unlink", AUDITOR, *options)
    assert not here.is_in()
    assert answers(app, *made) == afterwards


def test_removing_the_second_factor_at_the_command_line_ends_all(app: Flask) -> None:
    here = signed_in(app)
    made = makes(here)
    set_up_app(here)
    at_the_command_line(app, "people", "forget-second-proof", AUDITOR)
    assert not here.is_in()
    assert answers(app, *made) == (401, 404)


def at_the_command_line(app: Flask, *words: str) -> None:
    done = CliRunner().invoke(main, words, env={"PRACTICE_AUDIT_DATA": str(council_of(app).settings.data)})
    assert done.exit_code == 0, done.output
