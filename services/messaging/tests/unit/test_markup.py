"""What a text looks like: a tree of a few kinds of nodes, whatever is typed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.domain.markup import DEEPEST, MOST_LINKS, MOST_PARTS, links, tree

ID = "01990000-0000-7000-8000-00000000000a"
BLOCKS = {"paragraph", "quote", "list", "code_block"}
INLINE = {"text", "bold", "italic", "code", "link", "mention"}


def paragraph(*children) -> list[dict]:
    return [{"kind": "paragraph", "children": list(children)}]


def text(said: str) -> dict:
    return {"kind": "text", "text": said}


def link(href: str, to: dict | None = None) -> dict:
    return {"kind": "link", "href": href, "to": to}


@pytest.mark.parametrize(
    ("said", "children"),
    [
        ("**đậm** rồi _nghiêng_", [{"kind": "bold", "children": [text("đậm")]}, text(" rồi "),
                                    {"kind": "italic", "children": [text("nghiêng")]}]),
        ("**cả _hai_**", [{"kind": "bold", "children": [text("cả "), {"kind": "italic", "children": [text("hai")]}]}]),
        ("**cả _hai** ba_", [{"kind": "bold", "children": [text("cả _hai")]}, text(" ba_")]),
        ("mã `a **b**`", [text("mã "), {"kind": "code", "text": "a **b**"}]),
        ("xem https://tphcm.gov.vn/a_(b)?q=1.", [text("xem "), link("https://tphcm.gov.vn/a_(b)?q=1"), text(".")]),
        ("(https://tphcm.gov.vn/a)", [text("("), link("https://tphcm.gov.vn/a"), text(")")]),
        ("https://ngan-hang.vn@ke-gian.vn", [link("https://ngan-hang.vn"), text("@ke-gian.vn")]),
        (f"/tasks/{ID}.", [link(f"/tasks/{ID}", {"kind": "task", "id": ID}), text(".")]),
        (f"/api/v1/people/{ID}", [link(f"/api/v1/people/{ID}", {"kind": "person", "id": ID})]),
    ],
)  # fmt: skip
def test_what_is_marked_is_a_node(said, children):
    assert tree(said) == paragraph(*children)


@pytest.mark.parametrize(
    "said",
    [
        "Đề nghị báo cáo.", "một\nhai\n\nba", "ten_tap_tin_1.docx", "2 ** 3 ** 4", "****", "____", "**", "chưa **đóng",
        "http://khong-ma-hoa.vn", "javascript:alert(1)", "<b>x</b><script>alert(1)</script>", "&lt;b&gt;", "",
        "[bấm vào đây](javascript:alert(1))", "data:text/html,<script>", f"x/tasks/{ID}", f"/tasks/{ID}0", "https://",
        "/tasks/123", "1.000 đồng", "-5 độ", "> " * 2 + "\u0000",
    ],
)  # fmt: skip
def test_what_is_not_marked_is_shown_as_it_is(said):
    found = tree(said)
    assert found is None or said.startswith(">")


def test_lines_make_lists_quotes_and_blocks_of_code():
    deep = {"kind": "quote", "children": paragraph(text("sâu"))}
    said = "Gồm:\n- một\n* **hai**\n3. ba\n> trích\n>> sâu\n```sql\n- _không_\n```\nhết"

    assert tree(said) == [
        *paragraph(text("Gồm:")),
        {"kind": "list", "ordered": False, "start": None,
         "items": [[text("một")], [{"kind": "bold", "children": [text("hai")]}]]},
        {"kind": "list", "ordered": True, "start": 3, "items": [[text("ba")]]},
        {"kind": "quote", "children": [*paragraph(text("trích")), deep]},
        {"kind": "code_block", "text": "- _không_"},
        *paragraph(text("hết")),
    ]  # fmt: skip


def test_a_mention_is_a_node_of_its_own_and_nothing_in_it_is_marked_up():
    said = "**Chào @_An_** nhé"
    mention = {"kind": "person", "id": ID, "offset": 7, "length": 5}

    named = {"kind": "mention", "mention": {"kind": "person", "id": ID}, "text": "@_An_"}
    assert tree(said, [mention]) == paragraph({"kind": "bold", "children": [text("Chào "), named]}, text(" nhé"))


def test_each_of_ours_is_linked_to_once_and_not_too_many():
    ids = [f"01990000-0000-7000-8000-{n:012x}" for n in range(MOST_LINKS + 5)]
    said = f"> /tasks/{ids[0]} /tasks/{ids[0]}\n- " + " ".join(f"/assignments/{id_}" for id_ in ids)

    found = links(tree(said))
    assert found[0] == {"kind": "task", "id": ids[0]}
    assert len(found) == MOST_LINKS and found[1:] == [
        {"kind": "assignment", "id": id_} for id_ in ids[: MOST_LINKS - 1]
    ]
    assert links(None) == []


@pytest.mark.parametrize(
    "said",
    ["**a" * 6000, "_ " * 9000, "> " * 9000, "- a\n" * 5000, "```\n" * 5000, "https://a.vn " * 1500, "\n_" * 9000],
)
def test_of_what_has_too_many_parts_nothing_is_marked_up(said):
    found = tree(said)
    assert found is None or sum(1 for _ in nodes(found)) <= MOST_PARTS


def nodes(blocks, depth=0):
    for node in blocks:
        yield node, depth
        yield from nodes(node.get("children", ()), depth + 1)
        for item in node.get("items", ()):
            yield from nodes(item, depth + 1)


PIECES = st.sampled_from(
    ["**", "_", "`", "```", "\n", "> ", ">", "- ", "1. ", " ", "a", "đ", "https://a.vn/", f"/tasks/{ID}", ")", "(", "*",
     "<script>", "\u202e", "\u200d", "👩", "שלום", "\t"]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=60).map("".join))


@given(TEXTS, st.data())
def test_whatever_is_typed_becomes_a_tree_that_loses_no_letter(said, data):
    mentions = []
    if said:
        start = data.draw(st.integers(0, len(said) - 1))
        length = data.draw(st.integers(1, len(said) - start))
        if "\n" not in said[start : start + length]:
            mentions = [{"kind": "post", "id": ID, "offset": start, "length": length}]
    found = tree(said, mentions)
    if found is None:
        return
    shown = []
    for node, depth in nodes(found):
        assert node["kind"] in BLOCKS | INLINE
        assert depth <= DEEPEST + 4
        if node["kind"] == "link":
            assert re.match(r"https://[A-Za-z0-9]|(/api/v1)?/(tasks|assignments|people)/[0-9a-f-]{36}\Z", node["href"])
        shown.append(node.get("text") or node.get("href") or "")
    letters = [letter for letter in said if letter.isalpha() and letter.isascii()]
    kept = [letter for letter in "".join(shown) if letter.isalpha() and letter.isascii()]
    assert kept == letters or "```" in said  # what stands behind a fence names a language


def test_plain_text_has_no_tree():
    assert tree("Đề nghị đơn vị báo cáo tiến độ nhiệm vụ trước 17 giờ hôm nay.") is None
