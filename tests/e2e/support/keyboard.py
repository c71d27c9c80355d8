"""Writing an audit without a mouse: tab to a thing by its name, type, press."""

from typing import Any

from playwright.sync_api import Page

from workflow.forms import Field

MOST_TABS = 90


class Keyboard:
    def __init__(self, page: Page) -> None:
        self.page = page

    def tab_to(self, selector: str) -> None:
        for _ in range(MOST_TABS):
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{selector} can’t be reached by Tab on {self.page.title()}")

    def press(self, selector: str) -> None:
        self.tab_to(selector)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def fill(self, field: Field, answer: Any) -> None:
        if answer is None:
            return
        if field.kind == "date":
            for part, value in zip(("day", "month", "year"), reversed(answer.split("-")), strict=True):
                self.type(f'[name="{field.key}-{part}"]', value)
        elif field.kind in {"choice", "yes_no"}:
            self.choose(field.key, ("no", "yes")[answer] if isinstance(answer, bool) else answer)
        elif field.kind in {"person", "team"}:
            self.tab_to(f'[name="{field.key}"]')
            self.page.keyboard.type(self.page.locator(f'[name="{field.key}"] option[value="{answer}"]').inner_text())
        else:
            self.type(f'[name="{field.key}"]', answer)

    def type(self, selector: str, text: str) -> None:
        self.tab_to(selector)
        # As a paste does; every key of thousands of words would take minutes and show no more.
        self.page.keyboard.insert_text(text)

    def choose(self, name: str, value: str) -> None:
        self.tab_to(f'[name="{name}"]')
        for _ in range(8):
            if self.page.evaluate(
                "([name, value]) => document.activeElement.name === name && document.activeElement.value === value", [name, value]
            ):
                self.page.keyboard.press("Space")
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{name} has no {value} that the arrows reach")
