"""Somebody with a browser that runs no scripts: cookies, pages, forms with their token.

Over a socket or straight into an app: it is the same client.
"""

from __future__ import annotations

import re

import httpx
from flask import Flask

from tests.fixtures_store import PASSWORD

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Visitor:
    """One browser."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    @classmethod
    def of(cls, app: Flask, url: str = "http://localhost", **environ: str) -> Visitor:
        """One who reaches an app in this process, as if from `REMOTE_ADDR`."""
        transport = httpx.WSGITransport(
            app=app, remote_addr=environ.get("REMOTE_ADDR", "127.0.0.1")
        )
        return cls(httpx.Client(transport=transport, base_url=url, timeout=30))

    @classmethod
    def at(cls, url: str) -> Visitor:
        """One who reaches a server; no connection is left open."""
        return cls(
            httpx.Client(base_url=url, timeout=30, headers={"Connection": "close"})
        )

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Open a page."""
        return self.client.get(path, headers=headers)

    def post(self, path: str, **fields: str) -> httpx.Response:
        """Send a form as it stands on a page of ours."""
        return self.client.post(path, data={"csrf_token": self.token()} | fields)

    def token(self) -> str:
        """The token that forms bear in this session."""
        page = self.get("/desk/password")
        if page.status_code == httpx.codes.SEE_OTHER:
            page = self.get("/desk/sign-in")
        found = TOKEN.search(page.text)
        assert found, page.text
        return found[1]

    def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        """Fill in the form and send it."""
        return self.post("/desk/sign-in", name=name, password=password)

    def is_signed_in(self) -> bool:
        """Whether pages open."""
        return self.get("/desk/password").status_code == httpx.codes.OK

    @property
    def cookie(self) -> str:
        """The session's cookie."""
        (cookie,) = self.client.cookies.jar
        assert cookie.value
        return cookie.value
