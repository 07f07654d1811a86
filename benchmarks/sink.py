"""An SMTP server that takes everything and keeps nothing, so that it costs as little as may be.

python -m benchmarks.sink PORT
"""

from __future__ import annotations

import asyncio
import sys


class Sink(asyncio.Protocol):
    """One connection. A message ends with a line of one dot."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.taking, self.rest = transport, False, b""
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.rest += data
        if self.taking:
            end = self.rest.find(b"\r\n.\r\n")
            if end < 0:
                return
            self.rest, self.taking = self.rest[end + 5 :], False
            self.transport.write(b"250 OK\r\n")
        while not self.taking and b"\r\n" in self.rest:
            line, _, self.rest = self.rest.partition(b"\r\n")
            self._answer(line[:4].upper())

    def _answer(self, command: bytes) -> None:
        if command == b"DATA":
            self.taking = True
            self.transport.write(b"354 go on\r\n")
        elif command == b"EHLO":
            self.transport.write(b"250-sink\r\n250 8BITMIME\r\n")
        elif command == b"QUIT":
            self.transport.write(b"221 bye\r\n")
            self.transport.close()
        else:
            self.transport.write(b"250 OK\r\n")


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
