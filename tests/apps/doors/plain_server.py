"""A web server for one test."""

import contextlib

import uvicorn


class PlainServer(uvicorn.Server):
    """uvicorn that leaves signals alone: it may begin in one run of an event loop and end in another."""

    @contextlib.contextmanager
    def capture_signals(self):
        yield
