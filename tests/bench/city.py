"""The platform's people at work: who is signed in, and the order that a leader gives."""

import datetime
import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

from deploy.local.terminal import step
from tests.bench.client import Connection, Wrong, new_key, sign_in
from tests.bench.world import Platform

TASKS = "/api/v1/tasks"
numbers = itertools.count(1)


class City:
    """Tokens are asked for once: a password check costs the platform some ten milliseconds of work."""

    def __init__(self, platform: Platform):
        self.platform = platform
        self.base_url = platform.base_url

    @cached_property
    def leader(self) -> str:
        account = self.platform.account("vice_chairman")
        return sign_in(self.base_url, account, account["password"])

    @cached_property
    def heads(self) -> list[str]:
        """Tokens of the heads of all units."""
        accounts, password = self.platform.accounts["heads"], self.platform.accounts["password"]
        with step(f"Signing {len(accounts)} heads in"), ThreadPoolExecutor(4) as pool:
            return list(pool.map(lambda account: sign_in(self.base_url, account, password), accounts))

    def unit_ids(self) -> list[str]:
        return [head["unit_id"] for head in self.platform.accounts["heads"]]


def order(unit_ids: list[str] | None = None) -> dict:
    """To all units, or to these."""
    to = {"audience": "all-units"} if unit_ids is None else {"assignments": [{"unit_id": one} for one in unit_ids]}
    return to | {
        "title": f"Rà soát phương án phòng chống ngập mùa mưa, đợt {next(numbers)}",
        "content": "Các đơn vị rà soát, cập nhật phương án và báo cáo kết quả về Văn phòng UBND Thành phố.",
        "mode": "each",
        "urgency": "urgent",
        "due_on": (datetime.date.today() + datetime.timedelta(days=14)).isoformat(),
        "expected_result": "Báo cáo bằng văn bản kèm phương án đã duyệt",
    }


def give(leader: Connection, wanted: dict, units: int) -> dict:
    """The order as the platform took it. Raises Wrong when it is not for so many units."""
    task = json.loads(leader.ask("POST", TASKS, wanted, expected=201, **new_key()))
    if task["roll_up"]["assigned"] != units:
        raise Wrong(f"an order for {task['roll_up']['assigned']} units instead of {units}")
    return task
