"""Which project waits for which: a graph in layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pmo_optimizer.model import Plan, Portfolio, State
from pmo_optimizer.report.charts.chart import Chart, Table
from pmo_optimizer.report.charts.theme import (
    BLUE,
    GREY,
    PINK,
    RED,
    Spec,
    counted,
    figure,
    layer,
    scale,
    told,
)
from pmo_optimizer.report.words import title_of

if TYPE_CHECKING:
    import networkx

MOST_NODES = 90
"""Projects that are drawn; of more, those with most relations."""

DEEPEST, STEP = 28, 6
"""Projects in one layer that stay readable, and how many fewer are tried next."""

ARROW = 0.62
"""Where on a line its arrow head is; at the end, many would lie on each other."""

MARGIN, BULGE = 0.25, 0.07
"""Room beside the outer layers, and for lines within a layer, in layers."""

SWEEPS = 8
"""How often each layer is put in order by its neighbours."""

KINDS = ("selected", "not selected", "done", "candidate")
COLOURS = (BLUE, RED, GREY, BLUE)
SHAPES = ("circle", "square", "diamond", "circle")

RELATIONS = ("link", "requires", "excludes", "all or none")
DASHES: tuple[list[int], ...] = ([1, 0], [6, 3], [2, 3], [8, 2, 2, 2])
TONES = (GREY, BLUE, RED, PINK)


@dataclass(frozen=True, slots=True)
class Edge:
    """A relation between two projects; ``words`` say which."""

    source: str
    target: str
    kind: str
    words: str

    @property
    def directed(self) -> bool:
        """Whether the target waits for the source, or needs it."""
        return self.kind in RELATIONS[:2]


def dependencies(portfolio: Portfolio, plan: Plan | None = None) -> Chart:
    """Return the graph of links, requirements and groups, predecessors to the left.

    Parameters
    ----------
    portfolio
        Projects without any relation are left out.
    plan
        Says which projects are selected.
    """
    edges = list(dict.fromkeys(_edges(portfolio)))
    chosen = {} if plan is None else {p.project: p.selected for p in plan.projects}
    degree: dict[str, int] = {}
    for edge in edges:
        for end in (edge.source, edge.target):
            degree[end] = degree.get(end, 0) + 1
    ranked = sorted(degree, key=lambda name: (-degree[name], name))
    drawn, places = _fitting(ranked, edges)
    kept = places.keys()
    note = ""
    if len(kept) < len(degree):
        note = f"The chart has the {len(kept)} of {len(degree):,} projects with most relations."
    depth = 1 + round(max((x for x, _ in places.values()), default=0))
    summary = _summary(edges, degree, depth, chosen)
    height = round(34 * max(4, 1 + max((y for _, y in places.values()), default=0)))
    spec = figure(summary, _layers(portfolio, places, drawn, chosen), height)
    rows = tuple(
        (title_of(portfolio, e.source), title_of(portfolio, e.target), e.kind, e.words)
        for e in edges
    )
    table = Table(("from", "to", "relation", "meaning"), rows)
    return Chart("dependencies", "Dependencies", spec, table, summary, note)


def _edges(portfolio: Portfolio) -> Iterator[Edge]:
    known = portfolio.project_by_id
    for link in portfolio.links:
        for source in portfolio.members(link.source.partition("/")[0]):
            for target in portfolio.members(link.target.partition("/")[0]):
                if source in known and target in known and source != target:
                    lag = f", lag {link.min_lag}" if link.min_lag else ""
                    yield Edge(
                        source, target, "link", f"{link.type.value}{lag}: {target} after {source}"
                    )
    for need in portfolio.requires:
        for reference in need.needs:
            members = portfolio.members(reference)
            for source in members:
                if source in known and need.project in known:
                    one = f"one of {reference}" if len(members) > 1 else source
                    yield Edge(source, need.project, "requires", f"{need.project} needs {one}")
    groups = [(RELATIONS[2], group.projects) for group in portfolio.excludes]
    groups += [(RELATIONS[2], group.projects) for group in portfolio.choose if group.max == 1]
    groups += [(RELATIONS[3], group.projects) for group in portfolio.all_or_none]
    for kind, projects in groups:
        inside = sorted(project for project in projects if project in known)
        words = "at most one" if kind == RELATIONS[2] else "all or none"
        words = f"{words} of {', '.join(inside)}"
        for left, right in pairwise(inside):
            yield Edge(left, right, kind, words)


def _summary(
    edges: Sequence[Edge], degree: dict[str, int], depth: int, chosen: dict[str, bool]
) -> str:
    if not edges:
        return "No project depends on another one."
    top = max(sorted(degree), key=lambda name: degree[name])
    text = (
        f"{counted(len(degree), 'project')} with {counted(len(edges), 'relation')} in "
        f"{counted(depth, 'layer')}; {top} has most, {degree[top]}"
    )
    waiting = [
        e
        for e in edges
        if e.directed and chosen.get(e.target) is False and chosen.get(e.source) is False
    ]
    if chosen and waiting:
        names = {edge.target for edge in waiting}
        text += f"; {len(names):,} that are not selected wait for others that are not"
    return text + "."


def _fitting(
    ranked: Sequence[str], edges: Sequence[Edge]
) -> tuple[list[Edge], dict[str, tuple[float, float]]]:
    """Return what is drawn, and where: the first projects, as many as the layers have room for."""
    number = min(len(ranked), MOST_NODES)
    while True:
        kept = set(ranked[:number])
        drawn = [edge for edge in edges if edge.source in kept and edge.target in kept]
        joined = {end for edge in drawn for end in (edge.source, edge.target)}
        places = _layout(joined, drawn)
        if number <= DEEPEST or max((y for _, y in places.values()), default=0) <= DEEPEST:
            return drawn, places
        number -= STEP


def _layout(nodes: set[str], edges: Sequence[Edge]) -> dict[str, tuple[float, float]]:
    """Return layer (0-based, from the left) and place in it of each project.

    Layers are the generations of the graph of links and requirements; what closes a circle
    counts as one. In a layer, projects come in the order of the mean place of their neighbours.
    """
    import networkx as nx

    graph: networkx.DiGraph = nx.DiGraph()
    graph.add_nodes_from(sorted(nodes))
    graph.add_edges_from((e.source, e.target) for e in edges if e.directed)
    whole = nx.condensation(graph)
    layers: list[list[str]] = [
        sorted(name for part in generation for name in whole.nodes[part]["members"])
        for generation in nx.topological_generations(whole)
    ]
    near: dict[str, list[str]] = {name: [] for name in nodes}
    for edge in edges:
        near[edge.source].append(edge.target)
        near[edge.target].append(edge.source)
    place = {name: float(i) for names in layers for i, name in enumerate(names)}
    for _ in range(SWEEPS):
        for names in layers:
            mean = {
                name: sum(place[n] for n in near[name]) / len(near[name])
                if near[name]
                else place[name]
                for name in names
            }
            names.sort(key=lambda name: (mean[name], name))
            place |= {name: float(i) for i, name in enumerate(names)}
    deepest = max((len(names) for names in layers), default=0)
    return {
        name: (float(x), (i + 0.5) * deepest / len(names))
        for x, names in enumerate(layers)
        for i, name in enumerate(names)
    }


def _kind(portfolio: Portfolio, project: str, chosen: dict[str, bool]) -> str:
    if portfolio.project_by_id[project].state is State.DONE:
        return "done"
    if project not in chosen:
        return "candidate"
    return "selected" if chosen[project] else "not selected"


def _layers(
    portfolio: Portfolio,
    places: dict[str, tuple[float, float]],
    edges: Sequence[Edge],
    chosen: dict[str, bool],
) -> list[Spec]:
    nodes = [
        {
            "x": x,
            "y": y,
            "id": name,
            "kind": (kind := _kind(portfolio, name, chosen)),
            "words": f"{title_of(portfolio, name)}, {kind}",
        }
        for name, (x, y) in places.items()
    ]
    lines: list[dict[str, Any]] = []
    heads: list[dict[str, Any]] = []
    for number, edge in enumerate(edges):
        a, b = places[edge.source], places[edge.target]
        row = {"edge": number, "relation": edge.kind}
        for order, (x, y) in enumerate(_path(a, b)):
            lines.append({**row, "x": x, "y": y, "order": order})
        if edge.directed and a[0] != b[0]:
            x, y = (p + ARROW * (q - p) for p, q in zip(a, b, strict=True))
            words = f"{edge.kind}: {edge.words}"
            heads.append({"x": x, "y": y, "relation": edge.kind, "words": words})
    wide = max((x for x, _ in places.values()), default=0.0)
    deep = max((y for _, y in places.values()), default=0.0)
    none = {"axis": None, "type": "quantitative"}
    at_xy = {
        "x": {**none, "field": "x", "scale": {"domain": [-MARGIN, wide + MARGIN], "nice": False}},
        "y": {
            **none,
            "field": "y",
            "scale": {"domain": [deep + 0.6, 0], "nice": False, "zero": False},
        },
    }
    used = [i for i, name in enumerate(RELATIONS) if any(e.kind == name for e in edges)]
    relations = [RELATIONS[i] for i in used]
    tone = {
        "field": "relation",
        "type": "nominal",
        "scale": scale(relations, [TONES[i] for i in used]),
        "legend": {"title": "relation", "symbolType": "stroke"},
    }
    dash = {**tone, "scale": scale(relations, [DASHES[i] for i in used])}
    kinds = [kind for kind in KINDS if any(node["kind"] == kind for node in nodes)]
    look = [KINDS.index(kind) for kind in kinds]
    fill = {
        "field": "kind",
        "type": "nominal",
        "scale": scale(kinds, [COLOURS[i] for i in look]),
        "legend": {"title": "project"},
    }
    shape = {**fill, "scale": scale(kinds, [SHAPES[i] for i in look])}
    return [
        layer(
            {"type": "line", "strokeWidth": 1.8, "aria": False},
            {
                **at_xy,
                "stroke": tone,
                "strokeDash": dash,
                "detail": {"field": "edge", "type": "nominal"},
                "order": {"field": "order", "type": "quantitative"},
            },
            lines,
        ),
        layer(
            {"type": "point", "shape": "triangle-right", "size": 40, "filled": True, "opacity": 1},
            told({**at_xy, "stroke": tone}),
            heads,
        ),
        layer(
            {"type": "point", "size": 130, "filled": True, "opacity": 1},
            told({**at_xy, "fill": fill, "shape": shape}),
            nodes,
        ),
        *_names(nodes, wide, at_xy),
    ]


def _names(nodes: Sequence[dict[str, Any]], wide: float, at: Spec) -> list[Spec]:
    """Return the ids where no line runs: outside of the outer layers, above the others."""
    sides: list[tuple[Spec, list[dict[str, Any]]]] = [
        ({"align": "right", "dx": -11, "baseline": "middle"}, [n for n in nodes if n["x"] == 0]),
        (
            {"align": "left", "dx": 11, "baseline": "middle"},
            [n for n in nodes if 0 < n["x"] == wide],
        ),
        ({"align": "center", "dy": -12}, [n for n in nodes if 0 < n["x"] < wide]),
    ]
    text = {**at, "text": {"field": "id", "type": "nominal"}}
    out = []
    for mark, those in sides:
        inside = [{k: node[k] for k in ("x", "y", "id")} for node in those]
        if inside:
            out.append(
                layer({"type": "text", "fontWeight": 600, "aria": False, **mark}, text, inside)
            )
    return out


def _path(a: tuple[float, float], b: tuple[float, float]) -> list[tuple[float, float]]:
    """Return the corners of a line; within a layer it keeps away from what is between."""
    if a[0] != b[0]:
        return [a, b]
    bulge = a[0] + BULGE
    return [a, (bulge, a[1] + 0.25 * (b[1] - a[1])), (bulge, a[1] + 0.75 * (b[1] - a[1])), b]
