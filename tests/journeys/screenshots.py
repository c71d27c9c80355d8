"""Every page at both widths, as pictures in `screenshots/`, to be looked at. Says what axe finds and what overflows."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.progress import track

from tests.journeys.pages import PAGES, WIDTHS, audits_of, demo
from tests.journeys.pages import complaints as complaints_of
from tests.journeys.served import CHROMIUM, FLAGS, Served

FOLDER = Path(__file__).resolve().parents[2] / "screenshots"
NAMES = str.maketrans({"/": "-", "}": ""})


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        council = demo(Path(data))
        served = Served(playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS), council.settings)
        complaints = list(_pictures(served, audits_of(council)))
        served.stop()
    print("\n".join(complaints) or f"{len(PAGES) * len(WIDTHS)} pictures in {FOLDER}; nothing to complain of.")
    return 1 if complaints else 0


def _pictures(served: Served, audits: dict[str, str]) -> Iterator[str]:
    for number, (name, path) in enumerate(track(PAGES, "Taking pictures"), start=1):
        page = served.page(name)
        page.goto(served.url + path.format(**audits))
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(
                path=FOLDER / f"{number:02}-{name}-{path.strip('/{').translate(NAMES) or 'my-work'}-{width}.png", full_page=True
            )
            yield from (f"{name} {path} at {width}: {found}" for found in complaints_of(page))


if __name__ == "__main__":
    sys.exit(main())
