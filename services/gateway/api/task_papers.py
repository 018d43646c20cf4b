"""Tasks taken out: as lines of a file, and as reports in the layout of the State's papers."""

from eventlet import tpool

from chassis import clock
from chassis.contract import schema
from chassis.later import Later
from contracts import tasks
from gateway import exporting, schemas
from gateway.routes import route
from kernel.directory_copy import head_posts, resolve_actor
from kernel.working_time import today

period_report = Later("gateway.papers.period_report")
exception_board = Later("gateway.papers.exception_board")
PDF = "application/pdf"
MOST_LINES = 20_000  # of a file
MOST_RED, ROWS_AT_ONCE = 500, 200  # on a paper


class TaskPapersRoutes:
    @route("GET", "/task-exports", tag="tasks", limit="export", query=schemas.TaskExportQuery,
           media_type=", ".join(exporting.TYPE_OF.values()), refusals=("too_many_to_export",))  # fmt: skip
    def export_tasks(self, call):
        """The tasks that one sees, chosen as in the lists or by what became of them in a period, as a file that an
        import reads back without a difference.
        """
        wanted = {name: value for name, value in call.query.items() if name != "format"}
        request = schemas.TaskExportQuery(exclude=("format",)).dump(wanted)
        return exporting.answer(tasks.export_tasks, request, call, "nhiem-vu", call.query["format"], MOST_LINES)

    @route("GET", "/task-reports/period", tag="tasks", query=tasks.PeriodReportQuery, answer=tasks.PeriodReport,
           refusals=("not_authorised", "not_found"))  # fmt: skip
    def get_period_report(self, call):
        """The work of the city, or of a unit, in a period: what there was to do, and what became of it."""
        return _report(call)

    @route("GET", "/task-reports/period.pdf", tag="tasks", limit="export", query=tasks.PeriodReportQuery,
           media_type=PDF, refusals=("not_authorised", "not_found"))  # fmt: skip
    def print_period_report(self, call):
        """The same as a paper to be numbered and signed (Nghị định 30/2020/NĐ-CP)."""
        with exporting.room():
            report = schema(tasks.PeriodReport).load(_report(call))
            content = tpool.execute(_printed, report, today(clock.now()))
        return exporting.file(content, PDF, f"bao-cao-nhiem-vu-{report['from_day']}-{report['to_day']}.pdf")

    @route("GET", "/exception-board.pdf", tag="tasks", limit="export", query=schemas.PrintedBoardQuery, media_type=PDF,
           refusals=("as_of_in_future",))  # fmt: skip
    def print_exception_board(self, call):
        """Bảng ngoại lệ as a paper: at most 500 rows, the most urgent first."""
        with exporting.room():
            board, rows = _red(call)
            content = tpool.execute(_printed_board, board, rows, _issuer(self, call), today(clock.now()))
        return exporting.file(content, PDF, f"bang-ngoai-le-{today(board['as_of'])}.pdf")


def _red(call) -> tuple[dict, list[dict]]:
    """The board with its first rows; `more` says whether it has others."""
    chosen = schemas.PrintedBoardQuery().dump(call.query)
    first, rows, cursor = None, [], None
    while first is None or (cursor and len(rows) < MOST_RED):
        limit = min(ROWS_AT_ONCE, MOST_RED - len(rows))
        answer = call.ask(tasks.get_exception_board, chosen | {"limit": limit, "cursor": cursor})
        board = schema(tasks.ExceptionBoard).load(answer)
        first, cursor = first or board, board["next_cursor"]
        rows += board["items"]
    return first | {"more": cursor is not None}, rows


def _issuer(service, call) -> dict:
    """The unit of whoever asks for a paper."""
    now = clock.now()
    with service.db.reading() as tx:
        actor = resolve_actor(tx, call.caller.claims, now, tasks.get_exception_board.full_name)
        heads = head_posts(tx, [actor.unit_id], now)
    return {
        "unit_name": heads[0].unit_name if heads else "",
        "unit_kind": actor.unit_kind,
        "signer_title": heads[0].title if heads else "",
    }


def _printed_board(board: dict, rows: list[dict], issuer: dict, day) -> bytes:
    """In a real thread, as above."""
    return exception_board.pdf(board, rows, issuer, day)


def _report(call) -> dict:
    return call.ask(tasks.get_period_report, tasks.PeriodReportQuery().dump(call.query))


def _printed(report: dict, day) -> bytes:
    """In a real thread, the first time with what it takes to print."""
    return period_report.pdf(report, day)
