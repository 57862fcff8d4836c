"""``python -m embedded_server``: the server, or one of its commands."""

import multiprocessing
import sys

from embedded_server.cli import app, with_command

if __name__ == "__main__":
    multiprocessing.freeze_support()
    app(args=with_command(sys.argv[1:]), prog_name="embedded_server")
