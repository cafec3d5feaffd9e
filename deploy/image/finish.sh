#!/bin/sh
# finish.sh TOOLS TARGET WHEEL: Snowlight into the environment TARGET, bytecode of all of it, the check that asks whether
# a process is ready, and the bill of materials (CycloneDX 1.6) at share/sbom.cdx.json.
set -eu
tools=$1
target=$2
wheel=$3
here=$(cd "$(dirname "$0")" && pwd)
"$tools/bin/pip" --python "$target/bin/python" install --quiet --disable-pip-version-check --no-compile \
	--no-deps --no-index "$wheel"
install -m 0644 "$here/ready.py" "$target/bin/ready.py"
# Nobody may write here once it runs, so bytecode is never looked at twice.
"$target/bin/python" -m compileall -q -j 0 --invalidation-mode unchecked-hash "$target/lib"
mkdir -p "$target/share"
"$tools/bin/cyclonedx-py" environment --output-reproducible --spec-version 1.6 --output-format JSON \
	--output-file "$target/share/sbom.cdx.json" "$target/bin/python"
