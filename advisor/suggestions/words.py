"""Parts of a suggestion as a person says them."""

from schemas.records import PolicySuggestion


def proof_of(suggestion: PolicySuggestion) -> str:
    """The proof in words."""
    proof = suggestion.proof
    covered = f", {proof.covered} covered by a stated generalisation" if proof.covered else ""
    return (
        f"{proof.admitted} of {proof.observed} observed edges admitted, "
        f"{proof.refused} of {proof.near_misses} near misses refused{covered}"
    )
