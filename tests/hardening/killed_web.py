"""The product's WSGI application, whose process dies where a request asks for it: ``X-Kill-Before: 7``.

SIGKILL comes before the seventh statement of that request; ``X-Kill-Before: answer`` when all is done and nothing sent.
"""

import os
import signal
from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection
from django.urls import reverse

from spm.wsgi import application as product
from tests.children import KillBefore

reverse("dashboards:home")  # reads every view, or each process that follows a killed one would, for seconds


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """As the product answers, unless told to die."""
    moment = environ.get("HTTP_X_KILL_BEFORE", "0")
    if moment == "answer":
        product(environ, start_response)
        os.kill(os.getpid(), signal.SIGKILL)
    with connection.execute_wrapper(KillBefore(int(moment))):
        return product(environ, start_response)
