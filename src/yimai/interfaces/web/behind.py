"""What is computed behind a page's back: begun when somebody asks for it, kept in the process, shown when it is there."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock, Thread
from typing import Generic, TypeVar

from yimai.planning.compiling import NotCompiled

logger = logging.getLogger(__name__)
Made = TypeVar("Made")


class NotWanted(Exception):
    """Nobody waits for it any more: nothing is kept."""


class Behind(Generic[Made]):
    """Values by their keys, the oldest forgotten first; each is computed in a thread of its own, one for a key at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, Made] = OrderedDict()
        self._running: dict[Hashable, Thread] = {}

    def get(self, key: Hashable) -> Made | None:
        """What is kept for the key."""
        with self._lock:
            return self._kept.get(key)

    def running(self, key: Hashable) -> bool:
        with self._lock:
            return key in self._running

    def begin(self, key: Hashable, make: Callable[[], Made], patience: float = 0.0) -> Made | None:
        """Compute it unless that runs already, and wait so many seconds for it; return what is kept then."""
        with self._lock:
            thread = self._running.get(key)
            if thread is None:
                thread = self._running[key] = Thread(target=self._make, args=(key, make), daemon=True)
                thread.start()
        thread.join(patience)
        return self.get(key)

    def keep(self, key: Hashable, made: Made) -> None:
        with self._lock:
            self._kept[key] = made
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def settle(self) -> None:
        """Wait for all that runs."""
        for each in list(self._running.values()):
            each.join()

    def finish(self) -> None:
        """Wait for all that runs, and forget everything."""
        self.settle()
        with self._lock:
            self._kept.clear()

    def _make(self, key: Hashable, make: Callable[[], Made]) -> None:
        try:
            self.keep(key, make())
        except (NotCompiled, NotWanted):
            pass  # the next one who asks begins it anew, and finds the planner compiled
        except Exception:
            logger.exception("could not be computed: %s", key)
        finally:
            with self._lock:
                del self._running[key]
