"""Calls the echo on stock nameko from a stock service, as its own documentation does: through an RpcProxy."""

from tests.bench.peers import green  # noqa: I001 - first of all

import itertools
import os

from eventlet.event import Event
from nameko.containers import ServiceContainer
from nameko.extensions import Entrypoint
from nameko.rpc import RpcProxy

from tests.bench.peers.contract import TEXT, check

numbers = itertools.count()


class Told(Entrypoint):
    """Work that is given by `tell`."""

    def tell(self, **order) -> dict:
        done = Event()

        def handle_result(_ctx, result, exc_info):
            if exc_info:
                done.send_exception(*exc_info)
            else:
                done.send(result)
            return result, exc_info

        self.container.spawn_worker(self, (), order, handle_result=handle_result)
        return done.wait()


class Caller:
    name = "stock_caller"
    remote = RpcProxy("stock_echo")

    @Told.decorator
    def work(self, seconds, callers):
        def once() -> None:
            text = f"{TEXT} {next(numbers)}"
            check(self.remote.echo(text), text)

        return green.repeat(once, seconds, callers)


def main() -> None:
    container = ServiceContainer(Caller, {"AMQP_URI": os.environ["BENCH_AMQP_URL"]})
    container.start()
    told = next(each for each in container.entrypoints if isinstance(each, Told))
    green.obey(told.tell)


if __name__ == "__main__":
    main()
