"""`snowlight verify MANIFEST`: checks an export without any service, wherever it was taken."""

import argparse
import sys
from pathlib import Path

from snowlight.errors import SnowlightError
from snowlight.evidence.manifest import EvidenceClock, EvidenceExporter
from snowlight.evidence.signature import read_public_key
from snowlight.evidence.verification import Verdict, verify


def main(arguments: list[str]) -> int:
    """Returns the process's exit status: 0 whole and as signed, 1 not."""
    options = _parser().parse_args(arguments)
    try:
        trusted = read_public_key(options.key) if options.key else None
        verdict = verify(options.manifest, trusted)
    except SnowlightError as error:
        print(f"snowlight: {error}", file=sys.stderr)  # noqa: T201 - a person asked
        return 1
    for problem in verdict.problems:
        print(f"snowlight: {problem}", file=sys.stderr)  # noqa: T201
    for line in _report(verdict, pinned=trusted is not None):
        print(line)  # noqa: T201
    return 1 if verdict.problems else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="snowlight verify",
        description="Checks an export offline: the manifest's signature, the SHA-256 of every object beside "
        "it, and that footage and gaps account for the whole window.",
    )
    parser.add_argument("manifest", type=Path, help="manifest.json, its .jws and the footage beside it")
    parser.add_argument(
        "--key",
        type=Path,
        help="the cluster's public key (`snowlight admin show-evidence-key`). Without it the export is only "
        "shown to be as its signer made it, whoever that was",
    )
    return parser


def _report(verdict: Verdict, *, pinned: bool) -> list[str]:
    manifest = verdict.manifest
    gaps = sum(len(camera.gaps) for camera in manifest.cameras)
    return [
        f"export:   {manifest.export}, case {manifest.case_number}",
        f"taken by: {manifest.created_by} at {manifest.create_time}: {manifest.reason}",
        *_exporter(manifest.exporter),
        f"window:   {manifest.start} to {manifest.end}, cameras {', '.join(c.uid for c in manifest.cameras)}",
        f"signed:   by {verdict.signer}" + ("" if pinned else " (not compared with a key you trust)"),
        f"footage:  {_footage(verdict)}, {verdict.size} bytes, {gaps} gaps with their causes",
        *(
            f"clock:    of {camera.uid} {_ahead(camera.clock)}"
            for camera in manifest.cameras
            if camera.clock is not None
        ),
        "verdict:  " + ("NOT whole as it was signed" if verdict.problems else "whole and as it was signed"),
    ]


def _exporter(exporter: EvidenceExporter | None) -> list[str]:
    if exporter is None:
        return []
    told = [exporter.person, exporter.unit, exporter.organisation, exporter.incident]
    return [f"for:      {', '.join(text for text in told if text)}"] if any(told) else []


def _ahead(clock: EvidenceClock) -> str:
    way = "ahead" if clock.offset_ms >= 0 else "behind"
    return f"{abs(clock.offset_ms) / 1000:.3f} s {way} at {clock.measured}"


def _footage(verdict: Verdict) -> str:
    if not any(verdict.manifest.rendered()):
        return f"{verdict.objects} objects"
    objects = (
        "without the objects they were made of" if verdict.rendered_alone else f"{verdict.objects} objects"
    )
    return f"{verdict.rendered} rendered files, {objects}"
