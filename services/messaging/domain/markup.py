"""A text as a tree of a few kinds of nodes, which clients show as they can. Nothing in it is code of any kind.

    **bold**  _italic_  `code`  https://links  /tasks/<id>  > quotes  - lists  1. lists  ``` blocks of code

What is none of that is text, as it was typed: nothing is refused. A link shows where it leads, so there are none under
other words. Every text is read once from its beginning to its end, however it is made.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

DEEPEST = 3  # quotes within quotes
MOST_PARTS = 1_000  # lines, marks and nodes; of a text that has more nothing is marked up
MOST_LINKS = 10
LINKED = {"tasks": "task", "assignments": "assignment", "people": "person"}

_ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_INLINE = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|(?P<link>https://[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?(?:[/?#][!#-;=?-\[\]_a-z~]*)?)"
    rf"|(?<![\w/.])(?P<own>(?:/api/v1)?/(?P<what>{'|'.join(LINKED)})/(?P<id>{_ID}))(?![\w-])"
    r"|(?P<bold>(?<!\*)\*\*(?!\*))"
    r"|(?P<italic>(?<!_)_(?!_))"
)
_MARKED = re.compile(rf"[`_*]|https://|/(?:{'|'.join(LINKED)})/|^[ \t]*(?:>|[-•] |[0-9]{{1,3}}[.)] )", re.MULTILINE)
_ITEM = re.compile(r"[ \t]*(?:(?P<bullet>[-*•])|(?P<number>[0-9]{1,3})[.)])[ \t]+(?=\S)")
_QUOTE = re.compile(r"[ \t]*> ?")
_FENCE = re.compile(r"[ \t]*```")
_ENDINGS = frozenset(".,;:!?'*_-)")

Node = dict
Line = tuple[int, int]  # where it begins and ends


class _TooMany(Exception):
    pass


class _Reader:
    def __init__(self, text: str, mentions: Sequence[Mapping]):
        self._text = text
        self._mentions = sorted(mentions, key=lambda mention: mention["offset"])
        self._parts = 0

    def _count(self, parts: int = 1) -> None:
        self._parts += parts
        if self._parts > MOST_PARTS:
            raise _TooMany

    def node(self, kind: str, **content) -> Node:
        self._count()
        return {"kind": kind, **content}

    # blocks

    def blocks(self, lines: list[Line], depth: int = 0) -> Iterator[Node]:
        self._count(len(lines))
        at = 0
        while at < len(lines):
            if not self._text[slice(*lines[at])].strip():
                at += 1
                continue
            kind = self._kind(lines[at], depth)
            end = at + 1
            if kind == "code_block":
                while end < len(lines) and self._kind(lines[end], depth) != "code_block":
                    end += 1
                yield self.node(kind, text="\n".join(self._text[slice(*line)] for line in lines[at + 1 : end]))
                end += 1
            else:
                while end < len(lines) and self._kind(lines[end], depth) == kind:
                    end += 1
                yield self._block(kind, lines[at:end], depth)
            at = end

    def _kind(self, line: Line, depth: int) -> str:
        if _FENCE.match(self._text, *line):
            return "code_block"
        if depth < DEEPEST and _QUOTE.match(self._text, *line):
            return "quote"
        if item := _ITEM.match(self._text, *line):
            return "bullets" if item["bullet"] else "numbers"
        return "paragraph" if self._text[slice(*line)].strip() else "blank"

    def _block(self, kind: str, lines: list[Line], depth: int) -> Node:
        if kind == "quote":
            inside = [(_QUOTE.match(self._text, *line).end(), line[1]) for line in lines]
            return self.node(kind, children=list(self.blocks(inside, depth + 1)))
        if kind == "paragraph":
            return self.node(kind, children=self._inline(lines))
        items = [self._inline([(_ITEM.match(self._text, *line).end(), line[1])]) for line in lines]
        first = _ITEM.match(self._text, *lines[0])["number"]
        return self.node("list", ordered=kind == "numbers", start=int(first) if first else None, items=items)

    # within lines

    def _inline(self, lines: list[Line]) -> list[Node]:
        found: list[Node] = []
        for line in lines:
            if found:
                self._add(found, "\n")
            for node in self._line(*line):
                self._add(found, node["text"]) if node["kind"] == "text" else found.append(node)
        return found

    def _add(self, nodes: list[Node], text: str) -> None:
        if not text:
            return
        if nodes and nodes[-1]["kind"] == "text":
            nodes[-1]["text"] += text
        else:
            nodes.append(self.node("text", text=text))

    def _line(self, start: int, end: int) -> list[Node]:
        """Marks open and close within their line; one that nothing closes is text. Neither kind stands within itself,
        so that no more than two are open.
        """
        opened: list[tuple[str, str, list[Node]]] = [("", "", [])]

        def close(above: int) -> None:
            while len(opened) > above:
                _, mark, inside = opened.pop()
                self._add(opened[-1][2], mark)
                for node in inside:
                    self._add(opened[-1][2], node["text"]) if node["kind"] == "text" else opened[-1][2].append(node)

        for token in self._tokens(start, end):
            kind = token["kind"]
            if kind == "text":
                self._add(opened[-1][2], token["text"])
            elif kind not in ("bold", "italic"):
                opened[-1][2].append(token)
            else:
                place = next((n for n, (name, _, _) in enumerate(opened) if name == kind), None)
                if place is not None and token["closes"]:
                    close(place + 1)
                    _, mark, inside = opened.pop()
                    if inside:
                        opened[-1][2].append(self.node(kind, children=inside))
                    else:
                        self._add(opened[-1][2], mark * 2)
                elif place is None and token["opens"]:
                    opened.append((kind, token["mark"], []))
                else:
                    self._add(opened[-1][2], token["mark"])
        close(1)
        return opened[0][2]

    def _tokens(self, start: int, end: int) -> Iterator[Node]:
        at = start
        for mention in self._mentions:
            begins, ends = mention["offset"], mention["offset"] + mention["length"]
            if begins < at or ends > end:
                continue
            yield from self._marks(at, begins)
            named = {name: mention[name] for name in ("kind", "id")}
            yield self.node("mention", mention=named, text=self._text[begins:ends])
            at = ends
        yield from self._marks(at, end)

    def _marks(self, start: int, end: int) -> Iterator[Node]:
        at = start
        for found in _INLINE.finditer(self._text, start, end):
            stop = found.end()
            kind = found.lastgroup if found.lastgroup != "id" else "own"
            if kind in ("bold", "italic"):
                token = self._mark(kind, found.start(), stop)
            elif kind == "code":
                token = self.node("code", text=found["code"])
            elif kind == "own":
                to = {"kind": LINKED[found["what"]], "id": found["id"]}
                token = self.node("link", href=found["own"], to=to)
            else:
                href = _address(found["link"])
                stop = found.start() + len(href)
                token = self.node("link", href=href, to=None)
            yield {"kind": "text", "text": self._text[at : found.start()]}
            yield token
            at = stop
        yield {"kind": "text", "text": self._text[at:end]}

    def _mark(self, kind: str, start: int, end: int) -> Node:
        """Marks hug what they mark, and stand at the ends of words: a_file_name is none."""
        self._count()
        before, after = self._text[start - 1 : start], self._text[end : end + 1]
        return {
            "kind": kind,
            "mark": self._text[start:end],
            "opens": bool(after.strip()) and not before.isalnum(),
            "closes": bool(before.strip()) and not after.isalnum(),
        }


def _address(found: str) -> str:
    """Without what ends the sentence that it stands in, or the brackets."""
    unopened = found.count(")") - found.count("(")
    end = len(found)
    while found[end - 1] in _ENDINGS and (found[end - 1] != ")" or unopened > 0):
        unopened -= found[end - 1] == ")"
        end -= 1
    return found[:end]


def tree(text: str, mentions: Sequence[Mapping] = ()) -> list[Node] | None:
    """None of a text in which nothing is marked up: it is shown as it is."""
    if not mentions and not _MARKED.search(text):
        return None
    lines, at = [], 0
    for line in text.split("\n"):
        lines.append((at, at + len(line)))
        at += len(line) + 1
    try:
        found = list(_Reader(text, mentions).blocks(lines))
    except _TooMany:
        return None
    return None if all(_is_plain(node) for node in found) else found


def _is_plain(node: Node) -> bool:
    return node["kind"] == "paragraph" and all(child["kind"] == "text" for child in node["children"])


def links(nodes: Iterable[Node] | None) -> list[dict]:
    """What of ours a tree leads to, each once."""
    found: dict[tuple[str, str], dict] = {}
    for node in _every(nodes or ()):
        if node["kind"] == "link" and node["to"]:
            found.setdefault(tuple(node["to"].values()), node["to"])
    return list(found.values())[:MOST_LINKS]


def _every(nodes: Iterable[Node]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from _every(node.get("children", ()))
        for item in node.get("items", ()):
            yield from _every(item)
