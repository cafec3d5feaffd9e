#!/bin/sh
# console.sh: builds the console into console/dist, by its lock file. The registry is npm's own configuration.
set -eu
cd "$(dirname "$0")/../../console"
npm ci --no-audit --no-fund
npm run build
