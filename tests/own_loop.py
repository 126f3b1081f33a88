"""Running something asynchronous from a test, whatever ran before it."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def in_own_loop[T](work: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own: the browser tests leave a loop running in the main one."""
    with ThreadPoolExecutor(1) as own:
        return own.submit(asyncio.run, work).result()
