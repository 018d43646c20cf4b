"""The names of queues and exchanges, and what a failed event waits for.

The version in the names is raised whenever a queue's arguments change: the broker refuses to change them in place.
"""

VERSION = "v1"
RETRY_DELAYS = (1, 10, 60)  # seconds; one queue each
RETRY_PLAN = (1, 1, 10, 10, 60, 60, 60)  # the waits of an event that keeps failing, before it is parked
MAX_LENGTH = 1_000_000  # messages; beyond it a queue refuses, and the sender keeps what it has
DELIVERY_LIMIT = 20  # how often the broker itself may hand out a message whose consumer dies


def rpc_queue(service: str) -> str:
    return f"rpc.{service}"


def events_exchange(service: str) -> str:
    return f"{service}.events"


def published_exchange(service: str) -> str:
    return f"{service}.published"


def outside_exchange(system: str) -> str:
    """Where a system outside speaks to us; its account can publish to no other."""
    return f"{system}.inbound"


def outside_account(system: str) -> str:
    return f"ext_{system}"


def outside_system(account: str | None) -> str | None:
    """The system outside that an account of the broker belongs to, if any."""
    return account.removeprefix("ext_") if account and account.startswith("ext_") else None


def outside_queue(service: str) -> str:
    """Apart from the inbox, so that whoever floods it fills it for nobody but himself and his like."""
    return f"{service}.inbox.outside.{VERSION}"


def webhooks_queue(service: str) -> str:
    """What is published, for those outside to whom a service brings it."""
    return f"{service}.webhooks.{VERSION}"


def inbox_queue(service: str) -> str:
    return f"{service}.inbox.{VERSION}"


def retry_queue(service: str, delay: int) -> str:
    return f"{service}.inbox.{VERSION}.retry.{delay}s"


def dead_queue(service: str) -> str:
    return f"{service}.inbox.{VERSION}.dead"


def outside_arguments(service: str) -> dict:
    """When it is full the sender is refused, and keeps what he has."""
    return {
        "x-queue-type": "quorum",
        "x-max-length": 10_000,
        "x-max-length-bytes": 64 * 2**20,
        "x-overflow": "reject-publish",
        "x-dead-letter-strategy": "at-least-once",
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": dead_queue(service),
        "x-delivery-limit": DELIVERY_LIMIT,
    }


CAREFUL = {
    "x-queue-type": "quorum",
    "x-max-length": MAX_LENGTH,
    "x-overflow": "reject-publish",
    "x-dead-letter-strategy": "at-least-once",
    "x-dead-letter-exchange": "",
}


def handed_out(service: str) -> dict:
    """The arguments of a queue that a service reads; what cannot be worked off ends in its dead queue."""
    return CAREFUL | {"x-delivery-limit": DELIVERY_LIMIT, "x-dead-letter-routing-key": dead_queue(service)}


def queue_arguments(service: str) -> dict[str, dict]:
    """Every durable queue of one hearing service with its arguments.

    Nothing is dropped silently: a full queue refuses (and the outbox keeps the event), and a message that moves on
    to the next queue is held in the first until the second has confirmed it.
    """
    queues = {
        inbox_queue(service): handed_out(service),
        # looking at what is parked counts as a delivery
        dead_queue(service): {"x-queue-type": "quorum", "x-delivery-limit": 1_000_000},
    }
    for delay in RETRY_DELAYS:
        queues[retry_queue(service, delay)] = CAREFUL | {
            "x-message-ttl": delay * 1000,
            "x-dead-letter-routing-key": inbox_queue(service),
        }
    return queues
