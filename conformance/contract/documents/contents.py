"""Bodies, headers and parameters of a published document, each with its schema made when it is first met."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from attrs import define

from conformance.contract.documents.files import Files, Node, Nowhere
from conformance.contract.documents.later import Later
from conformance.contract.documents.references import Direction
from conformance.contract.documents.schemas import Schemas
from conformance.contract.documents.unchecked import Register
from conformance.contract.operation import FORM, MANY_SEGMENTS, Answer, Sample

ANY = "*/*"
MULTIPART = "multipart/form-data"

Schema = Mapping[str, Any]

# What OpenAPI 2.0 writes into a parameter or a header itself, and later versions into its schema.
_INLINE = frozenset(
    {
        *("type", "format", "items", "default", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"),
        *("maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "enum", "multipleOf"),
        *("x-nullable", "nullable"),
    }
)
_COLLECTIONS: dict[str, dict[str, Any]] = {
    "multi": {"style": "form", "explode": True},
    "csv": {"explode": False},
    "ssv": {"style": "spaceDelimited", "explode": False},
    "pipes": {"style": "pipeDelimited", "explode": False},
}


@define(eq=False)
class Contents:
    """Reads what requests and answers of one document hold."""

    files: Files
    schemas: Schemas
    register: Register
    produces: tuple[str, ...] = ()
    consumes: tuple[str, ...] = ()

    @property
    def old(self) -> bool:
        """Whether the document is of OpenAPI 2.0."""
        return self.schemas.version == "2.0"

    def resolved(self, node: Node) -> Node | None:
        """What a node refers to; None, and a loss, where that is nothing or no object."""
        try:
            found = self.files.resolved(node)
        except Nowhere as error:
            self.register.loss(node, str(error))
            return None
        if isinstance(found.value, dict):
            return found
        self.register.loss(node, "is no object")
        return None

    # Answers

    def answer(self, response: Node, operation: Node) -> Answer:
        """What an answer of an operation holds."""
        node = self.resolved(response)
        if node is None:
            return Answer()
        headers = node.get("headers")
        return Answer(
            self._content_of(node, operation),
            Later({name.lower(): partial(self._header, header) for name, header in headers.items()} if headers else {}),
        )

    def _content_of(self, node: Node, operation: Node) -> Mapping[str, Schema | None]:
        if not self.old:
            return self.content(node, "answer")
        schema = node.get("schema")
        own = _texts(operation.get("produces"))
        if schema is None:
            # What an operation says that it itself produces, it does not describe.
            return {ANY: None} if own else {}
        media_types = own or self.produces or (ANY,)
        if isinstance(schema.value, dict) and schema.value.get("type") in ("file", "binary"):
            return dict.fromkeys(media_types)
        return Later({media_type: partial(self.schemas.of, schema, "answer") for media_type in media_types})

    def content(self, node: Node, direction: Direction) -> Mapping[str, Schema | None]:
        """Media type → schema, of a body as OpenAPI 3 has it."""
        found = node.get("content")
        return Later(
            {name: partial(self._of_media_type, part, direction) for name, part in found.items()} if found else {}
        )

    def _of_media_type(self, node: Node, direction: Direction) -> Schema | None:
        part = self.resolved(node)
        schema = part.get("schema") if part is not None else None
        return self.schemas.of(schema, direction) if schema is not None else None

    def _header(self, node: Node) -> Mapping[str, Any]:
        header = self.resolved(node)
        return self._with_schema(header, "answer") if header is not None else {}

    # Parameters

    def parameters(self, *lists: Node | None) -> Iterator[Node]:
        """The parameters of an operation, those of the later lists in place of equal ones of the earlier."""
        found: dict[tuple[str, str], Node] = {}
        for given in lists:
            if given is not None and not isinstance(given.value, list):
                self.register.loss(given, "is no list of parameters")
            for each in given.parts() if given is not None else ():
                node = self.resolved(each)
                if node is None:
                    continue
                name, place = node.value.get("name"), node.value.get("in")
                if isinstance(name, str) and isinstance(place, str):
                    found[place, name] = node
                else:
                    self.register.loss(each, "a parameter without a name or a place")
        return iter(found.values())

    def parameter(self, node: Node, many: bool) -> Mapping[str, Any]:
        """A parameter as OpenAPI 3 has it, with its schema in JSON Schema 2020-12."""
        return self._with_schema(node, "request", {MANY_SEGMENTS: True} if many else {})

    def _with_schema(
        self, node: Node, direction: Direction, more: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        inline = _INLINE if self.old else frozenset(("schema",))
        members = {key: value for key, value in node.value.items() if key not in inline}
        if members.get("in") == "path":
            members["required"] = True
        elif "required" in members and not isinstance(members["required"], bool):
            self.register.repair(node["required"], "required is taken for false: it is neither true nor false")
            members["required"] = False
        if self.old and (style := _COLLECTIONS.get(str(members.pop("collectionFormat", "")))):
            members |= style
        makers: dict[str, Any] = {key: partial(_given, value) for key, value in {**members, **(more or {})}.items()}
        if self.old and node.value.keys() & _INLINE:
            own = {key: value for key, value in node.value.items() if key in _INLINE}
            makers["schema"] = partial(self.schemas.of, Node(own, node.file, node.pointer), direction)
        elif (schema := node.get("schema")) is not None:
            makers["schema"] = partial(self.schemas.of, schema, direction)
        return Later(makers)

    # Bodies of requests

    def body(self, entry: Node, parameters: list[Node]) -> tuple[Mapping[str, Schema | None], Node | None]:
        """Media type → schema of the body that an operation takes, and what stands for it in the document."""
        if not self.old:
            body = entry.get("requestBody")
            node = self.resolved(body) if body is not None and body.value is not None else None
            return (self.content(node, "request") if node is not None else {}), node
        media_types = _texts(entry.get("consumes")) or self.consumes
        whole = next((each for each in parameters if each.value["in"] == "body"), None)
        if whole is not None:
            schema = whole.get("schema")
            given = media_types or ("application/json",)
            if schema is None:
                return dict.fromkeys(given), whole
            return Later({name: partial(self.schemas.of, schema, "request") for name in given}), whole
        fields = [each for each in parameters if each.value["in"] == "formData"]
        if not fields:
            return {}, None
        has_file = any(each.value.get("type") == "file" for each in fields)
        of_forms = tuple(name for name in media_types if name.lower() in (FORM, MULTIPART))
        given = of_forms or ((MULTIPART,) if has_file else (FORM,))
        return Later({name: partial(self._form, fields, entry) for name in given}), None

    def _form(self, fields: list[Node], entry: Node) -> Schema:
        properties = {}
        for each in fields:
            own = {key: value for key, value in each.value.items() if key in _INLINE}
            properties[each.value["name"]] = own
        required = [each.value["name"] for each in fields if each.value.get("required") is True]
        form = {"type": "object", "properties": properties, **({"required": required} if required else {})}
        return self.schemas.of(Node(form, entry.file, f"{entry.pointer}/parameters"), "request")

    def sample(self, content: Mapping[str, Any], body: Node | None, parameters: list[Node]) -> Sample | None:
        """What the document itself sends to an operation; None where it shows nothing."""
        media_type = next(iter(content), None)
        holder = body
        if body is not None and not self.old:
            found = body.get("content")
            holder = found.get(media_type) if found is not None and media_type is not None else None
        shown = self._examples(holder) if holder is not None else []
        needed = {
            place: {
                each.value["name"]: str(examples[0])
                for each in parameters
                if each.value["in"] == place
                and each.value.get("required") is True
                and (examples := self._examples(each))
            }
            for place in ("header", "query")
        }
        if not shown and not any(needed.values()):
            return None
        return Sample(shown[0] if shown else None, media_type, needed["header"], needed["query"])

    def examples(self, node: Node) -> tuple[str, ...]:
        """The values that the document shows of a parameter, as text."""
        return tuple(str(each) for each in self._examples(node) if isinstance(each, str | int | float))

    def _examples(self, node: Node) -> list[Any]:
        """The examples of a parameter or a body, else that of its schema."""
        value = node.value if isinstance(node.value, dict) else {}
        found = [value[key] for key in ("example", "x-example") if key in value]
        several = node.get("examples") if isinstance(value.get("examples"), dict) else None
        for _, each in several.items() if several is not None else ():
            try:
                shown = self.files.resolved(each).value
            except Nowhere:
                continue
            if isinstance(shown, dict) and "value" in shown:
                found.append(shown["value"])
        schema = node.get("schema")
        if found or schema is None or not isinstance(schema.value, dict):
            return found
        try:
            inner = self.files.resolved(schema).value
        except Nowhere:
            return found
        return [inner["example"]] if isinstance(inner, dict) and "example" in inner else found


def _given(value: Any) -> Any:
    return value


def _texts(node: Node | None) -> tuple[str, ...]:
    value = node.value if node is not None else None
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
