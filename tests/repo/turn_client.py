"""A small TURN client that asks for what browsers never ask for.

Libraries refuse to send most of these requests: peers in odd ranges, IPv6 peers and TCP relays.
"""

import hashlib
import hmac
import os
import socket
import struct
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

Address = tuple[str, int]

UDP: Final = 17
TCP: Final = 6
TIMEOUT_S: Final = 3.0

# Methods (RFC 8656, RFC 6062).
ALLOCATE: Final = 0x0003
REFRESH: Final = 0x0004
SEND_INDICATION: Final = 0x0016
CREATE_PERMISSION: Final = 0x0008
CHANNEL_BIND: Final = 0x0009
CONNECT: Final = 0x000A

# Attributes (RFC 8489, RFC 8656).
_USERNAME: Final = 0x0006
_MESSAGE_INTEGRITY: Final = 0x0008
_ERROR_CODE: Final = 0x0009
_CHANNEL_NUMBER: Final = 0x000C
_LIFETIME: Final = 0x000D
_XOR_PEER_ADDRESS: Final = 0x0012
_DATA: Final = 0x0013
_REALM: Final = 0x0014
_NONCE: Final = 0x0015
_REQUESTED_ADDRESS_FAMILY: Final = 0x0017
_REQUESTED_TRANSPORT: Final = 0x0019
_ADDITIONAL_ADDRESS_FAMILY: Final = 0x8000

_COOKIE: Final = 0x2112A442
_ERROR_CLASS: Final = 0x0110
_CLASS_MASK: Final = 0x0110


class NoAnswerError(Exception):
    """The server did not answer, or closed the connection."""


class TurnClient:
    """One control connection to a TURN server, thus at most one allocation."""

    def __init__(self, server: Address, username: str, password: str, transport: int) -> None:
        family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
        kind = socket.SOCK_STREAM if transport == TCP else socket.SOCK_DGRAM
        self._socket = socket.socket(family, kind)
        self._socket.settimeout(TIMEOUT_S)
        self._socket.connect(server)
        self._is_stream = transport == TCP
        self._buffer = b""
        self._username = username
        self._password = password
        self._realm = b""
        self._nonce = b""
        self._channel = 0x4000
        self._allocated = False

    def close(self) -> None:
        """End the allocation, if there is one, and the connection."""
        with self._socket:
            if self._allocated:
                self._request(REFRESH, [(_LIFETIME, bytes(4))])

    def allocate(self, relayed: int, family: int = 4, *, dual: bool = False) -> int:
        """Ask for a relayed address; 0 or the error code.

        Args:
            relayed: the protocol from the relay to peers, `UDP` or `TCP`.
            family: of the relayed address, 4 or 6.
            dual: ask for an IPv6 address beside the IPv4 address (RFC 8656, section 7.1).
        """
        attributes = [(_REQUESTED_TRANSPORT, struct.pack("!B3x", relayed))]
        family_6 = struct.pack("!B3x", 2)
        if dual:
            attributes.append((_ADDITIONAL_ADDRESS_FAMILY, family_6))
        elif family == 6:
            attributes.append((_REQUESTED_ADDRESS_FAMILY, family_6))
        code = self._request(ALLOCATE, attributes)
        self._allocated = code == 0
        return code

    def create_permission(self, peers: Sequence[Address]) -> int:
        """Ask to exchange data with peers; 0 or the error code."""
        return self._request(CREATE_PERMISSION, [self._peer(peer) for peer in peers])

    def channel_bind(self, peer: Address) -> int:
        """Ask for a channel to a peer, of a number never used before; 0 or the error code."""
        self._channel += 1
        number = struct.pack("!HH", self._channel, 0)
        return self._request(CHANNEL_BIND, [(_CHANNEL_NUMBER, number), self._peer(peer)])

    def connect(self, peer: Address) -> int:
        """Ask for a TCP connection to a peer (RFC 6062); 0 or the error code."""
        return self._request(CONNECT, [self._peer(peer)])

    def send(self, peer: Address, data: bytes) -> None:
        """Send data to a peer by an indication, which is never answered."""
        message, _ = _message(SEND_INDICATION, [self._peer(peer), (_DATA, data)])
        self._socket.sendall(message)

    def send_on_channel(self, data: bytes) -> None:
        """Send data by the last channel that was asked for."""
        padding = bytes(-len(data) % 4) if self._is_stream else b""
        self._socket.sendall(struct.pack("!HH", self._channel, len(data)) + data + padding)

    def _peer(self, peer: Address) -> tuple[int, bytes]:
        # XORed with the cookie and, for IPv6, the transaction: packed with the transaction in
        # `_message`, which alone knows it.
        return _XOR_PEER_ADDRESS, struct.pack("!H", peer[1]) + ip_address(peer[0]).packed

    def _request(self, method: int, attributes: list[tuple[int, bytes]]) -> int:
        code, answer = self._exchange(method, attributes)
        if code in (401, 438) and _NONCE in answer:
            renewed = answer[_NONCE] != self._nonce
            self._realm, self._nonce = answer.get(_REALM, self._realm), answer[_NONCE]
            if renewed:
                code, _ = self._exchange(method, attributes)
        return code

    def _exchange(
        self, method: int, attributes: list[tuple[int, bytes]]
    ) -> tuple[int, dict[int, bytes]]:
        key = b""
        if self._nonce:
            login = f"{self._username}:{self._realm.decode()}:{self._password}"
            key = hashlib.md5(login.encode()).digest()
            attributes = [
                *attributes,
                (_USERNAME, self._username.encode()),
                (_REALM, self._realm),
                (_NONCE, self._nonce),
            ]
        message, transaction = _message(method, attributes, key)
        self._socket.sendall(message)
        while True:
            kind, answered, answer = self._receive()
            if answered == transaction:
                break
        if kind & _CLASS_MASK != _ERROR_CLASS:
            return 0, answer
        hundreds, units = answer[_ERROR_CODE][2:4]
        return hundreds * 100 + units, answer

    def _receive(self) -> tuple[int, bytes, dict[int, bytes]]:
        try:
            if self._is_stream:
                head = self._read(20)
                data = head + self._read(int.from_bytes(head[2:4], "big"))
            else:
                data = self._socket.recv(65536)
        except OSError as error:
            raise NoAnswerError(type(error).__name__) from None
        attributes = {}
        at = 20
        while at + 4 <= len(data):
            kind, length = struct.unpack_from("!HH", data, at)
            attributes[kind] = data[at + 4 : at + 4 + length]
            at += 4 + length + -length % 4
        return int.from_bytes(data[:2], "big"), data[8:20], attributes

    def _read(self, n_bytes: int) -> bytes:
        while len(self._buffer) < n_bytes:
            received = self._socket.recv(65536)
            if not received:
                raise NoAnswerError("closed")
            self._buffer += received
        found, self._buffer = self._buffer[:n_bytes], self._buffer[n_bytes:]
        return found


def _message(
    kind: int, attributes: Sequence[tuple[int, bytes]], key: bytes = b""
) -> tuple[bytes, bytes]:
    """A STUN message and its transaction, signed with the key if there is one."""
    transaction = os.urandom(12)
    body = b""
    for name, value in attributes:
        if name == _XOR_PEER_ADDRESS:
            value = _xor_address(value, transaction)
        body += struct.pack("!HH", name, len(value)) + value + bytes(-len(value) % 4)
    if key:
        # The length in the signed header counts the signature already (RFC 8489, section 14.5).
        signed = _header(kind, len(body) + 24, transaction) + body
        body += struct.pack("!HH", _MESSAGE_INTEGRITY, 20)
        body += hmac.new(key, signed, hashlib.sha1).digest()
    return _header(kind, len(body), transaction) + body, transaction


def _header(kind: int, length: int, transaction: bytes) -> bytes:
    return struct.pack("!HHI", kind, length, _COOKIE) + transaction


def _xor_address(value: bytes, transaction: bytes) -> bytes:
    cookie = _COOKIE.to_bytes(4, "big")
    packed = value[2:]
    address: IPv4Address | IPv6Address = ip_address(packed)
    port = int.from_bytes(value[:2], "big") ^ (_COOKIE >> 16)
    mask = (cookie + transaction)[: len(packed)]
    xored = bytes(one ^ other for one, other in zip(packed, mask, strict=True))
    return struct.pack("!xBH", 1 if address.version == 4 else 2, port) + xored
