"""Event streams on eventlet alone: each a green thread that waits for something to write."""

from tests.bench.peers import green  # noqa: I001 - first of all

import os

import eventlet
import eventlet.wsgi
from eventlet.queue import LightQueue


def stream(environ, start_response):
    environ["eventlet.minimum_write_chunk_size"] = 1
    start_response("200 OK", [("Content-Type", "text/event-stream")])

    def chunks():
        yield b"event: hello\ndata: {}\n\n"
        yield LightQueue().get()

    return chunks()


def main() -> None:
    listener = eventlet.listen(("127.0.0.1", int(os.environ["BENCH_PORT"])))
    eventlet.spawn(eventlet.wsgi.server, listener, stream, log_output=False, max_size=100_000)
    green.obey()


if __name__ == "__main__":
    main()
