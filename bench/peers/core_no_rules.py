"""SQLAlchemy’s Core and nothing else: the same is read and written, and nothing is checked."""

import sys

from bench.peers import in_core
from bench.peers.engine import opened
from bench.peers.the_work import take_turns

ENGINE = opened(sys.argv[1])


def share(number: int) -> None:
    with ENGINE.begin() as connection:
        who, audit, _ = in_core.read(connection, number)
        in_core.write(connection, audit, who.id)


if __name__ == "__main__":
    with ENGINE.begin() as filling:
        in_core.fill(filling)
    take_turns(share)
