"""A small load generator over HTTP/1.1: kept connections, one thread, no more work than reading the answer."""

import selectors
import socket
import time
from dataclasses import dataclass, field
from itertools import count

BODY = (
    '{{"channel":"api","external_number":"{number}","customer":{{"type":"b2c","name":"Lee Kim"}},'
    '"shipping_address":{{"name":"Lee Kim","line1":"14 Wattle Street","city":"Mount Lawley","region":"WA",'
    '"postcode":"6050","country":"AU"}},"currency":"AUD","lines":[{lines}]}}'
)
HEAD = (
    "POST /api/v1/orders HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
    "Content-Type: application/json\r\nIdempotency-Key: {number}\r\nContent-Length: {length}\r\n\r\n"
)


@dataclass(slots=True)
class Outcome:
    """Orders answered with 201, all other answers, and how long each took in seconds."""

    accepted: int = 0
    refused: list[bytes] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def percentile(self, share: float) -> float:
        """The latency in milliseconds that this share of the orders stayed under."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def orders(port: int, token: str, *, connections: int, seconds: float, choose) -> Outcome:
    """Place orders over so many kept connections for so long."""
    outcome, numbers, run = Outcome(), count(), time.time_ns()
    picker = selectors.DefaultSelector()
    began = time.perf_counter()
    for _ in range(connections):
        line = socket.create_connection(("127.0.0.1", port))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _send(picker, line, token, f"{run}-{next(numbers)}", choose())
    while picker.get_map():
        for key, _ in picker.select():
            line, sent_at, answer = key.fileobj, *key.data
            answer += line.recv(65536)
            if not _whole(answer):
                picker.modify(line, selectors.EVENT_READ, (sent_at, answer))
                continue
            now = time.perf_counter()
            outcome.latencies.append(now - sent_at)
            if answer.startswith(b"HTTP/1.1 201"):
                outcome.accepted += 1
            else:
                outcome.refused.append(answer)
            picker.unregister(line)
            if now - began < seconds:
                _send(picker, line, token, f"{run}-{next(numbers)}", choose())
            else:
                line.close()
    outcome.seconds = time.perf_counter() - began
    return outcome


def _send(picker, line: socket.socket, token: str, number: str, skus: list[str]) -> None:
    lines = ",".join(f'{{"sku":"{sku}","quantity":1,"unit_price":"10.00"}}' for sku in skus)
    body = BODY.format(number=number, lines=lines)
    line.sendall((HEAD.format(token=token, number=number, length=len(body)) + body).encode())
    picker.register(line, selectors.EVENT_READ, (time.perf_counter(), b""))


def _whole(answer: bytes) -> bool:
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ),
        0,
    )
    return len(body) >= length
