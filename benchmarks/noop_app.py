"""The least a Flask app can do with JSON: an object in, an object out; the floor."""

from __future__ import annotations

from flask import Flask, Response, jsonify, request


def create_app() -> Flask:
    """A service whose every verdict is accept."""
    app = Flask(__name__)

    @app.post("/v1/moderate")
    def moderate() -> Response:
        body = request.get_json()
        return jsonify(id=body.get("id"), decision="accept", flagged=False, reasons=[])

    @app.get("/readyz")
    def ready() -> Response:
        return jsonify(status="ready")

    return app
