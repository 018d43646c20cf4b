"""`python -m deploy.local <verb>`: what the Makefile's targets call. See README.md beside this file."""

import os
import sys

from deploy.local.terminal import Refusal

USAGE = (
    "usage: python -m deploy.local run | restart [<service> ...] | stop | clean | test [--shards <n>] [arguments]"
    " | end-to-end | tool <module> [arguments] | sibling add [--new-password] <name> <event> ... [--says <event> ...]"
    " | sibling list | sibling remove <name> | traces [port]"
)


def main(arguments: list[str]) -> int:
    match arguments:
        case ["run"]:
            from deploy.local.run import run

            run()
        case ["restart", *services]:
            from deploy.local.run import restart

            restart(services)
        case ["stop"]:
            from deploy.local.run import stop

            stop()
        case ["clean"]:
            from deploy.local.clean import clean

            clean()
        case ["test", "--shards", count, *rest] if count.isdigit() and int(count) > 1:
            from deploy.local.shards import run_in_shards

            return run_in_shards(int(count), rest)
        case ["test", "--shards", "1", *rest] | ["test", *rest]:
            from deploy.local.test import test

            return test(rest)
        case ["end-to-end"]:
            from deploy.local.test import start_end_to_end

            start_end_to_end()
        case ["tool", module, *rest]:
            from deploy.local.tool import become

            become(module, rest)
        case ["sibling", *rest]:
            from deploy.local.sibling import command

            command(rest)
        case ["traces", *port] if len(port) <= 1 and all(map(str.isdigit, port)):
            from deploy.local.traces import show

            show(*map(int, port))
        case _:
            raise Refusal(USAGE)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Refusal as refusal:
        sys.exit(str(refusal))
    except KeyboardInterrupt:  # before the verb heeds signals itself
        sys.exit(130)
    except OSError as error:
        # a full disk, a folder of somebody else: the sentence of the system says it, a traceback would hide it
        if os.environ.get("CONGVU_LOG_LEVEL") == "DEBUG":
            raise
        sys.exit(f"It cannot go on: {error.strerror or error}{f': {error.filename}' if error.filename else ''}.")
