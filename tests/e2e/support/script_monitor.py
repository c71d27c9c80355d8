"""Watches a real page for any script or element that is not the service’s own."""

import re
from typing import Any

from playwright.sync_api import ConsoleMessage, Dialog, Page

# All that the service’s own templates and scripts make a page of.
TAGS = (
    "a body br button caption code dd details div dl dt fieldset footer form h1 h2 h3 head header html input label legend li link main meta nav ol "
    "optgroup option p path script section select span strong summary svg table tbody td textarea th thead title tr ul"
)
ATTRIBUTES = (
    "action autocapitalize autocomplete charset class content d data-ask data-autosave data-button-init data-ends-at data-guidance data-module data-prevent-double-click "
    "data-passkey data-problem data-saving data-stay data-warning data-without-passkeys disabled fill focusable for formaction height hidden href id inputmode label lang method name novalidate open rel role rows draggable "
    "scope selected spellcheck src tabindex type value viewbox width xmlns checked maxlength pattern hreflang translate"
)
EXPECTED = re.compile(r"Failed to load resource: the server responded with a status of (4\d\d|503)")

TELL = """addEventListener("securitypolicyviolation", (event) => violated(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));"""

# Anything on the page that did not come from a template: an element, an attribute, an address, a comment.
STRANGE = """([tags, attributes]) => {
  const found = [], own = location.origin + "/";
  for (const one of document.querySelectorAll("*")) {
    if (!tags.includes(one.localName)) found.push(`<${one.localName}>`);
    for (const { name, value } of one.attributes) {
      if (!attributes.includes(name.toLowerCase()) && !/^(aria|data-(govuk|i18n))-[a-z.-]+$/.test(name)) found.push(`${one.localName} ${name}=${value.slice(0, 80)}`);
      if (["href", "src", "action"].includes(name) && !new URL(value, document.baseURI).href.startsWith(own)) found.push(`leads to ${value}`);
    }
    if (one.localName === "script" && (one.textContent || !one.src.startsWith(own + "static/"))) found.push(`script ${one.outerHTML}`);
    if (one.localName === "link" && !/^\\/(static\\/|council\\.css$)/.test(one.getAttribute("href"))) found.push(one.outerHTML);
  }
  const comments = document.createTreeWalker(document, NodeFilter.SHOW_COMMENT | NodeFilter.SHOW_PROCESSING_INSTRUCTION);
  while (comments.nextNode()) found.push(`comment ${comments.currentNode.nodeValue}`);
  if (/ran\\(/.test(document.title)) found.push(`title ${document.title}`);
  return found;
}"""


class Watch:
    """Every fault found on the pages of one browser, with its place."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: list[str] = []
        self.looked = 0
        page.context.expose_binding("ran", lambda _, number=None: self._note(f"payload {number} ran"))
        page.context.expose_binding("violated", lambda _, what: self._note(f"the policy was violated: {what}"))
        page.context.add_init_script(TELL)
        page.on("dialog", self._asked)
        page.on("console", self._complained)
        page.on("pageerror", lambda error: self._note(f"error: {error}"))

    def goes(self, url: str) -> None:
        answer = self.page.goto(url)
        policy = answer.headers.get("content-security-policy", "") if answer else ""
        if not policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';") or "unsafe" in policy:
            self._note(f"the policy lets too much: {policy}")
        self.look()

    def look(self) -> None:
        """At the page as it is now."""
        strange: list[Any] = self.page.evaluate(STRANGE, [TAGS.split(), ATTRIBUTES.split()])
        for one in strange[:3]:
            self._note(f"not the service’s own: {one}")
        self.looked += 1

    def _note(self, what: str) -> None:
        self.found.append(f"{self.page.url[:120]}: {what}")

    def _asked(self, dialog: Dialog) -> None:
        if dialog.type != "beforeunload":
            self._note(f"a dialog: {dialog.message}")
        dialog.accept()

    def _complained(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not EXPECTED.match(message.text):
            self._note(f"the console: {message.text}")
