"""What a decision costs: Snowlight's own policies, ten thousand regions, nothing decided before."""

import argparse
import random
import statistics
import time
from dataclasses import dataclass

from services.auth.decision import Action
from services.auth.model import CameraFacts, Line, Ownership, Principal, Role
from services.auth.policy.engine import Circumstances, Place, PolicyEngine, Subject
from services.auth.policy.policies import RULES, load_policies

REGIONS = 10_000
ACTIONS = (Action.LIVE, Action.PLAYBACK, Action.CAMERA_READ, Action.CAMERA_MANAGE)
ASKED = Circumstances(incident=True)


@dataclass(frozen=True)
class Question:
    """One of those that are asked."""

    subject: Subject
    camera: CameraFacts
    place: Place
    action: Action


def main() -> None:
    """Print the median of some rounds, in microseconds of CPU a decision."""
    parser = argparse.ArgumentParser(prog="python -m bench decision", description=__doc__)
    parser.add_argument("--decisions", type=int, default=5_000, help="a round (%(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="(%(default)s)")
    options = parser.parse_args()
    policies = load_policies(RULES)
    fresh, again = [], []
    for number in range(options.rounds):
        engine = PolicyEngine(policies)
        questions = _questions(options.decisions, random.Random(number))
        _ask(engine, questions[:100])
        fresh.append(_ask(engine, questions[100:]))
        again.append(_ask(engine, questions[100:]))
    print(f"policies                {len(policies.by_id)}, regions {REGIONS:,}")
    print(f"a decision              {statistics.median(fresh):7.1f} us")
    print(f"the same question again {statistics.median(again):7.1f} us")


def _ask(engine: PolicyEngine, questions: list[Question]) -> float:
    started = time.process_time()
    for one in questions:
        engine.on_camera(one.subject, one.camera, one.place, one.action, ASKED)
    return (time.process_time() - started) / len(questions) * 1e6


def _questions(count: int, chance: random.Random) -> list[Question]:
    """Two hundred people ask for cameras anywhere, half of them in their own town."""
    places = [_place(number) for number in range(REGIONS)]
    people = [_person(number, chance.choice(places)) for number in range(200)]
    questions = []
    for number in range(count):
        place = chance.choice(places)
        camera = CameraFacts(f"c{number}", place.chain[0], chance.choice(list(Ownership)), "", True, "电信")
        questions.append(Question(chance.choice(people), camera, place, chance.choice(ACTIONS)))
    return questions


def _place(number: int) -> Place:
    town = f"421381{number // 20 % 1000:03}"
    return Place((f"{town}{number:05}", town, "421381", "4213", "42"))


def _person(number: int, place: Place) -> Subject:
    line = list(Line)[number % len(Line)]
    role = Role.VIEWER if line is Line.RESIDENT else list(Role)[number % len(Role)]
    scope = place.chain[number % 3]
    principal = Principal(f"p{number}", "", "", "电信", line, frozenset({role}), scope, False, 0, tier=3)
    return Subject(principal)


if __name__ == "__main__":
    main()
