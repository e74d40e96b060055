"""Values of a type that between them hold everything that it can hold: each field, each member of a union, each word."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from msgspec import inspect

from tests.build import NOW


def values(type: inspect.Type) -> Sequence[Any]:
    """Some values, the fullest first; of a structure as many as its field with most has."""
    match type:
        case inspect.StructType(cls=made, fields=fields):
            choices = {field.name: values(field.type) for field in fields}
            count = max((len(some) for some in choices.values()), default=1)
            return [made(**{name: some[n % len(some)] for name, some in choices.items()}) for n in range(count)]
        case inspect.UnionType(types=types):
            members = [one for one in types if not isinstance(one, inspect.NoneType)]
            return [value for one in members for value in values(one)]
        case inspect.EnumType(cls=made):
            return list(made)
        case inspect.LiteralType(values=words):
            return list(words)
        case inspect.DictType(key_type=key, value_type=value):
            return [
                {values(key)[0]: one for one in values(value)[:1]},
                *({values(key)[0]: v} for v in values(value)[1:]),
            ]
        case inspect.ListType(item_type=item):
            return [list(values(item))]
        case inspect.VarTupleType(item_type=item):
            return [tuple(values(item))]
        case inspect.TupleType(item_types=items):
            return [tuple(values(one)[0] for one in items)]
        case inspect.Metadata(type=inner):
            return values(inner)
        case _:
            return [_PLAIN[type.__class__]]


_PLAIN: dict[Any, Any] = {
    inspect.StrType: "加古川",
    inspect.IntType: 70_000,
    inspect.FloatType: 34.757,
    inspect.BoolType: True,
    inspect.BytesType: b"0123456789abcdef",
    inspect.UUIDType: UUID(int=2**127 + 1),
    inspect.DateTimeType: NOW.replace(microsecond=250_000),
}


def says_all(new: Any, old: Any) -> bool:
    """Whether everything that `old` says is in `new` as well; both as built-in types."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(key in new and says_all(new[key], value) for key, value in old.items())
    if isinstance(old, list | tuple):
        return (
            isinstance(new, list | tuple)
            and len(new) >= len(old)
            and all(says_all(*pair) for pair in zip(new, old, strict=False))
        )
    return bool(new == old)
