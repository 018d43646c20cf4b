"""`make demo`: a Vice Chairman orders work to 184 units, directs twenty of them, tells the whole city; every head sees
it at once. Ends with 0 only if all did.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import requests

from deploy.demo.client import Client, Failed, Stream, new_key

LOCAL = Path(__file__).resolve().parents[2] / ".local"
PATIENCE = 30  # seconds for something to arrive everywhere
AT_ONCE = 8
ACCEPTING = 5  # heads who receive the work at once
DIRECTED = 20  # heads who are to take note of a directive, and do
TITLE = "Rà soát công tác phòng, chống ngập trong mùa mưa"
CONTENT = (
    "Các sở, ban, ngành, Ủy ban nhân dân các phường, xã, đặc khu rà soát các điểm ngập trên địa bàn, "
    "lập danh mục việc phải làm ngay và báo cáo Ủy ban nhân dân Thành phố."
)
PRODUCT = "Báo cáo bằng văn bản kèm danh mục điểm ngập và tiến độ xử lý"
QUESTION = "Đề nghị các đơn vị báo cáo nhanh khó khăn, vướng mắc ngay trong nhóm này."
DIRECTIVE = "Bố trí lực lượng trực 24/24 tại các điểm ngập từ 18 giờ hôm nay."
ANNOUNCEMENT = {
    "title": "Cảnh báo triều cường đêm nay",
    "text": "Đỉnh triều dự báo 1,7 m lúc 22 giờ: các đơn vị cử người trực và thông tin cho người dân.",
    "audience": "whole-city",
    "importance": "important",
    "acknowledge": True,
}


def main() -> int:
    base_url, accounts = _platform()
    say(f"Giao việc ngay: một đợt giao, tất cả đơn vị cùng thấy  (assign now; {base_url})\n")
    leader = _account(accounts, "vice_chairman")
    heads = accounts["heads"]

    began = time.perf_counter()
    vice_chairman = Client(base_url, leader["username"], leader["password"])
    people = _sign_in(base_url, heads, accounts["password"])
    say(f"Đăng nhập Phó Chủ tịch và {len(people)} người đứng đầu đơn vị (signed in): {_since(began)}")

    began = time.perf_counter()
    streams = [Stream(client, head["unit_code"]) for head, client in zip(heads, people, strict=True)]
    above = Stream(vice_chairman, "vice_chairman")
    _open([*streams, above])
    say(f"Mở {len(streams)} luồng trực tiếp của các đơn vị (live streams open): {_since(began)}\n")

    clock = Timeline()
    order = {
        "title": TITLE,
        "content": CONTENT,
        "mode": "each",
        "audience": "all-units",
        "urgency": "urgent",
        "due_on": (date.today() + timedelta(days=14)).isoformat(),
        "expected_result": PRODUCT,
    }
    clock.tell(f"Phó Chủ tịch giao: “{TITLE}” (the order is sent)")
    task = vice_chairman.post("/tasks", order, **new_key())
    clock.tell(f"201: đã giao, {task['roll_up']['assigned']} phần việc (order taken)")
    arrived = _arrivals(streams, "action_item_raised", task["id"])
    clock.arrivals(arrived, len(streams), "việc cần xử lý hiện ra (action item live)")
    complete = len(arrived) == len(streams)

    accepting = [stream for stream in streams if stream.arrival("action_item_raised", task["id"])][:ACCEPTING]
    for stream in accepting:
        item = stream.arrival("action_item_raised", task["id"])[1]
        headers = new_key() | {"If-Match": "*"}
        piece = stream.client.post(f"/assignments/{item['subject_id']}/accept", None, **headers)
        clock.tell(f"{piece['unit_name']} tiếp nhận (accepts)")
    ok = _wait(lambda: sum(name == "assignment_changed" for _, name, _ in list(above.seen)) >= len(accepting))
    clock.tell(f"Phó Chủ tịch thấy {len(accepting) if ok else 'chưa đủ'} tiếp nhận trực tiếp (seen live above)")
    roll_up = vice_chairman.get(f"/tasks/{task['id']}")["roll_up"]
    clock.tell(
        f"Tổng hợp (roll-up): giao {roll_up['assigned']}, tiếp nhận {roll_up['accepted']}, "
        f"trình {roll_up['submitted']}, hoàn thành {roll_up['completed']}, quá hạn {roll_up['overdue']}"
    )

    conversation = _conversation(vice_chairman, task["id"])
    posted = time.perf_counter()
    message = vice_chairman.post(f"/conversations/{conversation}/messages", {"text": QUESTION}, **new_key())
    clock.tell(f"Phó Chủ tịch nhắn trong nhóm xử lý vụ việc: “{QUESTION}” (a message)")
    heard = _arrivals(streams, "message_posted", message["id"])
    clock.arrivals(heard, len(streams), "tin nhắn hiện ra (message live)", since=posted)

    taken_note = _direct(clock, vice_chairman, conversation, above, streams, task["id"])
    read = _announce(clock, vice_chairman, streams)

    say("")
    accepted = ok and roll_up["accepted"] == len(accepting)
    if complete and accepted and len(heard) == len(streams) and taken_note and read:
        say(f"Đạt: {len(arrived)}/{len(streams)} đơn vị nhận lệnh trực tiếp (every stream received the order).")
        return 0
    say(f"CHƯA ĐẠT: {len(arrived)}/{len(streams)} luồng nhận lệnh, {len(heard)} luồng nhận tin nhắn (not complete).")
    return 1


def _direct(clock, leader: Client, conversation: str, above: Stream, streams: list[Stream], task_id: str) -> bool:
    """A directive in the order's conversation. Whether everybody asked has taken note, and the sender saw it live."""
    asked = [stream for stream in streams if stream.arrival("action_item_raised", task_id)][:DIRECTED]
    post_ids = [stream.arrival("action_item_raised", task_id)[1]["post_id"] for stream in asked]
    directive = {"kind": "directive", "text": DIRECTIVE, "asked": post_ids, "urgency": "urgent"}
    said = leader.post(f"/conversations/{conversation}/messages", directive, **new_key())
    clock.tell(f"Phó Chủ tịch chỉ đạo {len(asked)} đơn vị: “{DIRECTIVE}” (a directive)")
    link = f"/api/v1/messages/{said['id']}"
    clock.arrivals(
        _arrivals(asked, "action_item_raised", link), len(asked), "việc cần xác nhận hiện ra (to acknowledge)"
    )
    for stream in asked:
        stream.client.post(f"/messages/{said['id']}/acknowledge", {})
    seen = _wait(lambda: above.count("directive_acknowledged", said["id"]) == len(asked))
    counts = leader.get(f"/messages/{said['id']}/receipts")["counts"]
    clock.tell(
        f"Đã xác nhận {counts['acknowledged']}/{counts['asked']}, Phó Chủ tịch thấy ngay (acknowledged, seen live)"
    )
    return bool(asked) and seen and counts["acknowledged"] == counts["asked"] == len(asked)


def _announce(clock, leader: Client, streams: list[Stream]) -> bool:
    """To the whole city. Whether every stream heard it, and those who took note are counted."""
    posted = time.perf_counter()
    said = leader.post("/announcements", ANNOUNCEMENT, **new_key())
    clock.tell(f"Phó Chủ tịch thông báo toàn Thành phố: “{said['title']}” (an announcement)")
    heard = _arrivals(streams, "announcement_published", said["id"])
    clock.arrivals(heard, len(streams), "thông báo hiện ra (announcement live)", since=posted)
    for stream in streams[:ACCEPTING]:
        stream.client.post(f"/announcements/{said['id']}/acknowledge")
    reach = leader.get(f"/announcements/{said['id']}/reach", limit=1)
    seen, acknowledged = reach["seen"], reach["acknowledged"]
    clock.tell(f"Tổng hợp (reach): {reach['could_see']:,} người nhận, {seen} đã xem, {acknowledged} đã xác nhận")
    return len(heard) == len(streams) and acknowledged == ACCEPTING


class Timeline:
    """Lines with the time since the order was sent."""

    def __init__(self):
        self._began = time.perf_counter()

    def tell(self, text: str, at: float | None = None) -> None:
        passed = (time.perf_counter() if at is None else at) - self._began
        say(f"  +{passed * 1000:6,.0f} ms  {text}")

    def arrivals(self, times: list[float], of: int, what: str, since: float | None = None) -> None:
        """First, middle and last arrival; `since` is said beside it when the clock began earlier."""
        for share, place in (("đầu tiên (first)", 0), ("thứ 50 % (half)", len(times) // 2), ("cuối cùng (last)", -1)):
            if times:
                own = "" if since is None else f", {(times[place] - since) * 1000:,.0f} ms sau khi gửi"
                self.tell(f"đơn vị {share}: {what}{own}", times[place])
        self.tell(f"{len(times)}/{of} đơn vị: {what}")


def say(text: str) -> None:
    print(text, flush=True)


def _platform() -> tuple[str, dict]:
    try:
        running = json.loads((LOCAL / "run.json").read_text())
        return running["base_url"], json.loads((LOCAL / "accounts.json").read_text())
    except FileNotFoundError as error:
        raise Failed("The platform is not running: start it by make run, in another terminal.") from error


def _account(accounts: dict, role: str) -> dict:
    return next(account for account in accounts["accounts"] if account["role"] == role)


def _sign_in(base_url: str, heads: list[dict], password: str) -> list[Client]:
    """Slow on purpose of the other side: a password check costs it some ten milliseconds of work."""
    began, clients = time.perf_counter(), []
    with ThreadPoolExecutor(4) as pool:
        for client in pool.map(lambda head: Client(base_url, head["username"], password), heads):
            clients.append(client)
            if time.perf_counter() - began > 2:
                began = time.perf_counter()
                say(f"  … đăng nhập {len(clients)}/{len(heads)} (signing in)")
    return clients


def _open(streams: list[Stream]) -> None:
    """A few at a time, as clients come: all in one instant is what the gateway's limits refuse."""
    for place in range(0, len(streams), AT_ONCE):
        for stream in streams[place : place + AT_ONCE]:
            stream.start()
        for stream in streams[place : place + AT_ONCE]:
            stream.opened.wait(PATIENCE)
    if bad := [stream for stream in streams if stream.trouble or not stream.opened.is_set()]:
        raise Failed(f"{len(bad)} live streams did not open; {bad[0].name}: {bad[0].trouble or 'no answer'}")


def _arrivals(streams: list[Stream], kind: str, about: str) -> list[float]:
    """When it came to each stream that it came to, in order."""
    _wait(lambda: all(stream.arrival(kind, about) for stream in streams))
    return sorted(found[0] for stream in streams if (found := stream.arrival(kind, about)))


def _conversation(client: Client, task_id: str) -> str:
    """Made by messaging as soon as it hears of the order."""
    found: list[str] = []

    def exists() -> bool:
        found.extend(one["id"] for one in client.get("/conversations", task_id=task_id)["items"])
        return bool(found)

    if not _wait(exists, every=0.25):
        raise Failed("The order's case conversation did not appear.")
    return found[0]


def _wait(condition, seconds: float = PATIENCE, every: float = 0.02) -> bool:
    ends = time.perf_counter() + seconds
    while not (met := condition()) and time.perf_counter() < ends:
        time.sleep(every)
    return bool(met)


def _since(began: float) -> str:
    return f"{time.perf_counter() - began:.1f} s"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(str(failure))
    except (KeyboardInterrupt, requests.RequestException) as ended:
        sys.exit(f"The demo was cut off: {type(ended).__name__}.")
