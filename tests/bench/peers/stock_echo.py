"""An echo on stock nameko, by RPC and by HTTP, with nothing changed from how it is shipped."""

from tests.bench.peers import green  # noqa: I001 - first of all

import os

from nameko.rpc import RpcProxy, rpc
from nameko.runners import ServiceRunner
from nameko.web.handlers import http


class Echo:
    name = "stock_echo"

    @rpc
    def echo(self, text):
        return text


class Web:
    name = "stock_web"
    echo = RpcProxy("stock_echo")

    @http("GET", "/echo/<string:text>")
    def get(self, request, text):
        return self.echo.echo(text)


def main() -> None:
    service = {"rpc": Echo, "http": Web}[os.environ["BENCH_SIDE"]]
    config = {
        "AMQP_URI": os.environ["BENCH_AMQP_URL"],
        "WEB_SERVER_ADDRESS": os.environ.get("BENCH_HTTP", "127.0.0.1:0"),
    }
    runner = ServiceRunner(config)
    runner.add_service(service)
    runner.start()
    green.obey()


if __name__ == "__main__":
    main()
