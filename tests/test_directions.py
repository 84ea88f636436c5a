"""The structure of the package: which room imports which, no circles, and no class that is split by inheritance."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

import tui_trainer

ROOT = Path(tui_trainer.__file__).parent
PACKAGE = "tui_trainer"
# Without __init__; each number was raised for what came with it.
MAX_MODULES = sum(
    (
        200,
        2,  # stacks of networks
        2,  # the rate finder
        6,  # the wall: messages, the race and its process, controller, screen and tiles
        2,  # charts of runs
        1,  # the table of measures
        1,  # how the numbers of a file are written: it was one module with how its cells are separated
        1,  # model-based search
        1,  # schedules of the learning rate
        6,  # the columns in numbers: the numbers, their words, the Data tab's three usual modules, the command
        1,  # the doctor
        3,  # the layers in numbers: messages, compute and keys
        1,  # what columns say of the rows
        1,  # a file for the test, read as rows to predict are
        3,  # what predictions depend on: the mathematics, the trainer's side of it in the tab, and its panels
        1,  # the layout of Predictions: its view had grown to two chapters
        1,  # scikit-learn's estimators, which alone import it
        1,  # reports
        1,  # networks in NumPy alone
        1,  # programs that train again
        1,  # event files
        1,  # activations side by side
        2,  # the Python for a view: the programs, and their dialog
        1,  # other paths on the landscape
        1,  # the line search of L-BFGS
        1,  # mark-up in the text of lessons
        2,  # lessons tried without a screen, and their command
        4,  # a class: what is handed in, by which part of the app, what a teacher sees of it, and the command
        1,  # a recorded step
        4,  # the microscope: a step as it is shown, its shades, its lines, and its equations, a chapter each
        2,  # earlier moments of a run: the snapshots and the way back, and the keys
        3,  # films: the run that is played to the app, the frames and their files, and the command
        3,  # pictures: which columns are pixels, how they are drawn, and the contact sheet
        1,  # the layers over time: heatmaps, beside the table of the layers
        2,  # pictures drawn by hand: strokes as pixels, and the canvas
        2,  # followers: those of a trainer, and the app as one
        1,  # what a trainer does beside a run, apart from the run
        1,  # what is shown of a file before it is opened, apart from what reads it
    )
)
MAX_DEPTH = 3  # of classes of ours

# What each room may import, from the bottom up: a row names rows above it only. A room is a folder or a module of the
# package. The tabs are three: what goes between the processes, what the trainer computes, and what the app shows.
# "" is tui_trainer/__init__.py, which no other module imports.
DIRECTIONS = {
    "system": "",
    "version": "",
    "formats": "",
    "measures": "",
    "engine": "measures",
    "errors": "",
    "pace": "",
    "run_state": "",
    "files": "errors system",
    "experiment": "errors files measures system",
    "datasets": "errors experiment files formats system",
    "settings": "errors experiment files pace",
    "book": "errors experiment files formats measures pace run_state system",
    "plotting": "formats settings",
    "protocol": "datasets errors experiment pace run_state",
    "tabs.messages": "datasets experiment protocol run_state",
    "training": "datasets engine errors experiment formats measures pace protocol run_state system",
    "console": "errors files measures system training",
    "teaching": "book errors experiment formats measures system training",
    "store": "errors experiment files run_state system training",
    "export": """
        console datasets engine errors experiment files formats measures plotting store system training version
    """,
    "api": "console datasets engine errors experiment export training",
    "estimators": "api datasets errors experiment export training",
    "ui": "errors experiment formats measures plotting protocol run_state settings system",
    "tabs.compute": """
        datasets engine errors experiment files formats measures plotting protocol run_state store tabs.messages
        training
    """,
    "runtime": """
        datasets errors experiment export files formats protocol run_state store system tabs.compute
        tabs.messages training
    """,
    "sweep": "errors experiment files formats measures protocol run_state runtime store system training version",
    "wall": """
        datasets engine errors experiment formats measures pace plotting protocol run_state runtime store sweep system
        tabs.compute tabs.messages training
    """,
    "serve": "errors runtime system ui",
    "tabs.view": """
        book datasets errors experiment export files formats measures plotting protocol run_state settings store sweep
        tabs.messages ui
    """,
    "app": """
        book datasets errors experiment files formats measures pace plotting protocol run_state runtime settings sweep
        system tabs.messages tabs.view ui version wall
    """,
    "cli": """
        app book console datasets errors experiment export files formats measures pace runtime serve settings store
        sweep system tabs.messages teaching training ui version
    """,
    "__main__": "cli",
    "": "api errors estimators experiment version",
}
# Modules of a tab that are imported by the trainer alone.
COMPUTED = {
    "compute",
    "computing",
    "axes",
    "companions",
    "fields",
    "index",
    "inspection",
    "microscope",
    "shades",
    "surface",
}

# Exceptions, each with its reason.
UPWARDS = {}
CIRCULAR = {}
RE_EXPORTING = {"tui_trainer", "tui_trainer.engine", "tui_trainer.sweep"}  # documented, for programs


class Import(NamedTuple):
    """An import of one module of the package by another."""

    source: str
    target: str
    for_types: bool  # under TYPE_CHECKING
    line: int


class Class(NamedTuple):
    """A class of the package, and its bases that are the package's own."""

    bases: tuple[str, ...]
    methods: frozenset[str]
    unanswered: frozenset[str]  # methods that raise NotImplementedError


@cache
def modules() -> Mapping[str, Path]:
    """All modules of the package: their files by their names."""
    paths = sorted(ROOT.rglob("*.py"))
    return {
        ".".join((PACKAGE, *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__"): path
        for path in paths
    }


@cache
def tree(module: str) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(modules()[module].read_text())


def room(module: str) -> str:
    """The row of a module in the table."""
    parts = module.split(".")[1:]
    if not parts:
        return ""
    if parts[0] != "tabs":
        return parts[0]
    if parts[-1] == "messages" or modules()[module].name == "__init__.py":
        return "tabs.messages"
    return "tabs.compute" if parts[-1] in COMPUTED else "tabs.view"


@cache
def imports() -> tuple[Import, ...]:
    """Every import between modules of the package, those inside of functions included."""
    return tuple(one for module in modules() for one in imports_of(module))


def imports_of(module: str) -> Iterator[Import]:
    """The imports that stand in one module."""
    nodes = list(ast.walk(tree(module)))
    guarded = {
        id(node)
        for block in nodes
        if isinstance(block, ast.If) and ast.unparse(block.test).endswith("TYPE_CHECKING")
        for statement in block.body
        for node in ast.walk(statement)
    }
    for node in nodes:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = origin(module, node)
            names = [name if (name := f"{base}.{alias.name}") in modules() else base for alias in node.names]
        else:
            continue
        for name in sorted(set(names) & set(modules())):
            yield Import(module, name, id(node) in guarded, node.lineno)


def sentences(found: list[Import]) -> str:
    """Where imports stand, one a line."""
    return "\n".join(f"{modules()[one.source].relative_to(ROOT)}:{one.line} imports {one.target}" for one in found)


def test_the_table_goes_from_the_bottom_up_and_names_every_room() -> None:
    rooms = list(DIRECTIONS)
    for row, allowed in DIRECTIONS.items():
        assert set(allowed.split()) <= set(rooms[: rooms.index(row)]), f"{row} imports a room that stands below it"
    assert {room(module) for module in modules()} == set(rooms)


@pytest.mark.parametrize("for_types", [False, True], ids=["at run time", "for types"])
def test_every_import_goes_in_a_direction_of_the_table(for_types: bool) -> None:
    wrong = [
        one
        for one in imports()
        if one.for_types == for_types
        and room(one.source) != room(one.target)
        and room(one.target) not in DIRECTIONS[room(one.source)].split()
        and (one.source.removeprefix(f"{PACKAGE}."), room(one.target)) not in UPWARDS
        and not (for_types and one.source == f"{PACKAGE}.tabs")  # the table of tabs names the class of its views
    ]
    assert not wrong, sentences(wrong)


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = defaultdict(set)
    for one in imports():
        source, target = (name.removeprefix(f"{PACKAGE}.") for name in (one.source, one.target))
        if not one.for_types and (source, room(one.target)) not in UPWARDS and (source, target) not in CIRCULAR:
            graph[one.source].add(one.target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"imports in a circle: {' <- '.join(error.args[1])}")


def test_only_what_is_documented_for_programs_is_re_exported() -> None:
    of_packages = [one for one in imports() if modules()[one.source].name == "__init__.py"]
    wrong = [one for one in of_packages if not one.for_types and one.source not in RE_EXPORTING]
    assert not wrong, sentences(wrong)


def test_there_are_not_too_many_modules() -> None:
    assert sum(path.name != "__init__.py" for path in modules().values()) <= MAX_MODULES


@cache
def classes() -> Mapping[str, Class]:
    """All classes of the package, by module and name."""
    found: dict[str, Class] = {}
    for module in modules():
        names = {
            alias.asname or alias.name: f"{one}.{alias.name}"
            for node in ast.walk(tree(module))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            for one in [origin(module, node)]
        }
        for node in tree(module).body:
            if isinstance(node, ast.ClassDef):
                bases = (names.get(base, f"{module}.{base}") for base in map(_base_name, node.bases))
                methods = [one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
                unanswered = frozenset(one.name for one in methods if _is_unanswered(one))
                found[f"{module}.{node.name}"] = Class(tuple(bases), frozenset(one.name for one in methods), unanswered)
    return {name: one._replace(bases=tuple(base for base in one.bases if base in found)) for name, one in found.items()}


def origin(module: str, node: ast.ImportFrom) -> str:
    """The full name of the module that something is imported from."""
    package = module if modules()[module].name == "__init__.py" else module.rpartition(".")[0]
    above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
    return ".".join([*above, *filter(None, [node.module])])


def _base_name(node: ast.expr) -> str:
    """A base without its type arguments."""
    return ast.unparse(node.value if isinstance(node, ast.Subscript) else node)


def _is_unanswered(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    last = function.body[-1]
    return isinstance(last, ast.Raise) and last.exc is not None and "NotImplementedError" in ast.unparse(last.exc)


def subclasses() -> Mapping[str, list[str]]:
    """The direct subclasses of each class that has any."""
    found = defaultdict(list)
    for name, one in classes().items():
        for base in one.bases:
            found[base].append(name)
    return found


def descendants(name: str) -> set[str]:
    """All subclasses of a class, theirs included."""
    return {one for direct in subclasses().get(name, []) for one in (direct, *descendants(direct))}


@cache
def used_names() -> frozenset[str]:
    """Every name in the package's code but those of bases and imports: of what is made, caught, or a type."""
    used: set[str] = set()
    for module in modules():
        nodes = list(ast.walk(tree(module)))
        bases = [base for node in nodes if isinstance(node, ast.ClassDef) for base in node.bases]
        of_bases = {id(part) for base in bases for part in ast.walk(base)}
        for node in nodes:
            if id(node) not in of_bases and isinstance(node, ast.Name | ast.Attribute):
                used.add(node.id if isinstance(node, ast.Name) else node.attr)
    return frozenset(used)


def test_no_class_is_split_by_inheritance() -> None:
    """A base with one subclass, that is used for nothing else, is one class with it."""
    split = {
        base: only
        for base, (only, *more) in subclasses().items()
        if not more and base.rpartition(".")[2] not in used_names()
    }
    assert not split


def test_what_a_base_leaves_open_is_answered_more_than_once() -> None:
    wrong = {
        f"{name}.{method}"
        for name, one in classes().items()
        for method in one.unanswered
        if sum(method in classes()[other].methods for other in descendants(name)) < 2
    }
    assert not wrong


def test_classes_are_not_deep() -> None:
    def depth(name: str) -> int:
        return 1 + max(map(depth, classes()[name].bases), default=0)

    assert not {name: depth(name) for name in classes() if depth(name) > MAX_DEPTH}
