#!/bin/sh
# strip.sh: takes what installs packages out of the base image's own Python.
set -eu
lib=$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
scripts=$(python3 -c 'import sysconfig; print(sysconfig.get_path("scripts"))')
rm -rf "$lib/ensurepip" "$lib"/site-packages/pip "$lib"/site-packages/pip-* \
	"$lib"/site-packages/setuptools "$lib"/site-packages/setuptools-* "$lib"/site-packages/wheel "$lib"/site-packages/wheel-* \
	"$scripts"/pip "$scripts"/pip3 "$scripts"/pip3.* "$scripts"/wheel
