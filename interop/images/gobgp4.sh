#!/usr/bin/env bash
# Builds the image of the newest GoBGP from the Go module proxy, on top of the image of Debian's GoBGP. Needs Go.
set -euo pipefail
cd "$(dirname "$0")"

command -v go >/dev/null || { echo 'GoBGP 4 is built with Go, and no go command is here.' >&2; exit 1; }
./build.sh # the base image

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
CGO_ENABLED=0 GOBIN=$scratch go install github.com/osrg/gobgp/v4/cmd/gobgpd@latest github.com/osrg/gobgp/v4/cmd/gobgp@latest
printf 'FROM softspoken-interop/gobgp\nCOPY gobgpd gobgp /usr/local/bin/\n' >"$scratch/Dockerfile"
DOCKER_BUILDKIT=${DOCKER_BUILDKIT:-0} docker build --quiet --tag softspoken-interop/gobgp4 "$scratch"
