#!/bin/sh
# steps.sh OUT [TOOLS]: what the Dockerfile does, without a container engine: OUT/snowlight is what the image has in
# /opt/snowlight. The console is built where it is not there yet; TOOLS that an earlier run has made are used again.
set -eu
mkdir -p "$1" "${2:-$1/tools}"
out=$(cd "$1" && pwd)
tools=$(cd "${2:-$1/tools}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$out/wheel" "$out/snowlight"
test -f "$here/../../console/dist/index.html" || "$here/console.sh"
test -x "$tools/bin/cyclonedx-py" || "$here/tools.sh" "$tools"
"$here/wheel.sh" "$tools" "$out/wheel"
"$here/dependencies.sh" "$tools" "$out/snowlight"
"$here/finish.sh" "$tools" "$out/snowlight" "$out"/wheel/*.whl
