"""moto's server, and one door beside it: moto knows no past, so that a secret is made old in its model.

Run as a program: `python -P aws_server.py PORT` (-P: files of this folder have the names of libraries).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.secretsmanager.models import secretsmanager_backends
from werkzeug.serving import run_simple

AGE_SECRET = "/rig/age-secret"


def with_a_door(inner: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != AGE_SECRET:
            return inner(environ, start_response)
        told = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        secret: Any = secretsmanager_backends[DEFAULT_ACCOUNT_ID][told["region"]].secrets[told["name"]]
        secret.created_date = secret.last_changed_date = told["at"]
        secret.rotation_requested = secret.rotation_enabled = told["rotation"]
        start_response("204 No Content", [])
        return []

    return application


if __name__ == "__main__":
    run_simple(
        "127.0.0.1", int(sys.argv[1]), with_a_door(DomainDispatcherApplication(create_backend_app)), threaded=True
    )
