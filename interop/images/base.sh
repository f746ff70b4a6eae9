#!/usr/bin/env bash
# Makes the image of a Debian suite available (default: trixie): the local one, else a pulled one, else one made from packages.
set -euo pipefail

suite=${1:-trixie}
image=debian:$suite-slim

if docker image inspect "$image" >/dev/null 2>&1; then
  exit 0
fi

echo "Pulling $image."
if timeout 90 docker pull --quiet "$image" >/dev/null 2>&1; then
  exit 0
fi

echo "It cannot be pulled; making $image from Debian packages."
if ! command -v mmdebstrap >/dev/null; then
  if [ ! -e /etc/debian_version ] || [ "$(id -u)" != 0 ]; then
    echo "$image can neither be pulled nor made here. Install mmdebstrap, or load the image with docker load." >&2
    exit 1
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mmdebstrap >/dev/null
fi

# If no registry is reachable, apt often needs a mirror or a proxy, too. The apt options of this host are copied into the
# image, so that apt-get in the Dockerfiles uses them.
options=()
mirror=()
if command -v apt-config >/dev/null; then
  while IFS= read -r option; do
    options+=("--aptopt=$option")
  done < <(apt-config dump | grep -E '^Acquire::(Check-|Retries|https?::)' || true)
fi
if command -v apt-get >/dev/null && grep -qx 'ID=debian' /etc/os-release; then
  mapfile -t mirror < <(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | sort -u | head -n 1)
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mmdebstrap --quiet --variant=minbase --include=ca-certificates "${options[@]}" "$suite" "$scratch/base.tar" "${mirror[@]}"
docker import "$scratch/base.tar" "$image" >/dev/null
