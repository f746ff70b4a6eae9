#!/usr/bin/env bash
# Builds each image that is missing or whose Dockerfile has changed.
#
#   build.sh          all images, of Debian stable
#   build.sh forky    the daemons of that Debian suite, with its name as the tag: newer releases
set -euo pipefail
cd "$(dirname "$0")"

stable=trixie
suite=${1:-$stable}

# If two test runs start at once, the second one waits until the first has built the images.
exec 9>"${TMPDIR:-/tmp}/softspoken-images.lock"
flock 9

for directory in */; do
  name=${directory%/}
  tag=softspoken-interop/$name
  if [ "$suite" != "$stable" ]; then
    grep -q '^ARG SUITE' "$name/Dockerfile" || continue
    tag+=:$suite
  fi
  hash=$(sha256sum <"$name/Dockerfile" | cut -d ' ' -f 1)
  built=$(docker image inspect --format '{{ index .Config.Labels "softspoken.dockerfile" }}' "$tag" 2>/dev/null || true)
  [ "$built" != "$hash" ] || continue

  ./base.sh "$suite"
  echo "Building $tag."
  # The classic builder needs no plugin and always finds a local base image. With the host's network, apt reaches the same
  # hosts as outside. The builder prints a deprecation notice on every run, so its output is shown only if it fails.
  if ! output=$(DOCKER_BUILDKIT=${DOCKER_BUILDKIT:-0} docker build --network host --build-arg "SUITE=$suite" \
    --label "softspoken.dockerfile=$hash" --tag "$tag" "$name" 2>&1); then
    echo "$output" >&2
    exit 1
  fi
done
