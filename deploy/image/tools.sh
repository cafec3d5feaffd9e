#!/bin/sh
# tools.sh TOOLS: an environment with what builds the image, by its lock file. None of it gets into the image.
# Where packages come from is pip's own configuration: PIP_INDEX_URL, PIP_FIND_LINKS or PIP_CONFIG_FILE.
set -eu
tools=$1
cd "$(dirname "$0")/../.."
python3 -m venv "$tools"
"$tools/bin/pip" install --quiet --disable-pip-version-check --no-compile \
	--require-hashes -r requirements-image.lock
