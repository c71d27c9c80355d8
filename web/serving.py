"""The web server: waitress, threads in one process."""

import logging

import waitress

from config.settings import Settings
from web.app import create_app

THREADS = 8


def serve(settings: Settings) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # It warns of every request that waits a moment for a thread.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    app = create_app(settings)
    waitress.serve(app, host=settings.host, port=settings.port, threads=THREADS, ident="Practice Audit", clear_untrusted_proxy_headers=True)
