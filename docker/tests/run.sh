#!/usr/bin/env bash
# `make test-stack`: the Compose files, as they are, on stand-ins for the official images. As root.
# Starts a Docker daemon where none answers, and ends it again.
set -euo pipefail
cd "$(dirname "$0")"

missing=()
for program in docker dockerd debootstrap docker-compose ss python3; do
  command -v "$program" >/dev/null || missing+=("$program")
done
if [ ${#missing[@]} -gt 0 ]; then
  [ "$(id -u)" = 0 ] || { echo "test-stack: ${missing[*]} missing, and only root can install them"; exit 1; }
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends docker.io docker-compose debootstrap iproute2 iptables
fi

# A client without buildx cannot use BuildKit, which Debian's own still has built in.
docker buildx version >/dev/null 2>&1 || PATH="/usr/bin:$PATH"
daemon=
if ! docker info >/dev/null 2>&1; then
  folder=$(mktemp -d)
  dockerd --data-root "${DOCKER_DATA:-$folder/data}" --exec-root "$folder/exec" --pidfile "$folder/pid" >"$folder/log" 2>&1 &
  daemon=$!
  trap 'kill "$daemon"; wait "$daemon" || true; rm -rf "$folder"' EXIT
  until docker info >/dev/null 2>&1; do
    kill -0 "$daemon" 2>/dev/null || { tail "$folder/log"; echo "test-stack: dockerd ended"; trap - EXIT; exit 1; }
    read -rt 0.2 <> <(:) || true
  done
fi
../standin.sh
python3 -m unittest -v "$@"
