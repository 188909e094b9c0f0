"""YAML text as every reader of Kubernetes understands it: a scalar that two of them could read differently is refused.

PyYAML follows YAML 1.1, kubectl's library a mixture of 1.1 and 1.2: `y`, `1e3` or `0o17` without quotes is a text to
one and a boolean or a number to the other (yaml.org/type, YAML 1.2.2 section 10.3.2).
"""

import re
from typing import Any, Final

import yaml

_WORDS: Final = "y|yes|n|no|on|off|true|false|null|nil|~|<<|="
_NUMBER_LIKE: Final = (
    r"[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-f_]+|[0-9][0-9_]*(:[0-5]?[0-9])*(\.[0-9_]*)?(e[-+]?[0-9]+)?)"
    r"|[-+]?(\.[0-9_]+(e[-+]?[0-9]+)?|\.inf|\.nan)|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
)
AMBIGUOUS: Final = re.compile(rf"(?:{_WORDS}|{_NUMBER_LIKE})", re.IGNORECASE)
"""Every plain scalar that some reader takes for something else than text, and a few more."""

_BASE: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class PlainTextLoader(_BASE):  # type: ignore[misc]  # the base is C where libyaml is there
    """A safe loader that raises ConstructorError for what readers take differently.

    That is a text that only some of them take for a text, and a key that is there twice: the last one wins with some,
    others refuse it.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:  # noqa: FBT001, FBT002  the base's
        """The mapping; raises ConstructorError if two keys are the same text."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} is there twice", key.start_mark)
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else "")
        return super().construct_mapping(node, deep)


def _text(loader: Any, node: yaml.ScalarNode) -> Any:
    if not node.style and AMBIGUOUS.fullmatch(node.value):
        raise yaml.constructor.ConstructorError(
            None, None, f"{node.value} without quotes is a text to some readers only", node.start_mark
        )
    return loader.construct_scalar(node)


PlainTextLoader.add_constructor("tag:yaml.org,2002:str", _text)
