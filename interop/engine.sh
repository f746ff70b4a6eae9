#!/usr/bin/env bash
# Makes a Docker engine available for the interop lab, and prints one line about it.
# It uses an engine that answers; else, on Debian as root, it installs and starts one.
set -euo pipefail

log=${TMPDIR:-/tmp}/softspoken-dockerd.log

answers() { timeout 10 docker info >/dev/null 2>&1; }

# By the exact process name, because a shell may have "dockerd" in its arguments.
running() { [ -n "$(pidof dockerd || true)" ]; }

# A start script, or another run of this script, may be starting a daemon: poll until it answers, with a bound.
wait_for_answer() {
  local deadline=$((SECONDS + $1))
  until answers; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.5
  done
}

give_up() {
  echo "$*" >&2
  exit 1
}

if answers; then
  echo 'A Docker engine answers; using it.'
  exit 0
fi

if [ ! -e /etc/debian_version ] || [ "$(id -u)" != 0 ]; then
  give_up 'No Docker engine answers. Install and start Docker Engine, make sure `docker info` works for this user,' \
    'and run this again; on Debian this script does all of it when run as root.'
fi

installed=''
if ! command -v dockerd >/dev/null || ! command -v docker >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  # From Debian 13 on the client is a package of its own.
  packages=(docker.io iptables)
  if ! { apt-get update -qq && if apt-cache show docker-cli >/dev/null 2>&1; then packages+=(docker-cli); fi &&
    apt-get install -y -qq --no-install-recommends "${packages[@]}"; } >"$log" 2>&1; then
    give_up "Installing docker.io failed; the output of apt is in $log."
  fi
  installed='Installed docker.io. '
fi

if running; then
  if wait_for_answer 60; then
    echo "${installed}Using the Docker engine that was already starting."
    exit 0
  fi
  give_up 'A dockerd runs, but did not answer within 60 seconds. Check DOCKER_HOST and `docker info`.'
fi

# setsid and nohup: the engine must outlive this script and the terminal it was called from.
setsid nohup dockerd >"$log" 2>&1 </dev/null &
if ! wait_for_answer 60; then
  give_up "Started dockerd, but it did not answer within 60 seconds; see $log."
fi
echo "${installed}Started dockerd; its log is $log."
