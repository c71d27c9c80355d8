"""SQLAlchemy’s Core with `transitions`: one machine for all audits, whose conditions are the guards."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.peers import in_core, the_work
from bench.peers.engine import opened
from bench.peers.one_machine import MACHINE
from bench.peers.the_work import take_turns


@dataclass(eq=False)
class Sharing:
    who: Any
    audit: Any
    areas: Sequence[Any]

    def may_share(self) -> bool:
        return the_work.may_share(self.audit, self.who)

    def is_consulted(self) -> bool:
        return the_work.is_consulted(self.audit)

    def is_graded(self) -> bool:
        return the_work.is_graded(self.audit)

    def is_complete(self) -> bool:
        return the_work.is_complete(self.areas)


ENGINE = opened(sys.argv[1])


def share(number: int) -> None:
    with ENGINE.begin() as connection:
        sharing = Sharing(*in_core.read(connection, number))
        MACHINE.add_model(sharing, initial=sharing.audit.state)
        if not sharing.share():  # type: ignore[attr-defined]
            raise PermissionError
        MACHINE.remove_model(sharing)
        in_core.write(connection, sharing.audit, sharing.who.id)


if __name__ == "__main__":
    with ENGINE.begin() as filling:
        in_core.fill(filling)
    take_turns(share)
