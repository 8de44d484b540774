"""A real mail server on this machine that keeps what it is given and fails as it is told to."""

import asyncio
import socket
from email import message_from_bytes
from email.message import Message
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class MailServer:
    """``refusals`` are answers to the next recipients or, with ``at_data``, to the next letters."""

    def __init__(self) -> None:
        self.got: list[Message] = []
        self.recipients: list[str] = []
        self.refusals: list[str] = []
        self.refuses_sender = ""
        self.at_data: list[str] = []
        self.drops = 0
        self.calls = 0
        self.port = _free_port()
        self.running: Controller | None = None

    def start(self) -> None:
        self.running = Controller(self, hostname="127.0.0.1", port=self.port)
        self.running.start()

    def stop(self) -> None:
        if self.running is not None:
            self.running.stop()
            self.running = None

    async def handle_MAIL(self, server: SMTP, session, envelope, address: str, options) -> str:
        self.calls += 1
        if self.refuses_sender:
            return self.refuses_sender
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session, envelope, address: str, options) -> str:
        if self.refusals:
            return self.refusals.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session, envelope) -> str:
        if self.at_data:
            return self.at_data.pop(0)
        self.got.append(message_from_bytes(envelope.content, policy=default))
        self.recipients += envelope.rcpt_tos
        if self.drops:
            self.drops -= 1
            # The letter was taken, and its sender never hears so.
            server.transport.close()
            await asyncio.sleep(0)
        return "250 Taken"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
