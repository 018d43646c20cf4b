"""What was said about a task, to be read on paper: who said what and when, and the hash by which the file is known."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from gateway.papers import layout
from gateway.papers.layout import figure
from kernel.working_time import TZ

ENDED = {"removed": "Đã xóa", "withdrawn": "Đã thu hồi"}


def pdf(sealed: Mapping, name: str, said: Sequence[Mapping]) -> bytes:
    """`said` are the lines of the transcript, with the names of those who spoke as far as they are known."""
    story = [
        layout.section(f"BẢN GHI TRAO ĐỔI VỀ NHIỆM VỤ: {name}"),
        layout.text(f"Nhiệm vụ kết thúc lúc {_moment(sealed['closed_at'])}. Số ý kiến: {figure(sealed['count'])}."),
        layout.text(f"Niêm phong lúc {_moment(sealed['sealed_at'])}, SHA-256 của tệp: {sealed['sha256']}"),
    ]
    for each in said:
        at = _moment(datetime.fromisoformat(each["sent_at"]))
        story.append(layout.section(f"{each['number']}. {_speaker(each)}, {at}"))
        story += [layout.text(line) for line in (text_of(each), *beside(each)) if line]
    return layout.written(story, f"Bản ghi trao đổi: {name}")


def _moment(at: datetime) -> str:
    return f"{at.astimezone(TZ):%H:%M %d/%m/%Y}"


def text_of(message: Mapping) -> str:
    text = message["text"]
    for mention in sorted(message["mentions"], key=lambda each: -each["offset"]):
        if mention["name"]:
            start = mention["offset"]
            text = f"{text[:start]}@{mention['name']}{text[start + mention['length'] :]}"
    return text


def beside(message: Mapping) -> Iterator[str]:
    """Which files it had, and what has become of it."""
    for file in message["files"]:
        yield f"Tệp kèm theo: {file['name']} (SHA-256: {file['sha256']})"
    if message["edited_at"] and message["state"] == "said":
        yield f"Đã sửa lúc {_moment(datetime.fromisoformat(message['edited_at']))}"
    if message["ended_at"]:
        ended, reason = _moment(datetime.fromisoformat(message["ended_at"])), message["ended_reason"]
        yield f"{ENDED[message['state']]} lúc {ended}{f': {reason}' if reason else ''}"


def _speaker(message: Mapping) -> str:
    name, title = message["sender_name"], message["sender_title"]
    return f"{name} ({title})" if name else title
