"""What `snowlight admin` prints."""

from google.protobuf import json_format
from google.protobuf.message import Message


def print_json(message: Message, *, zeros: bool = False) -> None:
    """One JSON object in a line. `zeros` prints fields that hold nothing as well."""
    print_line(
        json_format.MessageToJson(
            message,
            preserving_proto_field_name=True,
            indent=None,
            ensure_ascii=False,
            always_print_fields_with_no_presence=zeros,
        )
    )


def print_line(text: str) -> None:
    """One line of the command's output."""
    print(text)  # noqa: T201 - the command's output
