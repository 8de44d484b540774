"""Clients in processes of their own, started once and told what to do for how long."""

import multiprocessing
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from statistics import median

import django

WARM_ORDERS = 30


class Clients:
    """Some clients that work at the same time."""

    def __init__(self, where: str, most: int) -> None:
        self._pipes: list[Connection] = []
        self._processes = []
        for number in range(most):
            ours, theirs = multiprocessing.Pipe()
            process = multiprocessing.Process(target=_client, args=(theirs, where, number), daemon=True)
            process.start()
            self._pipes.append(ours)
            self._processes.append(process)

    def rate(self, workload: str, *, clients: int, seconds: float, threads: int = 1) -> float:
        """Orders per second that so many processes place together, each with so many clients."""
        for pipe in self._pipes[:clients]:
            pipe.send((workload, seconds, threads))
        return sum(pipe.recv() for pipe in self._pipes[:clients])

    def close(self) -> None:
        """Let all clients go."""
        for pipe in self._pipes:
            pipe.send(None)
        for process in self._processes:
            process.join(10)


@dataclass(frozen=True, slots=True)
class Load:
    """What is placed, by how many processes with how many clients each."""

    workload: str
    processes: int
    threads: int = 1


def paired(
    clients: Clients, ours: Load, reference: Load, *, rounds: int = 3, seconds: float = 2.0
) -> tuple[float, float]:
    """Medians of ours and of the reference, measured in turn so that the machine's mood falls on both."""

    def rate(load: Load) -> float:
        return clients.rate(load.workload, clients=load.processes, seconds=seconds, threads=load.threads)

    pairs = [(rate(reference), rate(ours)) for _ in range(rounds)]
    return median(mine for _, mine in pairs), median(theirs for theirs, _ in pairs)


def _client(pipe: Connection, where: str, number: int) -> None:
    django.setup()
    _point_at(where)
    from tests.benchmarks import workloads  # noqa: PLC0415  # the models need the settings

    ready = {}
    while (task := pipe.recv()) is not None:
        workload, seconds, threads = task
        if workload not in ready:
            ready[workload] = getattr(workloads, workload)(where, number)
            for _ in range(WARM_ORDERS):
                ready[workload]()
        timed = _timed if threads == 1 else _timed_together
        pipe.send(timed(ready[workload], seconds, threads))


def _timed(order, seconds: float, threads: int) -> float:
    done, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        order()
        done += 1
    return done / spent


def _timed_together(order, seconds: float, threads: int) -> float:
    done, stop = [0] * threads, threading.Event()
    ready = threading.Barrier(threads + 1)

    def work(number: int) -> None:
        try:
            order()
            ready.wait()
            while not stop.is_set():
                order()
                done[number] += 1
        finally:
            _close()

    crew = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for thread in crew:
        thread.start()
    ready.wait()
    began = time.perf_counter()
    stop.wait(seconds)
    stop.set()
    for thread in crew:
        thread.join()
    return sum(done) / (time.perf_counter() - began)


def _close() -> None:
    from django.db import connection  # noqa: PLC0415  # after the settings are there

    connection.close()


def _point_at(where: str) -> None:
    from django.db import connection  # noqa: PLC0415  # after the settings are there
    from environ import Env  # noqa: PLC0415

    facts = Env.db_url_config(where)
    connection.settings_dict.update({key: facts[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")})
