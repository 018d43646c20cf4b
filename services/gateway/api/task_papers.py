"""Tasks taken out: as lines of a file, and as reports in the layout of the State's papers."""

from eventlet import tpool

from chassis import clock
from chassis.contract import schema
from chassis.later import Later
from contracts import tasks
from gateway import exporting, schemas
from gateway.api.imports import FORM_OF
from gateway.routes import route
from kernel.working_time import today

period_report = Later("gateway.papers.period_report")
PDF = "application/pdf"
MOST_LINES = 20_000  # of a file


class TaskPapersRoutes:
    @route("GET", "/task-exports", tag="tasks", query=schemas.TaskExportQuery, media_type=", ".join(FORM_OF),
           refusals=("too_many_to_export",))  # fmt: skip
    def export_tasks(self, call):
        """The tasks that one sees, chosen as in the lists or by what became of them in a period, as a file that an
        import reads back without a difference.
        """
        wanted = {name: value for name, value in call.query.items() if name != "format"}
        request = schemas.TaskExportQuery(exclude=("format",)).dump(wanted)
        return exporting.answer(tasks.export_tasks, request, call, "nhiem-vu", call.query["format"], MOST_LINES)

    @route("GET", "/task-reports/period", tag="tasks", query=tasks.PeriodReportQuery, answer=tasks.PeriodReport,
           refusals=("not_authorised",))  # fmt: skip
    def get_period_report(self, call):
        """The work of the city, or of a unit, in a period: what there was to do, and what became of it."""
        return _report(call)

    @route("GET", "/task-reports/period.pdf", tag="tasks", query=tasks.PeriodReportQuery, media_type=PDF,
           refusals=("not_authorised",))  # fmt: skip
    def print_period_report(self, call):
        """The same as a paper to be numbered and signed (Nghị định 30/2020/NĐ-CP)."""
        with exporting.room():
            report = schema(tasks.PeriodReport).load(_report(call))
            content = tpool.execute(_printed, report, today(clock.now()))
        return exporting.file(content, PDF, f"bao-cao-nhiem-vu-{report['from_day']}-{report['to_day']}.pdf")


def _report(call) -> dict:
    return call.ask(tasks.get_period_report, tasks.PeriodReportQuery().dump(call.query))


def _printed(report: dict, day) -> bytes:
    """In a real thread, the first time with what it takes to print."""
    return period_report.pdf(report, day)
