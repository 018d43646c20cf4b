"""What a person wants to hear over which channel, within what policy leaves to him: pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from itertools import product

from kernel.errors import Refused
from kernel.working_time import CLOSES, OPENS, TZ, WorkingDays
from reminders.domain.occasions import CHANNELS, DIRECTIVE, EXPRESS, NO_LADDERS, Occasion

LADDER = ("yellow", "red", "deep_red", "unreceived")
OTHER = "other"  # of a ladder: a missing answer, and whatever rungs the operators have added
KINDS = ("personal", *LADDER, OTHER, DIRECTIVE, "waiting")
URGENT = ("urgent", "very_urgent", EXPRESS)
HEARD_ANYWAY = ("in_app", "email")
FIXED = frozenset(product(("deep_red", OTHER, DIRECTIVE), HEARD_ANYWAY))
COSTLY = ("sms", "voice")
NEVER = frozenset(product(("personal",), COSTLY))  # a unit's quota is not for what one asks of oneself
DECIDED = FIXED | NEVER
OFF_AT_FIRST = frozenset(product(("yellow", "waiting"), COSTLY))
QUIET_AT_MOST = timedelta(hours=3)


def kind_of(rule: str, rung: str) -> str:
    """What nobody has thought of cannot be turned off."""
    if rule in NO_LADDERS:
        return rule
    return rung if rung in LADDER else OTHER


@dataclass(frozen=True)
class Preferences:
    """`switches` are what the person has turned on or off, by kind and channel; the rest is as it is at first."""

    switches: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    digest: bool = True
    quiet: tuple[time, time] | None = None

    def is_on(self, kind: str, channel: str) -> bool:
        if (kind, channel) in DECIDED:
            return (kind, channel) in FIXED
        return self.switches.get(kind, {}).get(channel, (kind, channel) not in OFF_AT_FIRST)

    def admits(self, occasion: Occasion, channel: str) -> bool:
        """What is express is heard, whatever was turned off."""
        anyway = occasion.urgency == EXPRESS and channel in HEARD_ANYWAY
        return anyway or self.is_on(kind_of(occasion.rule, occasion.rung), channel)

    def not_before(self, at: datetime, occasion: Occasion, channel: str, days: WorkingDays) -> datetime:
        """In one's quiet hours the screen may change, and nothing calls but what is urgent or was wanted then."""
        if self.quiet is None or channel == "in_app" or occasion.urgency in URGENT or occasion.at_once:
            return at
        begins, ends = self.quiet
        local = at.astimezone(TZ)
        if not begins <= local.time() < ends:
            return at
        return days.add_time(datetime.combine(local.date(), ends, TZ), timedelta())

    def shown(self) -> dict[str, dict[str, bool]]:
        return {kind: {channel: self.is_on(kind, channel) for channel in CHANNELS} for kind in KINDS}


def fixed() -> dict[str, dict[str, bool]]:
    return {kind: {channel: (kind, channel) in DECIDED for channel in CHANNELS} for kind in KINDS}


def changed(now: Preferences, changes: Mapping) -> Preferences:
    """Raises `cannot_be_muted`, `not_by_this_channel`, `quiet_hours_not_possible`."""
    switches = {kind: dict(channels) for kind, channels in now.switches.items()}
    for kind, channels in changes.get("switches", {}).items():
        for channel, on in channels.items():
            if not on and (kind, channel) in FIXED:
                raise Refused("cannot_be_muted", f"{kind} is always told by {channel}.", kind=kind, channel=channel)
            if on and (kind, channel) in NEVER:
                raise Refused("not_by_this_channel", f"{kind} is never told by {channel}.", kind=kind, channel=channel)
            switches.setdefault(kind, {})[channel] = on
    after = replace(now, switches=switches, digest=changes.get("digest", now.digest))
    if "quiet_hours" not in changes:
        return after
    hours = changes["quiet_hours"]
    return replace(after, quiet=hours and _quiet(hours["begins"], hours["ends"]))


def _quiet(begins: time, ends: time) -> tuple[time, time]:
    """The nights and the days off are quiet anyway; of the working day some hours."""
    inside = OPENS <= begins < ends <= CLOSES
    if not inside or _since_midnight(ends) - _since_midnight(begins) > QUIET_AT_MOST:
        raise Refused("quiet_hours_not_possible", "Quiet hours are three hours of the working day at most.")
    return begins, ends


def _since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)
