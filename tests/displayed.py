"""Notes what every expression of a template displays, while pages are rendered.

An expression is what stands in `{{ … }}`; those of macros are noted where they stand,
not where the macro is called.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from flask import Flask
from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import escape

NOTED = "noted_by_tests"
COUNTING = frozenset({"ago", "counted", "times"})
"""Filters that say numbers and moments."""
FIXED = frozenset({"csrf_token", "path", "url_for"})
"""With nothing but constants they lead to one place, or show a token of ours."""


class Expression(NamedTuple):
    """An expression, and where it stands."""

    template: str
    line: int
    text: str


Note = Callable[[Expression, object, str], None]
"""Takes an expression, its value, and the HTML that this becomes."""


def expressions(environment: Environment, template: str) -> list[Expression]:
    """The expressions of a template that may display data, in their order."""
    tree = environment.parse(_source(environment, template))
    macros = {macro.name for macro in tree.find_all(nodes.Macro)}
    for imported in tree.find_all(nodes.FromImport):
        macros |= {
            name if isinstance(name, str) else name[1] for name in imported.names
        }
    return [
        expression
        for node, expression in _found(environment, template, tree)
        if not _is_of_ours(node, macros)
    ]


def watch(app: Flask, note: Note) -> None:
    """Have an app's templates, from now on, note what each expression displays."""

    def noted(value: object, *place: str | int) -> object:
        template, line, text = place
        expression = Expression(str(template), int(line), str(text))
        note(expression, value, str(escape(value)))
        return value

    environment = app.jinja_env
    environment.globals[NOTED] = noted
    environment.code_generator_class = Noting
    if environment.cache is not None:
        environment.cache.clear()


class Noting(CodeGenerator):
    """Compiles templates so that each value passes by `noted` before it is escaped."""

    _expressions: dict[int, Expression]

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
        """Compile a whole template."""
        found = _found(self.environment, self.name or "", node)
        self._expressions = {id(child): expression for child, expression in found}
        super().visit_Template(node, frame)

    # Private in Jinja, whose version is pinned: should they go, no expression is noted.

    def _output_child_pre(
        self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        super()._output_child_pre(node, frame, finalize)
        self.write(f"environment.globals[{NOTED!r}](")

    def _output_child_post(
        self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        self.write(f", *{tuple(self._expressions[id(node)])!r})")
        super()._output_child_post(node, frame, finalize)


def _found(
    environment: Environment, template: str, tree: nodes.Template
) -> Iterator[tuple[nodes.Node, Expression]]:
    """The tree has no source, and the tokens no tree: they meet by their order."""
    source = _source(environment, template)
    children = [
        child
        for output in tree.find_all(nodes.Output)
        for child in output.nodes
        if not isinstance(child, nodes.TemplateData)
    ]
    for child, (line, text) in zip(children, _spelt(environment, source), strict=True):
        yield child, Expression(template, line, text)


def _is_of_ours(node: nodes.Node | None, macros: Collection[str]) -> bool:
    """Whether an expression can show only words of templates, addresses and numbers."""
    match node:
        case None | nodes.Const():
            return True
        case nodes.CondExpr():  # What is not displayed tells no secrets.
            return all(_is_of_ours(e, macros) for e in (node.expr1, node.expr2))
        case nodes.Add() | nodes.Sub() | nodes.Mul():
            return True  # `+` of texts is nowhere: templates join by `~`.
        case nodes.Mod(left=nodes.Const()) | nodes.Filter(name="length"):
            return True
        case nodes.Filter():
            return node.name in COUNTING
        case nodes.Call(node=nodes.Getattr(node=nodes.Const(value="{:,}"))):
            return True  # a format that takes numbers only
        case nodes.Call(node=nodes.Name(name=name)):
            given = [*node.args, *(one.value for one in node.kwargs)]
            is_fixed = all(isinstance(one, nodes.Const) for one in given)
            return name in macros or name in COUNTING or (name in FIXED and is_fixed)
        case nodes.Getattr(node=nodes.Name(name="loop")):
            return True
    return False


def _spelt(environment: Environment, source: str) -> Iterator[tuple[int, str]]:
    parts: list[str] | None = None
    for line, kind, text in environment.lex(source):
        if kind == "variable_begin":
            parts = []
        elif kind == "variable_end" and parts is not None:
            yield line, "".join(parts).strip()
            parts = None
        elif parts is not None:
            parts.append(text)


def _source(environment: Environment, template: str) -> str:
    assert environment.loader
    return environment.loader.get_source(environment, template)[0]
