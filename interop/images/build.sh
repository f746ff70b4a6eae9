#!/usr/bin/env bash
# Builds the image of each router that is missing or whose Dockerfile has changed.
set -euo pipefail
cd "$(dirname "$0")"

# Two test runs at once: the second waits, and then finds everything built.
exec 9>"${TMPDIR:-/tmp}/softspoken-images.lock"
flock 9

for directory in */; do
  name=${directory%/}
  tag=softspoken-interop/$name
  hash=$(sha256sum <"$name/Dockerfile" | cut -d ' ' -f 1)
  built=$(docker image inspect --format '{{ index .Config.Labels "softspoken.dockerfile" }}' "$tag" 2>/dev/null || true)
  [ "$built" != "$hash" ] || continue

  ./base.sh
  echo "Building $tag."
  # The classic builder needs no plugin and always sees a local base image; with the host's network, what apt reaches
  # outside it reaches inside. It is told to go away on every run, so what it says is shown only when it fails.
  if ! said=$(DOCKER_BUILDKIT=${DOCKER_BUILDKIT:-0} docker build --network host \
    --label "softspoken.dockerfile=$hash" --tag "$tag" "$name" 2>&1); then
    echo "$said" >&2
    exit 1
  fi
done
