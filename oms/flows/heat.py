"""Who waits for which SKU in this process, and the queue in which the callers of a hot one are served together.

The first caller of a queue leads: it takes what has gathered, has it carried out in one go, wakes those it served
and hands the lead to the first who came meanwhile. What gathers is what came while the last batch was written; only
behind a large batch a leader waits two milliseconds for those who were just served and come again.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic, sleep
from typing import Generic, TypeVar

from oms.core.errors import Busy

W = TypeVar("W")
LARGE = 8
GATHERING_SECONDS = 0.002


@dataclass(slots=True)
class Policy:
    """From how many callers at once a SKU is hot, for how many seconds without company it stays so, and the limits.

    ``most`` orders are written at once; a caller whom nobody has taken up after ``patience`` seconds is sent away.
    """

    callers: int = 3
    cool_after: float = 2.0
    most: int = 64
    patience: float = 15.0


@dataclass(slots=True)
class Figures:
    """What a queue has done for some seconds; ``waited`` is the callers' time before their batch, added up."""

    seconds: float = 0.0
    batches: int = 0
    orders: int = 0
    largest: int = 0
    waited: float = 0.0


@dataclass(slots=True, eq=False)
class Place(Generic[W]):
    """A caller's place in a queue: what it wants, and a gate that opens when it is served or must lead."""

    want: W
    since: float
    gate: Lock
    served: bool = False
    leads: bool = False


class Queue(Generic[W]):
    """The callers of one hot SKU, in the order in which they came."""

    def __init__(self, policy: Policy) -> None:
        self.last_company = monotonic()
        self._figures = Figures()
        self._figures_from = monotonic()
        self._policy = policy
        self._waiting: deque[Place[W]] = deque()
        self._last = 0
        self._led = False
        self._lock = Lock()

    def serve(self, want: W, together: Callable[[Sequence[W]], None]) -> bool:
        """Have this want carried out with those of others; whether this caller led them.

        Raises ``Busy`` when nobody could take it up in time.
        """
        place = self._join(want)
        if not place.leads:
            self._wait(place)
        if not place.leads:
            return False
        self._lead(together)
        return True

    def figures(self, *, at_least: float = 0.0) -> Figures | None:
        """What was done since this was last asked, if that is so many seconds ago."""
        with self._lock:
            now = monotonic()
            if now - self._figures_from < at_least:
                return None
            figures, self._figures = self._figures, Figures()
            figures.seconds, self._figures_from = now - self._figures_from, now
        return figures

    def _join(self, want: W) -> Place[W]:
        place = Place(want, monotonic(), Lock())
        place.gate.acquire()
        with self._lock:
            self._waiting.append(place)
            if not self._led:
                self._led = place.leads = True
        return place

    def _wait(self, place: Place[W]) -> None:
        if place.gate.acquire(timeout=self._policy.patience):
            return
        with self._lock:
            if place in self._waiting and not place.leads:
                self._waiting.remove(place)
                raise Busy()
        # Taken up at the last moment: its fate is decided by whoever leads.
        place.gate.acquire()

    def _lead(self, together: Callable[[Sequence[W]], None]) -> None:
        if len(self._waiting) < self._last and self._last >= LARGE:
            sleep(GATHERING_SECONDS)
        with self._lock:
            count = min(len(self._waiting), self._policy.most)
            taken = [self._waiting.popleft() for _ in range(count)]
        began = monotonic()
        try:
            together([place.want for place in taken])
        finally:
            self._note(taken, began)
            for place in taken:
                place.gate.release()
            self._hand_over()

    def _hand_over(self) -> None:
        with self._lock:
            if not self._waiting:
                self._led = False
                return
            following = self._waiting[0]
            following.leads = True
        following.gate.release()

    def _note(self, taken: Sequence[Place[W]], began: float) -> None:
        with self._lock:
            self._last = len(taken)
            figures = self._figures
            figures.batches += 1
            figures.orders += len(taken)
            figures.largest = max(figures.largest, len(taken))
            figures.waited += sum([began - place.since for place in taken])
            if len(taken) > 1:
                self.last_company = monotonic()


@dataclass(slots=True)
class Heat(Generic[W]):
    """The SKUs that callers of this process want at this instant, and the queues of those that are hot."""

    policy: Policy = field(default_factory=Policy)
    queues: dict[str, Queue[W]] = field(default_factory=dict)
    _callers: dict[str, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def wanted(self, skus: Iterable[str]) -> Iterator[tuple[str, Queue[W] | None]]:
        """Count a caller of these SKUs while it is here; the hottest one with its queue, if any is hot."""
        wanted = set(skus)
        with self._lock:
            for sku in wanted:
                self._callers[sku] = self._callers.get(sku, 0) + 1
            hottest = max(wanted, key=self._callers.__getitem__, default="")
            queue = self._queue(hottest)
        try:
            yield hottest, queue
        finally:
            with self._lock:
                for sku in wanted:
                    self._leave(sku)

    def cooled(self, sku: str, queue: Queue[W]) -> bool:
        """Whether a queue has had no company for long enough to be given up; then it is."""
        if monotonic() - queue.last_company < self.policy.cool_after:
            return False
        with self._lock:
            return self.queues.pop(sku, None) is not None

    def _queue(self, sku: str) -> Queue[W] | None:
        queue = self.queues.get(sku)
        if queue is None and self._callers.get(sku, 0) >= self.policy.callers:
            queue = self.queues[sku] = Queue(self.policy)
        return queue

    def _leave(self, sku: str) -> None:
        left = self._callers[sku] - 1
        if left:
            self._callers[sku] = left
        else:
            del self._callers[sku]
