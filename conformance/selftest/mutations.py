"""What can be changed in the code: a sample of small changes, the same for the same code and seed."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

from attrs import evolve, field, frozen
from cosmic_ray.ast import ast_nodes, get_ast, get_ast_from_path
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.plugins import get_operator, operator_names
from parso.python.tree import Class, Function, IfStmt, Lambda, Param

PACKAGES = ("checks", "properties", "traffic")

# The operators that change what the code does and not only how: of those that replace one operator by each other one
# only its opposite and its neighbour, since the rest is either noticed by all tests or by none.
OPERATORS = re.compile(
    r"core/(AddNot|ExceptionReplacer|NumberReplacer|ZeroIterationForLoop|ReplaceUnaryOperator_Delete_Not"
    r"|Replace(And|Or|True|False|Break|Continue)With\w+"
    r"|ReplaceBinaryOperator_(Add_Sub|Sub_Add|FloorDiv_Mul|Mod_Mul|BitOr_BitAnd|BitAnd_BitOr)"
    r"|ReplaceComparisonOperator_(Eq_NotEq|NotEq_Eq|Is_IsNot|IsNot_Is"
    r"|Lt_LtE|Lt_GtE|LtE_Lt|LtE_Gt|Gt_GtE|Gt_LtE|GtE_Gt|GtE_Lt))"
)

GOES_ON = re.compile(r"\s*(#.*\s+)*(return|return None|continue)\s*(#.*\s+)*")


class DropGuard(Operator):  # type: ignore[misc]
    """Leaves out an `if` that only returns or goes on: what it guards against is then judged."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if isinstance(node, IfStmt) and GOES_ON.fullmatch(str(node.children[3].get_code())):
            yield node.children[1].start_pos, node.children[1].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        node.children[1] = get_ast(" False")
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("if x:\n    return\n", "if False:\n    return\n"),)


@lru_cache(maxsize=1)
def _operators() -> dict[str, Operator]:
    chosen = {name: get_operator(name)() for name in sorted(operator_names()) if OPERATORS.fullmatch(name)}
    return chosen | {"DropGuard": DropGuard()}


@frozen
class Mutant:
    """One change of the code.

    Attributes:
        file: its path below the project's folder.
        function: the names of the class and function it is in, or empty.
        before, after: the first line that differs, as it was and as it is.
        number: which one it is of those for which all this is the same.
        position: the operator and its occurrence, by which it is made.
    """

    file: str
    function: str
    before: str
    after: str
    number: int
    position: tuple[str, int] = field(eq=False)

    @property
    def key(self) -> str:
        parts = (self.file, self.function, self.before, self.after)
        return " | ".join((*parts, str(self.number)) if self.number else parts)

    @property
    def package(self) -> str:
        return Path(self.file).parts[1]


def sample(root: Path, count: int, seed: int, only: str = "*") -> list[Mutant]:
    """So many mutants of the packages, from each file as many as its part of all."""
    paths = sorted(path for package in PACKAGES for path in (root / "conformance" / package).rglob("*.py"))
    positions = {str(path.relative_to(root)): list(_positions(path)) for path in paths}
    total = sum(map(len, positions.values()))
    count = min(count, total)
    exact = {file: count * len(found) / total for file, found in positions.items()}
    shares = {file: int(share) for file, share in exact.items()}
    rest = sorted(shares, key=lambda file: shares[file] - exact[file])[: count - sum(shares.values())]
    chosen: list[Mutant] = []
    for file, found in positions.items():
        if fnmatch(file, only):
            drawn = Random(f"{seed} {file}").sample(found, shares[file] + (file in rest))
            chosen += _numbered(_made(root, file, position, function) for position, function in sorted(drawn))
    return chosen


def _positions(path: Path) -> Iterator[tuple[tuple[str, int], str]]:
    """Every change that an operator can make in a file, with the function it is in."""
    nodes = list(ast_nodes(get_ast_from_path(path)))
    for name, operator in _operators().items():
        found = [node for node in nodes for _ in operator.mutation_positions(node)]
        for occurrence, node in enumerate(found):
            # An annotation is not run.
            if not _is_annotation(node):
                yield (name, occurrence), function_of(node)


def _is_annotation(node: Any) -> bool:
    while (parent := node.parent) is not None:
        if isinstance(parent, Param) or (parent.type == "funcdef" and node is parent.annotation):
            return not isinstance(parent, Param) or node is not parent.default
        if parent.type == "annassign" and node is parent.children[1]:
            return True
        node = parent
    return False


def function_of(node: Any) -> str:
    names = []
    while node is not None:
        if isinstance(node, (Class, Function)) and not isinstance(node, Lambda):
            names.append(node.name.value)
        node = node.parent
    return ".".join(reversed(names))


def _made(root: Path, file: str, position: tuple[str, int], function: str) -> Mutant:
    lines, changed = ((root / file).read_text("utf-8").splitlines(), mutated(root, file, position).splitlines())
    matcher = difflib.SequenceMatcher(None, lines, changed, autojunk=False)
    _, start, _, other, _ = next(block for block in matcher.get_opcodes() if block[0] != "equal")
    return Mutant(file, function, lines[start].strip(), changed[other].strip(), 0, position)


def _numbered(mutants: Iterator[Mutant]) -> Iterator[Mutant]:
    seen: Counter[Mutant] = Counter()
    for mutant in mutants:
        yield evolve(mutant, number=seen[mutant])
        seen[mutant] += 1


def mutated(root: Path, file: str, position: tuple[str, int]) -> str:
    """The text of a file with a change."""
    name, occurrence = position
    changed = mutate_code((root / file).read_text("utf-8"), _operators()[name], occurrence)
    assert changed is not None, (file, position)
    return str(changed)
