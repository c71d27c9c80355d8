"""What makes an app and a database of its own for each test affordable."""

from types import CodeType

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from workflow.storage import engine

SHIPPED_PRAGMAS = engine.SQLITE_PRAGMAS


class SharedTemplates(BytecodeCache):
    """Compiled templates for all apps of one process; a changed source is compiled again."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._compiled.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code:
            self._compiled[bucket.key, bucket.checksum] = bucket.code


def share_compiled_templates() -> None:
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": SharedTemplates()}


def skip_waiting_for_the_disk() -> None:
    """For SQLite in this process: only a power cut could tell the difference, not the death of a process."""
    engine.SQLITE_PRAGMAS = tuple(one.replace("synchronous=FULL", "synchronous=OFF") for one in SHIPPED_PRAGMAS)
