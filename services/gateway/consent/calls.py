"""What all calls to auth about consents and grants share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from services.gateway.peers import AUTH
from services.gateway.people.sight import Person
from snowlight.errors import SnowlightError
from snowlight.rpc.status import remote_errors


def caller_fields(person: Person) -> dict[str, Any]:
    """Fields of every request to auth that a person makes."""
    return {"access_token": person.access_token, "remote_address": person.address}


@contextmanager
def auth_errors() -> Iterator[None]:
    """`remote_errors` of auth, which names the fields that people write as cameras' names by uid."""
    try:
        with remote_errors(AUTH):
            yield
    except SnowlightError as error:
        if not error.field.startswith("camera_uid"):
            raise
        detail, field = (text.replace("camera_uid", "camera") for text in (error.detail, error.field))
        raise type(error)(error.code, detail, field=field) from error
