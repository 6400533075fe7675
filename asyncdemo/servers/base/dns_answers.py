"""What the embedded DNS server answers. Imported by its keeper alone."""

from __future__ import annotations

import asyncio
import re
from typing import Any
from zlib import crc32

from dns import message, rcode, rdatatype, rrset
from dns.exception import DNSException

_DELAY = re.compile(r"\.(\d+)ms\.")
_TTL_S = 300
_NEGATIVE = f"ns.test. nobody.test. 1 3600 600 86400 {_TTL_S}"
"""What an answer that there is no such name has to hold to be kept for a time as well."""


class Answers(asyncio.DatagramProtocol):
    """Knows every name, apart from those that begin with "missing"; takes 20 ms where ".20ms." stands in the name."""

    def connection_made(self, transport: Any) -> None:
        """The socket is there."""
        self._transport = transport

    def datagram_received(self, data: bytes, source: Any) -> None:
        """Answers a question in its time, and nothing to what is none."""
        try:
            question = message.from_wire(data)
            name = question.question[0].name.to_text()
        except (DNSException, IndexError):
            return
        delay = _DELAY.search(name)
        after_s = int(delay[1]) / 1000 if delay else 0
        asyncio.get_running_loop().call_later(after_s, self._transport.sendto, _answer(question, name), source)


def _answer(question: Any, name: str) -> bytes:
    """The answer to a question for the address of `name`."""
    answer = message.make_response(question)
    if question.question[0].rdtype != rdatatype.A:
        pass  # There is such a name, but nothing of that kind.
    elif name.startswith("missing"):
        answer.set_rcode(rcode.NXDOMAIN)
        answer.authority.append(rrset.from_text("test.", _TTL_S, "IN", "SOA", _NEGATIVE))
    else:
        address = f"192.0.2.{crc32(name.encode()) % 254 + 1}"
        answer.answer.append(rrset.from_text(name, _TTL_S, "IN", "A", address))
    wire: bytes = answer.to_wire()
    return wire
