#!/bin/sh
# digest.sh IMAGE: pulls it and prints the digest that pins it, sha256:...
set -eu
docker pull --quiet "$1" >/dev/null
docker image inspect --format '{{index .RepoDigests 0}}' "$1" | sed 's/.*@//'
