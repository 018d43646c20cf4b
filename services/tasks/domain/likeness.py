"""Whether an open order may be the same as one that is being prepared, and why."""

from collections.abc import Collection, Mapping

SIMILAR_TITLE = 0.6  # the share of letter triples in common, from 0 to 1
SIMILAR_CONTENT = 0.5
LEAST_SCORE = 0.4
SAME_CLAUSE, SAME_DOCUMENT = 0.95, 0.45
OF_TITLE, OF_CONTENT, OF_UNITS = 0.7, 0.2, 0.1


def likeness(
    candidate: Mapping, *, documents: Collection[str], clause: str | None, unit_count: int
) -> tuple[float, list[dict]]:
    """A score from 0 to 1 and the reasons for it.

    `candidate` says how alike title and content are, which documents and clause it names, and how many of the
    `unit_count` units it is given to. The same clause of the same document is the same order in other words; the same
    document alone has many orders.
    """
    reasons, score = [], 0.0
    title, content = candidate["title_likeness"], candidate["content_likeness"]
    if not set(documents).isdisjoint(candidate["documents"]):
        same_clause = clause is not None and clause == candidate["clause"]
        reasons.append({"reason": "same_clause" if same_clause else "same_document", "value": 1.0})
        score = SAME_CLAUSE if same_clause else SAME_DOCUMENT
    if title >= SIMILAR_TITLE:
        reasons.append({"reason": "similar_title", "value": round(title, 2)})
    if content >= SIMILAR_CONTENT:
        reasons.append({"reason": "similar_content", "value": round(content, 2)})
    shared = candidate["shared_units"]
    if shared:
        reasons.append({"reason": "same_units", "value": float(shared)})
    by_words = OF_TITLE * title + OF_CONTENT * content + OF_UNITS * shared / unit_count
    score = score + (1 - score) * by_words if score else by_words
    return round(min(score, 1.0), 2), reasons


def is_probable(score: float, reasons: Collection[Mapping]) -> bool:
    """Units alone make no two orders the same."""
    return score >= LEAST_SCORE and any(each["reason"] != "same_units" for each in reasons)
