"""run.json: for programs what the terminal says to people."""

from deploy.local.state import State, write_json
from deploy.local.supervise import information


def write(state: State, base_url: str, ports: dict, accounts: list[dict], pids: dict[str, int]) -> None:
    content = {"base_url": base_url, "ports": ports, "pids": pids, "accounts": accounts, "log": str(state.log)}
    write_json(state.run_file, content)


def process_ids(state: State) -> dict[str, int]:
    """Of every program that the supervisor runs; 0 for one that is down. Empty when it does not answer."""
    return {name: info["pid"] for name, info in information(state).items()}
