#!/bin/sh
# dependencies.sh TOOLS TARGET: an environment without pip in TARGET, with what requirements.lock says and nothing else.
set -eu
tools=$1
target=$2
cd "$(dirname "$0")/../.."
python3 -m venv --without-pip "$target"
"$tools/bin/pip" --python "$target/bin/python" install --quiet --disable-pip-version-check --no-compile \
	--only-binary :all: --require-hashes -r requirements.lock
