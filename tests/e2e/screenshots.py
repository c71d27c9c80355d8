"""Every page at both widths, as pictures in `screenshots/`, to be looked at. Says what axe finds and what overflows."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.progress import track

from tests.e2e.support.live_server import CHROMIUM, FLAGS, LiveServer
from tests.e2e.support.pages import WIDTHS, demo_council, every_page
from tests.e2e.support.pages import complaints as complaints_of

FOLDER = Path(__file__).resolve().parents[2] / "screenshots"


def main() -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        council = demo_council(Path(data))
        served = LiveServer(playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS), council.settings)
        complaints = list(_pictures(served))
        served.stop()
    print("\n".join(complaints) or f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}; nothing to complain of.")
    return 1 if complaints else 0


def _pictures(served: LiveServer) -> Iterator[str]:
    for number, (name, path) in enumerate(track(list(every_page(served)), "Taking pictures"), start=1):
        page = served.page(name)
        page.goto(served.url + path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=FOLDER / f"{number:03}-{name}{path.partition('?')[0].replace('/', '-')}-{width}.png", full_page=True)
            yield from (f"{name} {path} at {width}: {found}" for found in complaints_of(page))


if __name__ == "__main__":
    sys.exit(main())
