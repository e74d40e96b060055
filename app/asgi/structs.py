"""What the description says of bodies: Litestar tells their fields; their docstring, and that they take no other field,
come from here.
"""

from litestar._openapi.schema_generation import SchemaCreator
from litestar._openapi.schema_generation.plugins.struct import StructSchemaPlugin
from litestar.openapi.spec import Schema
from litestar.typing import FieldDefinition
from msgspec import Struct


class DescribedStructs(StructSchemaPlugin):
    """The schema of a Struct with what its class says of itself.

    Litestar has no public name for its own half of the work (tried with 2.25); a test holds the two together.
    """

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: SchemaCreator) -> Schema:
        """The schema, as it is entered among the components."""
        schema = super().to_openapi_schema(field_definition, schema_creator)
        struct: type[Struct] = field_definition.origin or field_definition.annotation
        schema.description = (struct.__doc__ or "").strip()
        if struct.__struct_config__.forbid_unknown_fields:
            schema.additional_properties = False
        return schema
