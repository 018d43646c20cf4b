"""What was said about a task, to be read on paper: who said what and when, and the hash by which the file is known."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from gateway.papers import layout
from gateway.papers.layout import figure
from kernel.working_time import TZ


def pdf(sealed: Mapping, name: str, said: Sequence[Mapping]) -> bytes:
    """`said` are the lines of the transcript, with the names of those who spoke as far as they are known."""
    story = [
        layout.section(f"BẢN GHI TRAO ĐỔI VỀ NHIỆM VỤ: {name}"),
        layout.text(f"Nhiệm vụ kết thúc lúc {_moment(sealed['closed_at'])}. Số ý kiến: {figure(sealed['count'])}."),
        layout.text(f"Niêm phong lúc {_moment(sealed['sealed_at'])}, SHA-256 của tệp: {sealed['sha256']}"),
    ]
    for each in said:
        at = _moment(datetime.fromisoformat(each["sent_at"]))
        story += [layout.section(f"{each['number']}. {_speaker(each)}, {at}"), layout.text(each["text"])]
    return layout.written(story, f"Bản ghi trao đổi: {name}")


def _moment(at: datetime) -> str:
    return f"{at.astimezone(TZ):%H:%M %d/%m/%Y}"


def _speaker(message: Mapping) -> str:
    name, title = message["sender_name"], message["sender_title"]
    return f"{name} ({title})" if name else title
