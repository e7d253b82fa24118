"""A webhook goes to the address that was checked, and only to whom it is meant for."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import trustme

from service.webhooks.posting import NotSent, post

NAME = "news.example"
BODY = b'{"type":"comment.accepted"}'
PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(autouse=True)
def resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name leads to this machine, as some name server may say."""
    resolve = socket.getaddrinfo

    def here(host: str, *rest: object, **more: object) -> object:
        host = "127.0.0.1" if host.endswith(".example") else host
        return resolve(host, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", here)


@contextmanager
def serving(context: ssl.SSLContext) -> Iterator[tuple[int, list[bytes]]]:
    """A server that answers 204 over TLS; its port, and what it was sent."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            try:
                with context.wrap_socket(connection, server_side=True) as secure:
                    sent = b""
                    while not sent.endswith(BODY):
                        sent += secure.recv(65536)
                    heard.append(sent)
                    secure.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            except OSError:
                connection.close()  # The client believes us nothing.

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], heard
        thread.join(PATIENCE_S)


def server_context(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def send(
    url: str, context: ssl.SSLContext | None = None, timeout_s: float = PATIENCE_S
) -> int:
    return post(
        url,
        BODY,
        {"webhook-id": "msg_1"},
        context=context or ssl.create_default_context(),
        timeout_s=timeout_s,
        private=True,
    )


def test_the_certificate_is_that_of_the_name_and_not_of_the_address(
    authority: trustme.CA,
) -> None:
    with serving(server_context(authority, NAME)) as (port, heard):
        status = send(f"https://{NAME}:{port}/hook?a=b", trusting(authority))

    assert status == 204
    assert heard[0].startswith(b"POST /hook?a=b HTTP/1.1\r\n")
    assert f"\r\nHost: {NAME}:{port}\r\n".encode() in heard[0]
    assert b"\r\nwebhook-id: msg_1\r\n" in heard[0]


@pytest.mark.parametrize(
    ("name", "is_trusted"),
    [
        pytest.param("other.example", True, id="of another name"),
        pytest.param(NAME, False, id="of an unknown authority"),
    ],
)
def test_a_wrong_certificate_is_told_nothing(
    authority: trustme.CA, name: str, is_trusted: bool
) -> None:
    context = trusting(authority) if is_trusted else None

    with (
        serving(server_context(authority, name)) as (port, heard),
        pytest.raises(NotSent, match="certificate cannot be verified"),
    ):
        send(f"https://{NAME}:{port}/", context)

    assert heard == []


def test_what_speaks_no_tls_is_said_to() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def babble() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"220 mail.example ESMTP\r\n")
                connection.recv(65536)

        thread = threading.Thread(target=babble)
        thread.start()
        with pytest.raises(NotSent, match="No encrypted connection can be made"):
            send(f"https://{NAME}:{listener.getsockname()[1]}/")
        thread.join(PATIENCE_S)


def test_where_one_address_refuses_the_next_is_tried(
    monkeypatch: pytest.MonkeyPatch, authority: trustme.CA
) -> None:
    with serving(server_context(authority, NAME)) as (port, heard):
        hosts = "127.0.0.2", "127.0.0.1"
        places = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in hosts
        ]
        resolve = socket.getaddrinfo

        def both(host: str, *rest: object, **more: object) -> object:
            if host == NAME:
                return places
            return resolve(host, *rest, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(socket, "getaddrinfo", both)
        status = send(f"https://{NAME}:{port}/", trusting(authority))

    assert (status, len(heard)) == (204, 1)


def test_all_of_it_together_ends_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        start = time.monotonic()

        with pytest.raises(NotSent, match=r"no answer within 0\.3 s"):
            send(url, timeout_s=0.3)

    assert 0.3 <= time.monotonic() - start < PATIENCE_S


def test_a_name_that_is_not_resolved_in_time_is_waited_for_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answered = threading.Event()

    def silent(*_: object, **__: object) -> object:
        answered.wait(PATIENCE_S)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    start = time.monotonic()

    with pytest.raises(NotSent, match=r"no answer within 0\.3 s"):
        send(f"http://{NAME}/", timeout_s=0.3)

    took = time.monotonic() - start
    answered.set()
    assert 0.3 <= took < PATIENCE_S / 2
