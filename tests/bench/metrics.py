"""What the processes say of themselves on their admin ports: how long which step took, in the mean."""

import math
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from tests.bench.world import Platform

# step: (process, metric, labels)
STEPS = {
    "gateway: POST /tasks until the answer is written": (
        "gateway", "congvu_http_seconds", {"method": "POST", "route": "/api/v1/tasks"},
    ),
    "- its call of tasks.assign": ("gateway", "congvu_calls_seconds", {"procedure": "tasks.assign"}),
    "-- of which in tasks, from the worker's start to its commit": (
        "tasks", "congvu_work_seconds", {"method": "assign"},
    ),
    "- its call of directory.get_names": ("gateway", "congvu_calls_seconds", {"procedure": "directory.get_names"}),
    "reminders hears task_issued": ("reminders", "congvu_work_seconds", {"method": "on_task_issued"}),
    "messaging hears task_issued": ("messaging", "congvu_work_seconds", {"method": "on_task_issued"}),
    "gateway hears action_items_raised": ("gateway", "congvu_work_seconds", {"method": "on_action_items_raised"}),
}  # fmt: skip


def read(platform: Platform) -> dict[str, tuple[float, float]]:
    """Of each step: seconds in all, and how often."""
    known = {service: list(_samples(port)) for service, port in platform.admin_ports.items()}
    return {
        step: tuple(
            sum(
                sample.value
                for sample in known[service]
                if sample.name == f"{metric}_{what}" and labels.items() <= sample.labels.items()
            )
            for what in ("sum", "count")
        )
        for step, (service, metric, labels) in STEPS.items()
    }


def between(before: dict, after: dict) -> dict[str, float]:
    """Milliseconds of one time each step was taken, in the mean."""
    return {
        step: (after[step][0] - before[step][0]) / (after[step][1] - before[step][1]) * 1000
        for step in STEPS
        if after[step][1] > before[step][1]
    }


def work(platform: Platform, service: str, method: str) -> dict[float, float]:
    """How often a service's method took at most so many seconds; an edge of its histogram is exact."""
    labels = {"method": method, "outcome": "ok"}
    return {
        float(sample.labels["le"]): sample.value
        for sample in _samples(platform.admin_ports[service])
        if sample.name == "congvu_work_seconds_bucket" and labels.items() <= sample.labels.items()
    }


def share_within(before: dict[float, float], after: dict[float, float], seconds: float) -> tuple[float, float]:
    """The part of what was done in between that took at most so long, or as long as the nearest edge below; and which
    that is.
    """
    edge = max(each for each in after if each <= seconds)
    every = after[math.inf] - before.get(math.inf, 0)
    return (after[edge] - before.get(edge, 0)) / every, edge


def _samples(port: int):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        for family in text_string_to_metric_families(answer.read().decode()):
            yield from family.samples
