"""What auth's tables share."""

import json
from typing import Any

import sqlalchemy as sa


class LenientJson(sa.types.TypeDecorator[Any]):
    """JSON that is read as its text where somebody has left none: SQLite keeps anything."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str:
        return json.dumps(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        try:
            return json.loads(value)
        except (TypeError, ValueError):
            return value


metadata = sa.MetaData()
