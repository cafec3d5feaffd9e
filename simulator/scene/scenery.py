"""The kinds of place a village camera watches."""

from enum import StrEnum


class Scenery(StrEnum):
    GATE = "gate"
    ROAD = "road"
    SQUARE = "square"
    CLINIC = "clinic"
    COMMITTEE = "committee"
    SCHOOL = "school"
    RIVER = "river"
    FIELDS = "fields"
