"""`python -m flows.watched MODULE …`: a module as `python -m` runs it, until it ends or whoever started it does.

The starter keeps the other end of our stdin and never writes to it. It is closed when the starter ends, by SIGKILL
too, and then this process asks itself to end, and ends soon after in any case. Nothing else belongs here.
"""

import os
import runpy
import signal
import sys
import threading
import time

SECONDS_TO_STOP = 10


def main() -> None:
    threading.Thread(target=_end_with_starter, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _end_with_starter() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SECONDS_TO_STOP)
    os._exit(1)


if __name__ == "__main__":
    main()
