#!/bin/sh
# wheel.sh TOOLS OUT: the wheel with the console of console/dist inside, ingest's hot path compiled (SNOWLIGHT_COMPILED=0:
# not). Needs a C compiler, and works on a copy: the sources may be read-only.
set -eu
tools=$1
out=$2
cd "$(dirname "$0")/../.."
test -f console/dist/index.html || { echo "wheel.sh: console/dist is not there: build the console first" >&2; exit 1; }
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r pyproject.toml hatch_build.py README.md snowlight services "$copy"
rm -rf "$copy/services/gateway/console"
cp -r console/dist "$copy/services/gateway/console"
cd "$copy"
SNOWLIGHT_COMPILED=${SNOWLIGHT_COMPILED:-1} "$tools/bin/python" -m hatchling build --target wheel --directory "$out"
