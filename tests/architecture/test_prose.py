"""The prose check finds what its list names, where it is, and nothing in what is allowed."""

from tests.architecture.prose import find, word_list


def _found(path: str, text: str) -> list[tuple[int, str]]:
    return [(finding.line, finding.words) for finding in find(path, text)]


def test_a_phrase_is_found_on_its_line_across_a_line_break() -> None:
    assert _found("docs/some.md", "Nothing here.\nThe worker\nstands\nstill.\n") == [(3, "stands still")]


def test_python_is_read_by_its_comments_strings_and_names() -> None:
    text = '"""Sent anew."""\n\nmails = 1  # whoever\nwaits = whom("anew")\n'
    assert _found("web/some.py", text) == [(1, "anew"), (3, "whoever"), (4, "anew"), (3, "mails")]


def test_in_tests_only_docstrings_comments_and_names_are_read() -> None:
    text = '"""Plain."""\n\ndef test_it_is_sent_anew() -> None:\n    assert page.says("whoever")\n'
    assert _found("tests/test_some.py", text) == [(3, "anew")]


def test_of_scripts_and_stylesheets_only_the_comments_are_read() -> None:
    assert _found("web/assets/some.js", "// whoever\nconst color = 'https://x.test/whom'; /* anew */\n") == [(1, "whoever"), (2, "anew")]


def test_what_is_allowed_is_not_found() -> None:
    assert _found("docs/some.md", "The mail server takes MAIL FROM; PRACTICE_AUDIT_MAIL_URL says where. Each email leaves once.") == []
    assert _found("config/some.py", "mail_url = 1\n") == []


def test_every_entry_says_what_to_write_instead() -> None:
    assert all(word_list().words.values())
    assert all(word_list().names.values())
