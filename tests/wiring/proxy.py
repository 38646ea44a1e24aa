"""A proxy that ends TLS, as ``docs/deployment.md`` asks for one: pages and live updates lead to two ports."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from queue import Queue
from typing import Any

from yimai.wiring.network import LOOPBACK, Certificate


@contextmanager
def proxy(port: int, certificate: Certificate, pages: tuple[str, int], live: tuple[str, int]) -> Iterator[None]:
    ready: Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Queue()
    answering: set[asyncio.Task[Any]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            answering.add(task)
        with suppress(OSError, asyncio.IncompleteReadError), closing(writer):
            head = await reader.readuntil(b"\r\n\r\n")
            there = await asyncio.open_connection(*(live if head.split(b" ")[1].startswith(b"/live?") else pages))
            kept = re.sub(rb"(?im)^(connection|x-forwarded-[a-z]+):[^\r]*\r\n", b"", head[:-2])
            told = b"Connection: close\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 198.51.100.7\r\n\r\n"
            there[1].write(kept + told)
            ways = [asyncio.ensure_future(each) for each in (_pipe(reader, there[1]), _pipe(there[0], writer))]
            with closing(there[1]):
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()

    async def main() -> None:
        stop = asyncio.Event()
        async with await asyncio.start_server(answer, LOOPBACK, port, ssl=certificate.context()):
            ready.put((asyncio.get_running_loop(), stop))
            await stop.wait()
        for task in answering:
            task.cancel()
        await asyncio.gather(*answering, return_exceptions=True)
        await asyncio.sleep(0.1)  # a closed connection is let go of in the loop's next rounds, not at once

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    loop, stop = ready.get(timeout=10)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await reader.read(65_536):
            writer.write(part)
            await writer.drain()
