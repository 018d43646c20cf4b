"""A flame picture as a plain SVG: no script, nothing but rectangles and words."""

from collections import Counter
from collections.abc import Callable
from html import escape

WIDTH, LINE, LEAST = 1400, 16, 1.5  # pixels; what is narrower than LEAST is left out
LETTER = 5.9  # pixels
COLOURS = {
    "ours": "#f2a65a", "marshmallow": "#e4572e", "sqlalchemy": "#76b041", "psycopg": "#2e86ab", "amqp": "#a23b72",
    "kombu": "#a23b72", "eventlet": "#b8b8b8", "orjson": "#ffd166", "structlog": "#c9ada7", "joserfc": "#9a8c98",
    "nameko": "#8ecae6",
}  # fmt: skip
OTHER = "#e0ddd5"


class Node:
    def __init__(self):
        self.value = 0.0
        self.children: dict[str, Node] = {}


def flame(stacks: Counter[tuple[str, ...]], title: str, layer: Callable[[str], str]) -> str:
    """Width is time; what is called lies below its caller."""
    root = Node()
    for stack, value in stacks.items():
        node = root
        node.value += value
        for frame in stack:
            node = node.children.setdefault(frame, Node())
            node.value += value
    boxes: list[str] = []
    deepest = _draw(root, 0.0, 2, WIDTH / root.value, layer, boxes)
    legend = "".join(
        f'<rect x="{place * 105}" y="18" width="10" height="10" fill="{colour}"/>'
        f'<text x="{place * 105 + 14}" y="27">{name}</text>'
        for place, (name, colour) in enumerate((name, colour) for name, colour in COLOURS.items() if name != "kombu")
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {(deepest + 1) * LINE}" '
        f'font-family="Verdana, sans-serif" font-size="10">\n<rect width="100%" height="100%" fill="#fffdf8"/>\n'
        f'<text x="0" y="11" font-size="12">{escape(title)} (in all {root.value:.0f} ms)</text>\n{legend}\n'
        + "\n".join(boxes)
        + "\n</svg>\n"
    )


def _draw(node: Node, left: float, depth: int, scale: float, layer: Callable, boxes: list[str]) -> int:
    deepest = depth
    for frame, child in sorted(node.children.items(), key=lambda item: -item[1].value):
        width = child.value * scale
        if width >= LEAST:
            boxes.append(_box(frame, child.value, left, depth, width, COLOURS.get(layer(frame), OTHER)))
            deepest = max(deepest, _draw(child, left, depth + 1, scale, layer, boxes))
        left += width
    return deepest


def _box(frame: str, value: float, left: float, depth: int, width: float, colour: str) -> str:
    name = frame.partition(" ")[0]
    fits = int((width - 4) / LETTER)
    shown = name if len(name) <= fits else name[: fits - 1] + "…" if fits > 4 else ""
    words = f'<text x="{left + 2:.0f}" y="{depth * LINE + 11}">{escape(shown)}</text>' if shown else ""
    return (
        f'<g><title>{escape(frame)}: {value:.1f} ms</title><rect x="{left:.1f}" y="{depth * LINE}" '
        f'width="{width:.1f}" height="{LINE - 1}" fill="{colour}"/>{words}</g>'
    )
