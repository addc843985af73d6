"""One schema of a published document, in whatever dialect, as JSON Schema 2020-12."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from attrs import define, evolve, field

from conformance.contract.documents import keywords, unmeant
from conformance.contract.documents.files import Node, Nowhere
from conformance.contract.documents.keywords import Loss, shown
from conformance.contract.documents.references import Edge, Mode, Strict
from conformance.contract.schema import UNCHECKED

if TYPE_CHECKING:
    from conformance.contract.documents.schemas import Schemas

MAX_DEPTH = 100
"""Schemas within schemas, without references."""

_VALUES: dict[str, Callable[[Any, keywords.Repair], Any]] = {
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties"), keywords.count),
    **dict.fromkeys(("maxProperties", "minContains", "maxContains"), keywords.count),
    **dict.fromkeys(("minimum", "maximum"), keywords.number),
    "multipleOf": keywords.divisor,
    "uniqueItems": keywords.flag,
    "pattern": keywords.pattern,
}
_ONE = ("contains", "propertyNames", "unevaluatedItems", "then", "else", "not", "if")
_BY_NAME = ("properties", "patternProperties", "dependentSchemas")
_BRANCHES = ("allOf", "anyOf", "oneOf")
_IN_PLACE = frozenset(("not", "if", "then", "else", "dependentSchemas", *_BRANCHES))
"""Keywords whose schemas judge the same value as the one that holds them."""

_MEMBERS = frozenset(("properties", "patternProperties", "additionalProperties", *_BRANCHES))
_LATER = frozenset(
    ("const", "if", "then", "else", "contains", "propertyNames", "patternProperties", "dependentSchemas")
)
"""Keywords that OpenAPI 3.0 and before does not have, and that others write with their plain meaning."""

_NULL = {"type": "null"}
_PLAIN = frozenset(("type", "title", "description", "deprecated"))
"""What most schemas are made of; nothing of it is in question."""
_SILENT = frozenset(
    {
        *("title", "description", "deprecated", "discriminator", "externalDocs", "xml", "summary", "readOnly"),
        *("writeOnly", "default", "example", "examples", "format", "$comment", "nullable", "x-nullable"),
    }
)
"""What may stand beside a reference and forbids no value."""

_RANGES = (
    *(("minLength", "maxLength"), ("minItems", "maxItems"), ("minProperties", "maxProperties")),
    *(("minimum", "maximum"), ("minContains", "maxContains")),
)


@define
class Conversion:
    """Converts one component, and notes what it refers to."""

    schemas: Schemas
    edges: list[Edge] = field(factory=list)
    strict: list[Strict] = field(factory=list)
    flaws: int = 0
    _depth: int = 0

    def schema(self, node: Node, mode: Mode, *, in_place: bool = True) -> Any:
        """The schema that stands at a node; one that is none says nothing."""
        value = node.value
        if isinstance(value, bool):
            return value
        if not isinstance(value, dict):
            return self._lost({}, node, f"{shown(value)} is no schema")
        if value.get("type") in keywords.TYPES and value.keys() <= _PLAIN:
            return {"type": value["type"]}
        if self._depth > MAX_DEPTH:
            return self._lost({}, node, f"schemas nest deeper than {MAX_DEPTH} levels")
        self._depth += 1
        try:
            if isinstance(value.get("$ref"), str):
                return self._reference(node, mode, in_place)
            return self._with_null(node, self._keywords(node, mode, in_place))
        finally:
            self._depth -= 1

    # References

    def _reference(self, node: Node, mode: Mode, in_place: bool) -> dict[str, Any]:
        beside = {key for key in node.value if key != "$ref" and key not in _SILENT and not key.startswith("x-")}
        try:
            target = self.schemas.files.target(node, node.value["$ref"])
        except Nowhere as error:
            meant = self.schemas.meant(node.value["$ref"])
            if meant is None:
                return self._lost({}, node["$ref"], str(error))
            self._repaired(node["$ref"], f"{error}; it is taken for {meant}")
            target = meant
        open_ = mode.open or (self.schemas.modern and bool(beside & _MEMBERS))
        unsent = mode.unsent - self.schemas.unsent(target, mode.direction)
        name = self.schemas.component(target, Mode(mode.direction, open_, unsent))
        holder: dict[str, Any] = {"$ref": f"#/components/schemas/{name}"}
        self.edges.append(Edge(name, holder, node["$ref"], in_place))
        found = holder
        if beside and self.schemas.modern:
            own = Node({key: value for key, value in node.value.items() if key != "$ref"}, node.file, node.pointer)
            rest = self._keywords(own, evolve(mode, open=True), in_place)
            found = {"allOf": [holder, rest]} if rest.keys() & _JUDGING else holder
        elif others := [key for key in sorted(beside) if not _is_said_by(target, key, node.value[key])]:
            told = ", ".join(others)
            self.schemas.register.loss(node, f"{told[:80]} beside $ref says nothing: a $ref stands alone here")
        return self._with_null(node, found)

    # Keywords

    def _keywords(self, node: Node, mode: Mode, in_place: bool) -> dict[str, Any]:
        value: dict[str, Any] = node.value
        out: dict[str, Any] = {}
        kinds = self._types(node, out)
        for key, read in _VALUES.items():
            if key in value:
                self._value(node, key, out, read)
        self._exclusive(node, out)
        if "required" in value:
            self._required(node, mode, out)
        if "enum" in value:
            self._value(node, "enum", out, lambda given, repair: keywords.values(given, repair, kinds))
            if None in out.get("enum", ()) and kinds and "null" not in kinds:
                out["type"] = [*kinds, "null"]
                self._repaired(node["enum"], "null is one of the values, so that the type has it, too")
        if "const" in value:
            out["const"] = value["const"]
        self._ranges(node, out)
        self._items(node, mode, out)
        for key in _ONE:
            if key in value:
                self._one(node[key], key, mode, out)
        for key in _BY_NAME:
            if key in value:
                self._named(node[key], key, mode, out)
        if "dependentRequired" in value:
            self._dependent(node["dependentRequired"], out)
        self._closed(node, mode, out)
        for key in _BRANCHES:
            if key in value:
                self._branches(node, key, mode, out, in_place)
        self._annotations(node, out)
        for key, reason in unmeant.contradicted(value, out):
            del self._lost(out, node[key], reason)[key]
        if not self.schemas.modern:
            for key in sorted(_LATER & out.keys()):
                self._repaired(node[key], f"{key} is no keyword of this dialect; it is judged as JSON Schema means it")
        return out

    def _value(self, node: Node, key: str, out: dict[str, Any], read: Callable[[Any, keywords.Repair], Any]) -> None:
        try:
            out[key] = read(node.value[key], lambda reason: self._repaired(node[key], reason))
        except Loss as error:
            # A null says as much as a keyword that is not there.
            if node.value[key] is not None:
                self._lost(out, node[key], str(error))

    def _types(self, node: Node, out: dict[str, Any]) -> list[str]:
        if "type" not in node.value or (node.value["type"] is None and not self.schemas.modern):
            return []
        self._value(node, "type", out, keywords.types)
        found: list[str] = out.pop("type", [])
        if unmeant.widened(node.value):
            found = ["integer", "string"]
            self._repaired(node["type"], "a number is taken, too, as is said beside it")
        if found:
            out["type"] = found[0] if len(found) == 1 else found
            if isinstance(node.value["type"], list) and not self.schemas.modern:
                self._repaired(node["type"], "a list of types is none of this dialect; each is allowed")
        return found

    def _exclusive(self, node: Node, out: dict[str, Any]) -> None:
        for key, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            given = node.value.get(key)
            if isinstance(given, str) and given.lower() in ("true", "false"):
                self._repaired(node[key], f"the text {given!r} is taken for the word")
                given = given.lower() == "true"
            if isinstance(given, bool):
                if self.schemas.modern:
                    self._repaired(node[key], f"{shown(given)} is taken as in OpenAPI 3.0: of the {bound} beside it")
                if given and bound in out:
                    out[key] = out.pop(bound)
                elif given:
                    self._lost(out, node[key], f"no {bound} stands beside it")
            elif given is not None:
                self._value(node, key, out, keywords.number)
                if key in out and not self.schemas.modern:
                    self._repaired(node[key], "a number is taken as in OpenAPI 3.1: for the bound itself")

    def _required(self, node: Node, mode: Mode, out: dict[str, Any]) -> None:
        if node.value["required"] is False:
            self._repaired(node["required"], "false is left out: nothing is required by default")
            return
        self._value(node, "required", out, keywords.names)
        if "required" in out:
            unsent = mode.unsent | self.schemas.unsent(node, mode.direction)
            out["required"] = [name for name in out["required"] if name not in unsent]

    def _ranges(self, node: Node, out: dict[str, Any]) -> None:
        for low, high in _RANGES:
            if low in out and high in out and out[low] > out[high]:
                self._lost(out, node[low], f"{low} {out.pop(low)} is above {high} {out.pop(high)}: no value is between")

    def _items(self, node: Node, mode: Mode, out: dict[str, Any]) -> None:
        inner = Mode(mode.direction)
        if "prefixItems" in node.value:
            self._listed(node["prefixItems"], "prefixItems", inner, out)
        if "items" not in node.value:
            return
        items = node["items"]
        if not isinstance(items.value, list):
            out["items"] = self.schema(items, inner, in_place=False)
            return
        self._listed(items, "prefixItems", inner, out)
        if "prefixItems" in out:
            self._repaired(items, "a list of items is taken for the first ones, one by one")
            if isinstance(node.value.get("additionalItems"), bool | dict):
                out["items"] = self.schema(node["additionalItems"], inner, in_place=False)

    def _listed(self, node: Node, key: str, mode: Mode, out: dict[str, Any]) -> None:
        if isinstance(node.value, list) and node.value:
            out[key] = [self.schema(part, mode, in_place=False) for part in node.parts()]
        else:
            self._lost(out, node, f"{shown(node.value)} is no list of schemas")

    def _one(self, node: Node, key: str, mode: Mode, out: dict[str, Any]) -> None:
        in_place = key in _IN_PLACE
        inner = evolve(mode, open=True) if in_place else Mode(mode.direction)
        flaws, edges = self.flaws, len(self.edges)
        out[key] = self.schema(node, inner, in_place=in_place)
        if key in ("not", "if"):
            keys = ("not",) if key == "not" else ("if", "then", "else")
            self.strict.append(Strict(out, keys, node, self.flaws > flaws, tuple(self.edges[edges:])))

    def _named(self, node: Node, key: str, mode: Mode, out: dict[str, Any]) -> None:
        if isinstance(node.value, list) and not node.value:
            self._repaired(node, "an empty list is taken for an object without members")
            return
        if not isinstance(node.value, dict):
            if node.value is not None:
                self._lost(out, node, f"{shown(node.value)} holds no schemas by name")
            return
        in_place = key in _IN_PLACE
        inner = evolve(mode, open=True) if in_place else Mode(mode.direction)
        found = {}
        for name, part in node.items():
            if key == "patternProperties" and not keywords.compiles(name):
                self._lost(out, part, f"{shown(name)} is no regular expression of ECMA-262")
                continue
            found[name] = self.schema(part, inner, in_place=in_place)
        out[key] = found

    def _dependent(self, node: Node, out: dict[str, Any]) -> None:
        found = {}
        for name, part in node.items():
            if isinstance(part.value, list) and all(isinstance(each, str) for each in part.value):
                found[name] = list(dict.fromkeys(part.value))
            else:
                self._lost(out, part, f"{shown(part.value)} is no list of names")
        out["dependentRequired"] = found

    def _closed(self, node: Node, mode: Mode, out: dict[str, Any]) -> None:
        for key in ("additionalProperties", "unevaluatedProperties"):
            if key not in node.value:
                continue
            part, given = node[key], node.value[key]
            if isinstance(given, str) and given.lower() in ("true", "false"):
                self._repaired(part, f"the text {given!r} is taken for the word")
                given = given.lower() == "true"
            if given is False and mode.open:
                self._repaired(part, "left out: it would forbid what the schemas beside it name")
            elif given is False and key == "additionalProperties" and self._has_branches(node):
                self._repaired(part, "taken for unevaluatedProperties: it would forbid what the branches name")
                out["unevaluatedProperties"] = False
            elif isinstance(given, bool):
                out[key] = given
            elif given is not None:
                out[key] = self.schema(part, Mode(mode.direction), in_place=False)

    @staticmethod
    def _has_branches(node: Node) -> bool:
        return any(isinstance(node.value.get(key), list) for key in _BRANCHES)

    def _branches(self, whole: Node, key: str, mode: Mode, out: dict[str, Any], in_place: bool) -> None:
        node = whole[key]
        if isinstance(node.value, dict) and node.value:
            self._repaired(node, "one schema is taken for a list of one")
            parts = [node]
        elif not isinstance(node.value, list) or not node.value:
            self._lost(out, node, f"{shown(node.value)} is no list of schemas")
            return
        else:
            parts = list(node.parts())
        said = [part for part in parts if key != "allOf" or not _only_nullable(part)]
        others = key != "allOf" or len(said) > 1 or bool(out.keys() & _MEMBERS)
        unsent = mode.unsent | self.schemas.unsent(whole, mode.direction)
        # What the branches of anyOf and oneOf say is said of one value alone, each by itself.
        open_ = mode.open or (others if key == "allOf" else bool(out.keys() & _MEMBERS - {"unevaluatedProperties"}))
        inner = Mode(mode.direction, open_, unsent)
        found = [self.schema(part, inner, in_place=in_place) for part in said]
        if key == "allOf":
            out.setdefault("allOf", []).extend(found)
            return
        if key == "oneOf" and len(found) > 1 and not self._apart(parts):
            self._repaired(node, "judged as anyOf: a value may match several of the branches")
        if "anyOf" in out:
            out.setdefault("allOf", []).append({"anyOf": found})
        else:
            out["anyOf"] = found

    def _apart(self, parts: list[Node]) -> bool:
        """Whether no value can match two of several branches, as their types tell."""
        seen: set[str] = set()
        for part in parts:
            try:
                value = self.schemas.files.resolved(part).value
            except Nowhere:
                return False
            kind = value.get("type") if isinstance(value, dict) and not value.get("nullable") else None
            kind = "number" if kind == "integer" else kind
            if not isinstance(kind, str) or kind not in keywords.TYPES or kind in seen:
                return False
            seen.add(kind)
        return True

    def _annotations(self, node: Node, out: dict[str, Any]) -> None:
        value = node.value
        form = value.get("format")
        if isinstance(form, str):
            out["format"] = form
            if form not in keywords.KNOWN_FORMATS:
                self._lost({}, node["format"], f"nobody knows the format {shown(form)}")
        for key in ("readOnly", "writeOnly"):
            if value.get(key) is True:
                out[key] = True
        for key in ("default", "example"):
            if key in value:
                out[key] = value[key]
        if isinstance(value.get("examples"), list):
            out["examples"] = value["examples"]
        for key in ("$dynamicRef", "$recursiveRef", "dependencies"):
            if key in value:
                self._lost(out, node[key], f"{key} is not followed")

    # Null

    def _with_null(self, node: Node, out: dict[str, Any]) -> dict[str, Any]:
        value = node.value
        key = next((key for key in ("nullable", "x-nullable") if value.get(key) not in (None, False, "false")), None)
        within = next((part for part in self._branch_nulls(node)), None)
        if key is None and within is None:
            return out
        if key is not None:
            if value[key] not in (True, "true", "True"):
                return self._lost(out, node[key], f"{shown(value[key])} is neither true nor false")
            if plain := self._not_as_documented(key, value):
                self._repaired(node[key], f"{plain}; null is allowed")
        elif within is not None:
            self._repaired(within, "nullable of a branch that says nothing else is taken for that of the whole")
        if out.keys() & {"$ref", "const", "not", "if", *_BRANCHES}:
            return {"anyOf": [out, dict(_NULL)]}
        if "type" in out:
            kinds = out["type"] if isinstance(out["type"], list) else [out["type"]]
            out["type"] = list(dict.fromkeys([*kinds, "null"]))
        if "enum" in out and None not in out["enum"]:
            out["enum"] = [*out["enum"], None]
            if key is not None:
                self._repaired(node[key], "null is added to the enumerated values, as nullable says")
        return out

    def _branch_nulls(self, node: Node) -> Iterator[Node]:
        branches = node.get("allOf")
        if branches is not None and not self.schemas.modern:
            yield from (part for part in branches.parts() if _only_nullable(part))

    def _not_as_documented(self, key: str, value: Mapping[str, Any]) -> str | None:
        """Why a dialect would not read a `nullable` as it is meant; None where it does."""
        if key == "x-nullable":
            return None if self.schemas.version == "2.0" else "x-nullable is taken for nullable"
        if self.schemas.version != "3.0":
            return f"nullable is no keyword of {self.schemas.version}"
        if "$ref" in value:
            return "nullable stands beside $ref"
        return None if isinstance(value.get("type"), str) else "nullable stands without a type"

    # What was found

    def _repaired(self, node: Node, reason: str) -> None:
        self.schemas.register.repair(node, reason)
        self.flaws += 1

    def _lost(self, out: dict[str, Any], node: Node, reason: str) -> dict[str, Any]:
        self.schemas.register.loss(node, reason)
        self.flaws += 1
        out[UNCHECKED] = True
        return out


def _is_said_by(target: Node, key: str, value: Any) -> bool:
    """Whether what a reference leads to says the same as what stands beside the reference."""
    return isinstance(target.value, dict) and key in target.value and bool(target.value[key] == value)


def _only_nullable(node: Node) -> bool:
    return isinstance(node.value, dict) and node.value.get("nullable") is True and len(node.value) == 1


_JUDGING = frozenset(
    {
        *_VALUES,
        *_ONE,
        *_BY_NAME,
        *_BRANCHES,
        *("type", "required", "enum", "const", "items", "prefixItems", "additionalProperties", "dependentRequired"),
        *("unevaluatedProperties", "exclusiveMinimum", "exclusiveMaximum", UNCHECKED),
    }
)
"""What forbids a value, or would have."""
