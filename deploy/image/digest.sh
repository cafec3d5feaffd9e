#!/bin/sh
# digest.sh IMAGE: pulls it and prints the digest that pins it, sha256:... By docker, or what DOCKER names, as podman.
set -eu
engine=${DOCKER:-docker}
"$engine" pull --quiet "$1" >/dev/null
"$engine" image inspect --format '{{index .RepoDigests 0}}' "$1" | sed 's/.*@//'
