"""A value of an object together with the path to it, so that whatever is wrong with it can be named."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class BadPolicy(ValueError):  # noqa: N818  a finding about somebody's object, not a failure of the program
    """An object that is no valid NetworkPolicy; the text names the field and says why."""


class At(NamedTuple):
    """A value and its path, such as spec.ingress[0].from[1]; the path of the whole object is empty."""

    value: Any
    path: str = ""

    @property
    def given(self) -> bool:
        """Whether it is there: null is the same as missing, as it is to the API server."""
        return self.value is not None

    def bad(self, why: str) -> BadPolicy:
        """The error that names this field."""
        return BadPolicy(f"{self.path}: {why}" if self.path else why)

    def field(self, name: str) -> "At":
        """A field of this mapping; of what is missing, everything is missing."""
        return At(self.mapping().get(name), f"{self.path}.{name}" if self.path else name)

    def mapping(self) -> Mapping[str, Any]:
        """Itself as a mapping, empty if missing."""
        if not self.given:
            return {}
        if not isinstance(self.value, Mapping):
            raise self.bad(f"a mapping is expected, not {_shown(self.value)}")
        return self.value

    def items(self) -> tuple["At", ...]:
        """Its members as a list, none if missing."""
        if not self.given:
            return ()
        if not isinstance(self.value, list):
            raise self.bad(f"a list is expected, not {_shown(self.value)}")
        return tuple(At(member, f"{self.path}[{index}]") for index, member in enumerate(self.value))

    def text(self) -> str:
        """Itself as a text that is not empty."""
        if not isinstance(self.value, str) or not self.value:
            why = "is missing" if not self.given else f"a text is expected, not {_shown(self.value)}"
            raise self.bad(why)
        return self.value

    def number(self) -> int:
        """Itself as a whole number."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self.bad(f"a whole number is expected, not {_shown(self.value)}")
        return self.value


def _shown(value: Any) -> str:
    return repr(value)[:80]
