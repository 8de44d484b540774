"""What keeps long work quick: the next piece is made ready meanwhile, and the heap is not searched in vain."""

import gc
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterable[T]) -> Generator[T, None, None]:
    """The items in their order, each made by another thread while the one before is in use."""
    end = object()
    source = iter(items)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, source, end)
        while (item := coming.result()) is not end:
            coming = pool.submit(next, source, end)
            yield item  # type: ignore[misc]  # anything but the end


@contextmanager
def steady_heap() -> Iterator[None]:
    """Leave what is there already out of the collector's rounds, which a million new rows would set off."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def no_collection() -> Iterator[None]:
    """Let nothing be searched for cycles meanwhile; for work that makes many objects and keeps them to its end."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
