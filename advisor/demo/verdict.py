"""What the demo ends with: the table, and what is missing."""

from collections.abc import Iterator
from pathlib import Path

from rich import box
from rich.table import Table

from advisor.demo.manifest import Manifest, rule_counts
from advisor.demo.watch import Tally
from schemas.records import PolicySuggestion, WorkloadRef


def missing(manifest: Manifest, tally: Tally, output: Path) -> tuple[str, ...]:
    """Why the demo has not shown what it should, one sentence each; empty if it has."""
    refs = [WorkloadRef(one.namespace, "Deployment", one.name) for one in manifest.deployments]
    wanted = [sentence for ref in refs for sentence in _lacks(ref, tally.suggestions.get(ref), output)]
    dead = [f"records set aside: {len(tally.dead_letters)}, the first because: {one}" for one in tally.dead_letters]
    return (*wanted, *dead[:1])


def table(tally: Tally, output: Path) -> Table:
    """One row per suggestion."""
    made = Table(title=f"Suggested policies in {output}/", title_justify="left", box=box.SIMPLE_HEAD)
    for heading in (
        "workload",
        "rules\nin/out",
        "edges\nadmitted",
        "near misses\nrefused",
        "windows",
        "may miss\nedges below",
    ):
        made.add_column(heading, overflow="fold")
    made.add_column("file", overflow="fold")
    for ref, suggestion in sorted(tally.suggestions.items()):
        made.add_row(*_cells(ref, suggestion, output))
    return made


def closing(tally: Tally) -> str:
    """The sentence under the table: the least certain of the suggestions, in words."""
    made = tally.suggestions.values()
    least = max(made, key=_doubt, default=None)
    if least is None:
        return "No suggestion was made."
    return f"Least sure: {least.workload.name}, {least.coverage.sentence}."


def _doubt(suggestion: PolicySuggestion) -> tuple[float, float, str]:
    return suggestion.coverage.new_edge_probability, suggestion.coverage.unseen_share, suggestion.key


def file_of(suggestion: PolicySuggestion, output: Path) -> Path:
    """Where the synthesizer writes it (design.md, "Recorded connections")."""
    return output / suggestion.workload.namespace / f"{suggestion.policy_name}.yaml"


def _lacks(ref: WorkloadRef, suggestion: PolicySuggestion | None, output: Path) -> Iterator[str]:
    if suggestion is None or not suggestion.policy:
        yield f"{ref}: no suggestion" + (f" ({suggestion.reason})" if suggestion else "")
        return
    proof = suggestion.proof
    if not 0 < proof.observed == proof.admitted:
        yield f"{ref}: {proof.admitted} of {proof.observed} observed edges are admitted"
    if proof.refused + proof.covered < proof.near_misses:
        yield f"{ref}: only {proof.refused} of {proof.near_misses} near misses are refused"
    file = file_of(suggestion, output)
    if not file.is_file() or file.read_text() != suggestion.policy:
        yield f"{ref}: {file} does not hold the suggestion"


def _cells(ref: WorkloadRef, suggestion: PolicySuggestion, output: Path) -> tuple[str, ...]:
    proof, coverage = suggestion.proof, suggestion.coverage
    ingress, egress = rule_counts(suggestion.policy)
    covered = f" ({proof.covered} generalised)" if proof.covered else ""
    return (
        f"{ref.namespace}/{ref.name}",
        f"{ingress}/{egress}",
        f"{proof.admitted} of {proof.observed}",
        f"{proof.refused} of {proof.near_misses}{covered}",
        str(coverage.windows),
        f"{coverage.unseen_share:.0%}",
        str(file_of(suggestion, output).relative_to(output)),
    )
