"""What `report` says to a person, on standard error: each workload's proof, warnings and reasons."""

from collections.abc import Iterator, Mapping

from rich.table import Table

from advisor.recorded.model import SeenService
from advisor.recorded.recording import Recording
from advisor.suggestions.words import proof_of
from schemas.records import PolicySuggestion


def lines_of(suggestion: PolicySuggestion) -> Iterator[str]:
    """The suggestion in lines of text: one for what there is, one for each thing to know."""
    ref = suggestion.workload.ref
    if suggestion.policy:
        yield f"{ref}: {suggestion.policy_name}: {proof_of(suggestion)}"
    else:
        yield f"{ref}: no policy: {suggestion.reason}"
    yield from (f"  warning: {text}" for text in suggestion.warnings)
    yield from (f"  generalised: {text}" for text in suggestion.generalisations)


def table_of(suggestions: tuple[PolicySuggestion, ...]) -> Table:
    """The suggestions for a terminal."""
    table = Table("workload", "policy", "proof and what to know", show_lines=True)
    for suggestion in suggestions:
        first, *more = lines_of(suggestion)
        said = proof_of(suggestion) if suggestion.policy else first.partition(": ")[2]
        words = "\n".join([said, *(text.strip() for text in more)])
        table.add_row(str(suggestion.workload.ref), suggestion.policy_name if suggestion.policy else "-", words)
    return table


def notes_of(recording: Recording) -> Iterator[str]:
    """What a person should know of the recording as a whole: nothing that was read vanishes unsaid."""
    left_out = f"; no connection in {_counted(recording.skipped)}" if recording.skipped else ""
    yield f"lines read: {recording.good}, bad: {recording.bad}{left_out}"
    if recording.raw.unresolved:
        yield f"raw connections whose own end the objects do not hold: {_counted(recording.raw.unresolved)}"
    if recording.raw.ignored:
        yield f"raw connections left out, for no policy concerns them: {_counted(recording.raw.ignored)}"
    yield from () if recording.objects else _services(recording)


def _services(recording: Recording) -> Iterator[str]:
    named = {event.remote for event in recording.events if isinstance(event.remote, SeenService)}
    translated = sorted({f"{one.namespace}/{one.name}" for one in named if one.selector})
    unknown = sorted({f"{one.namespace}/{one.name}" for one in named if not one.selector})
    if translated:
        yield f"the port of a Service was taken for that of its pods; --objects would tell: {', '.join(translated)}"
    if unknown:
        yield f"a Service without a selector hides its endpoints; --objects would tell: {', '.join(unknown)}"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))
