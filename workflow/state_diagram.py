"""The state diagrams of the README, drawn from config/workflow.toml.

`python -m workflow.state_diagram` puts them into the README; with `--check` it only says whether they are current.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from workflow.workflow_config import Move, Rules, Track, load_rules

ROOT = Path(__file__).parent.parent
BEGINS, ENDS = "<!-- drawn from config/workflow.toml -->", "<!-- end of the picture -->"


def draw_states(rules: Rules) -> str:
    """Mermaid state diagrams of the audit, the escalation and the action."""
    tracks = (rules.audit, rules.escalation, rules.action)
    return "\n\n".join(f"**The {track.name}**\n\n```mermaid\n" + "\n".join(_lines(track)) + "\n```" for track in tracks)


def replace_diagram(readme: str, diagram: str) -> str:
    """The README with the diagram between its two marks; raises ValueError where they are gone."""
    before, begins, rest = readme.partition(BEGINS)
    _, ends, after = rest.partition(ENDS)
    if not begins or not ends:
        raise ValueError(f"The README has lost “{BEGINS}” or “{ENDS}”.")
    return f"{before}{begins}\n\n{diagram}\n\n{ends}{after}"


def _lines(track: Track) -> Iterator[str]:
    yield "stateDiagram-v2"
    yield f"    [*] --> {track.initial}"
    for state in track.states.values():
        yield f"    {state.name}: {state.title}"
    for move in track.moves.values():
        if move.to:
            yield from (f"    {source} --> {move.to}: {_label(move)}" for source in move.sources if source != move.to)
    yield from (f"    {state.name} --> [*]" for state in track.states.values() if state.final)


def _label(move: Move) -> str:
    by = " or ".join(move.by) or "with share or moderate"
    return f"{move.name} (asked by {' or '.join(move.asked_by)}, agreed by {by})" if move.asked_by else f"{move.name} ({by})"


def main(arguments: list[str]) -> int:
    path = ROOT / "README.md"
    readme = path.read_text(encoding="utf-8")
    current = replace_diagram(readme, draw_states(load_rules(ROOT / "config/workflow.toml")))
    if "--check" not in arguments:
        path.write_text(current, encoding="utf-8")
    elif current != readme:
        sys.stdout.write("The state diagrams in README.md are out of date: run python -m workflow.state_diagram\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
