"""What `snowlight admin` prints."""

from google.protobuf import json_format
from google.protobuf.message import Message


def print_json(message: Message) -> None:
    """One JSON object in a line."""
    print_line(
        json_format.MessageToJson(message, preserving_proto_field_name=True, indent=None, ensure_ascii=False)
    )


def print_line(text: str) -> None:
    """One line of the command's output."""
    print(text)  # noqa: T201 - the command's output
