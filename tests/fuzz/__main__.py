"""`python -m tests.fuzz TARGET SECONDS`: Atheris looks for bytes that a target does not bear; `all`: of each.

It goes on from what it knew (`.cache/fuzz`). What it finds lies in the target's corpus, where `test_corpus`
replays it. `make fuzz ARGS="sdp 60"` installs Atheris apart from everything else.
"""

import argparse
import subprocess
import sys

import atheris

with atheris.instrument_imports(include=["services.ingest"]):
    from tests.fuzz.targets import CORPUS, TARGETS

from tests.parts.part import CACHE

_SLOW_S = 10
_MEMORY_MB = 1024
_LONGEST = 1 << 16


def main() -> None:
    """Fuzz what is named. Exits with another code than 0 once something is found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("target", choices=[*TARGETS, "all"])
    parser.add_argument("seconds", type=int, nargs="?", default=60)
    arguments = parser.parse_args()
    if arguments.target != "all":
        _fuzz(arguments.target, arguments.seconds)
    codes = [
        subprocess.run([sys.executable, "-m", "tests.fuzz", target, str(arguments.seconds)]).returncode
        for target in TARGETS
    ]
    sys.exit(any(codes))


def _fuzz(target: str, seconds: int) -> None:
    """Does not return."""
    known, corpus = CACHE / "fuzz" / target, CORPUS / target
    for folder in (known, corpus):
        folder.mkdir(parents=True, exist_ok=True)
    limits = [f"-max_total_time={seconds}", f"-timeout={_SLOW_S}", f"-max_len={_LONGEST}"]
    limits += [f"-rss_limit_mb={_MEMORY_MB}", f"-malloc_limit_mb={_MEMORY_MB}"]
    limits.append(f"-artifact_prefix={corpus}/")
    atheris.Setup([sys.argv[0], *limits, str(known), str(corpus)], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
