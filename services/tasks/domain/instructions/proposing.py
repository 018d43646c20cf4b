"""From a text to proposals: orders as far as the text says them, every finding with its place, and what is left to a
person to decide. Nothing that the text leaves open is filled in."""

from collections.abc import Sequence
from datetime import datetime

from kernel.working_time import WorkingDays
from tasks.domain.instructions import clauses, documents, products
from tasks.domain.instructions.clauses import INFORM, LEAD, SUPPORT, Instruction
from tasks.domain.instructions.deadlines import Calendar, Deadline, reporting_in
from tasks.domain.instructions.reading import Reading, rule
from tasks.domain.instructions.units import Mention, Vocabulary, mentions_of

MOST_PROPOSALS = 50
LONGEST_TITLE, LONGEST_PRODUCT = 200, 2_000
_BEFORE_WORK = rule(
    r"(?: ?\([^)]{0,40}\))?[ ,:]{0,3}(?:(?:có trách nhiệm|chịu trách nhiệm|chủ trì|làm đầu mối|là đầu mối|khẩn trương"
    r"|phối hợp(?: tổ chức)?|nghiêm túc|phải|tiếp tục|cần)[ ,:]{0,3}){0,4}"
)
_LABEL = rule(r"(?<!\w)(?:nội dung|nhiệm vụ|tên nhiệm vụ) ?: ?")
_TITLE_ENDS = rule(
    r"[.;\n]|, ?(?:báo cáo|trình|gửi|hoàn thành|xong|định kỳ|có kết quả)\b"
    r"|\b(?:trước|chậm nhất|muộn nhất|trong vòng|trong thời hạn|hoàn thành|xong) (?:ngày|trước|trong|\d)"
)


def propose(text: str, vocabulary: Vocabulary, days: WorkingDays, now: datetime) -> dict:
    reading = Reading(text)
    calendar = Calendar(now, days)
    document = clauses.document_of(reading, mentions_of(reading, vocabulary))
    preamble = _Said(reading, calendar, document.preamble)
    for_all = _Said(reading, calendar, document.for_all)
    return {
        "given_on": calendar.today,
        "proposals": [
            _Proposal(reading, vocabulary, calendar, each, preamble, for_all).dump()
            for each in document.instructions[:MOST_PROPOSALS]
        ],
        "more": len(document.instructions) > MOST_PROPOSALS,
    }


class _Said:
    """What parts of the text say, whoever is meant."""

    def __init__(self, reading: Reading, calendar: Calendar, spans: Sequence[tuple[int, int]]):
        def every(finder) -> list:
            return [found for span in spans for found in finder(reading, *span)]

        self.deadlines = every(calendar.deadlines)
        self.reporting = every(reporting_in)
        self.documents = every(documents.documents_in)
        self.clauses = every(documents.clauses_in)
        self.products = every(products.products_in)
        self.source = documents.origin_of(reading, spans)
        self.urgency = next((said for span in spans if (said := products.urgency_in(reading, *span))), None)


class _Proposal:
    """One instruction: what it says itself, then what the preamble or the closing words say for all."""

    def __init__(
        self,
        reading: Reading,
        vocabulary: Vocabulary,
        calendar: Calendar,
        instruction: Instruction,
        preamble: _Said,
        for_all: _Said,
    ):
        self.reading, self.vocabulary, self.instruction = reading, vocabulary, instruction
        own = _Said(reading, calendar, [(instruction.start, instruction.end)])
        self.deadlines = own.deadlines or for_all.deadlines
        self.reporting = own.reporting or for_all.reporting
        self.documents = own.documents or preamble.documents
        self.clauses = own.clauses or preamble.clauses
        self.source = own.source or preamble.source
        self.products = own.products
        self.urgency = own.urgency or preamble.urgency
        self.to_decide: list[dict] = []

    def dump(self) -> dict:
        order = self._order()
        return {
            "place": self._place(self.instruction.start, self.instruction.end),
            "order": order,
            "to_decide": self.to_decide,
            "units": [
                self._finding(mention, role=mention.role, kind=mention.kind, candidates=mention.candidates)
                for mention in self._mentions()
            ],
            "deadlines": [self._finding(each, days=each.days, at=each.at, doubt=each.doubt) for each in self.deadlines],
            "reporting": [self._finding(each, period=each.period) for each in self.reporting],
            "documents": [
                self._finding(
                    each,
                    kind=each.kind,
                    number=self.reading.quote(self.reading.place(each.number_from, each.number_to)),
                    issued_on=each.issued_on,
                )
                for each in self.documents
            ],
            "clauses": [self._finding(each) for each in self.clauses],
            "results": [self._finding(each, kind=each.kind) for each in self.products],
            "source": self._finding(self.source, source=self.source.source) if self.source else None,
            "urgency": self._finding(self.urgency, level=self.urgency.level) if self.urgency else None,
        }

    def _place(self, start: int, end: int) -> dict:
        place = self.reading.place(start, end)
        return {"start": place.start, "end": place.end, "text": self.reading.quote(place)}

    def _finding(self, each, **more) -> dict:
        return {"place": self._place(each.start, each.end)} | more

    def _decide(self, code: str, finding=None) -> None:
        self.to_decide.append({"code": code, "place": self._place(finding.start, finding.end) if finding else None})

    def _mentions(self, role: str | None = None) -> list[Mention]:
        return [each for each in self.instruction.mentions if each.role and role in (None, each.role)]

    # the order, as far as it can be given

    def _order(self) -> dict:
        order = {"title": self._title(), "content": self._place(self.instruction.start, self.instruction.end)["text"]}
        order |= self._units() | self._due()
        wanted = [self._sentence(each.start, each.whole_end) for each in self.products]
        if wanted := "; ".join(dict.fromkeys(filter(None, wanted))):
            order["expected_result"] = wanted[:LONGEST_PRODUCT]
        else:
            self._decide("expected_result_missing")
        if self.urgency:
            order["urgency"] = self.urgency.level
        if self.source:
            order["source"] = self.source.source
        return order

    def _units(self) -> dict:
        named = {LEAD: {}, SUPPORT: {}, INFORM: {}}
        audiences: list[str] = []
        for mention in self._mentions():
            if mention.kind in ("unknown", "indefinite"):
                self._decide("unknown_unit" if mention.kind == "unknown" else "indefinite_units", mention)
            elif len(mention.candidates) > 1:
                self._decide("which_unit", mention)
            else:
                [meant] = mention.candidates
                if not meant.sure:
                    self._decide("unit_unsure", mention)
                if meant.audience and mention.role == LEAD:
                    audiences.append(meant.audience)
                unit_ids = self.vocabulary.audiences[meant.audience].unit_ids if meant.audience else [meant.unit_id]
                named[mention.role] |= dict.fromkeys(unit_ids)
        return self._shares(named, audiences)

    def _shares(self, named: dict[str, dict], audiences: Sequence[str]) -> dict:
        leads = list(named[LEAD])
        mode = "each" if len(self._mentions(LEAD)) > 1 or len(leads) > 1 else "joint"
        others = [(SUPPORT, unit_id) for unit_id in named[SUPPORT]] if mode == "joint" else []
        if mode == "each":
            for mention in self._mentions(SUPPORT):
                self._decide("support_in_each", mention)
        others += [(INFORM, unit_id) for unit_id in named[INFORM]]
        whole = self._whole_audience(leads) if audiences and not others else None
        if whole:
            return {"mode": mode, "audience": whole}
        pieces = {unit_id: role for role, unit_id in reversed([*((LEAD, each) for each in leads), *others])}
        shares = [{"unit_id": unit_id, "role": role} for unit_id, role in reversed(pieces.items())]
        return {"mode": mode, "assignments": shares} if shares else {"mode": mode}

    def _whole_audience(self, leads: Sequence[str]) -> str | None:
        """The audience that these units are, all of them and no other."""
        wanted = set(leads)
        names = ("all-units", "all-commune-level", "all-wards", "all-communes", "all-departments")
        known = (name for name in names if name in self.vocabulary.audiences)
        return next((name for name in known if set(self.vocabulary.audiences[name].unit_ids) == wanted), None)

    def _due(self) -> dict:
        meant = {(each.days, each.at): each for each in self.deadlines}
        for each in self.deadlines:
            if each.doubt:
                self._decide(f"deadline_{each.doubt}", each)
        if not meant:
            self._decide("deadline_missing")
        elif len(meant) > 1:
            self._decide("several_deadlines")
        else:
            [deadline] = meant.values()
            return _when(deadline)
        return {}

    # words

    def _title(self) -> str:
        start, end = self.instruction.head_ends, self.instruction.end
        if labelled := self.reading.first(_LABEL, start, end):
            start = labelled.end()
        elif skipped := self.reading.at(_BEFORE_WORK, start, end):
            start = skipped.end()
        stop = self.reading.first(_TITLE_ENDS, min(start + 10, end), end)
        title = self._sentence(start, stop.start() if stop else end)
        if title.count(" ") < 2:  # "Thực hiện" says too little
            title = self._sentence(self.instruction.start, end)
        return title if len(title) <= LONGEST_TITLE else title[:LONGEST_TITLE].rsplit(" ", 1)[0]

    def _sentence(self, start: int, end: int) -> str:
        text = " ".join(self._place(start, end)["text"].split()).strip(" ,;:.-")
        return text[:1].upper() + text[1:]


def _when(deadline: Deadline) -> dict:
    if deadline.doubt or len(deadline.days) != 1:
        return {}
    return {"due_at": deadline.at} if deadline.at else {"due_on": deadline.days[0]}
