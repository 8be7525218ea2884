#!/usr/bin/env bash
# Stand-ins for the official images, for machines that reach no image registry but a Debian mirror.
#
# A base is made with debootstrap; the names of the official images are then given to images made from
# it with Debian's packages, at the official images' paths, under their users, with their entrypoints.
# The Compose files stay as they are. Versions are Debian's, and there is no Grafana. As root, with a
# Docker daemon, debootstrap, and the Rust toolchain (its crates are taken from Cargo's cache):
#
#   docker/standin.sh            # make them, where they are not there yet
#   docker/standin.sh --remove   # take the names away again
set -euo pipefail
cd "$(dirname "$0")"

PACKAGES=prometheus,prometheus-pushgateway,prometheus-alertmanager,prometheus-node-exporter,busybox-static,gcc,libc6-dev,ca-certificates
BASE=pushpull/standin-base:bookworm

die() { printf 'standin: %s\n' "$*" >&2; exit 1; }
# The pinned name of an image, read from the file that uses it.
pinned() { sed -n "s/.*\(\${$1:-\|$1=\)\([^}]*\)}\?.*/\2/p" compose.yml Dockerfile | head -n 1; }
# Builds an image from standard input, with an empty or given context.
make_image() {
  docker build -t "$1" -f - "${2:-$work/empty}" >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; die "$1 cannot be built"; }
  echo "standin: $1"
}
has() { docker image inspect "$1" >/dev/null 2>&1; }

names=(PROMETHEUS_IMAGE PUSHGATEWAY_IMAGE ALERTMANAGER_IMAGE NODE_EXPORTER_IMAGE RUST_IMAGE RUNTIME_IMAGE)
if [ "${1:-}" = --remove ]; then
  for name in "${names[@]}"; do docker image rm -f "$(pinned "$name")" >/dev/null 2>&1 || true; done
  exit
fi
for program in docker debootstrap rustc cargo; do
  command -v "$program" >/dev/null || die "$program is missing"
done
docker info >/dev/null 2>&1 || die "no Docker daemon answers"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/empty"

if ! has "$BASE"; then
  echo "standin: making the base with debootstrap"
  # Packages are unpacked and configured inside, so their services find no init to start them.
  debootstrap --variant=minbase --include="$PACKAGES" bookworm "$work/root" >"$work/log" 2>&1 \
    || { tail -n 20 "$work/log" >&2; die "debootstrap failed"; }
  rm -rf "$work/root/var/cache/apt" "$work/root/var/lib/apt/lists"
  tar -C "$work/root" -c . | docker import - "$BASE" >/dev/null
  rm -rf "$work/root"
fi

# Official name, program's official path, Debian's program, data folder (also the working directory).
server() {
  has "$(pinned "$1")" && return
  make_image "$(pinned "$1")" <<DOCKERFILE
FROM $BASE
RUN { [ -e $2 ] || ln -s /usr/bin/$3 $2; } && ln -sf /bin/busybox /bin/wget && ln -sf /bin/busybox /bin/nc && \
    mkdir -p $4 && chown 65534:65534 $4
USER 65534:65534
WORKDIR $4
ENTRYPOINT ["$2"]
DOCKERFILE
}
server PROMETHEUS_IMAGE /bin/prometheus prometheus /prometheus
server PUSHGATEWAY_IMAGE /bin/pushgateway prometheus-pushgateway /pushgateway
server ALERTMANAGER_IMAGE /bin/alertmanager prometheus-alertmanager /alertmanager
server NODE_EXPORTER_IMAGE /bin/node_exporter prometheus-node-exporter /node_exporter

if ! has "$(pinned RUNTIME_IMAGE)"; then
  make_image "$(pinned RUNTIME_IMAGE)" <<DOCKERFILE
FROM $BASE AS base
RUN mkdir -p /image/etc/ssl/certs /image/tmp && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ && \
    printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' >/image/etc/passwd
FROM scratch
COPY --from=base /image /
USER 65532
DOCKERFILE
fi

# The crates in it are those of one lock file: with another it is made again.
lock=$(sha256sum ../Cargo.lock | cut -d' ' -f1)
if [ "$(docker image inspect -f '{{index .Config.Labels "pushpull.lock"}}' "$(pinned RUST_IMAGE)" 2>/dev/null)" != "$lock" ]; then
  sysroot=$(rustc --print sysroot) host=$(rustc -vV | sed -n 's/^host: //p')
  home=${CARGO_HOME:-$HOME/.cargo}
  (cd .. && cargo fetch --locked --quiet)
  mkdir -p "$work/rust"/{toolchain/bin,toolchain/lib/rustlib,cargo/registry}
  cp "$sysroot"/bin/{cargo,rustc} "$work/rust/toolchain/bin/"
  cp -a "$sysroot"/lib/*.so* "$work/rust/toolchain/lib/"
  cp -a "$sysroot/lib/rustlib/$host" "$work/rust/toolchain/lib/rustlib/"
  cp -a "$home"/registry/{index,cache} "$work/rust/cargo/registry/"
  # Where the host replaces the source of crates, the image has to know it too, or it finds no cache.
  [ ! -e "$home/config.toml" ] || cp "$home/config.toml" "$work/rust/cargo/config.toml"
  printf '\n[net]\noffline = true\n' >>"$work/rust/cargo/config.toml"
  make_image "$(pinned RUST_IMAGE)" "$work/rust" <<DOCKERFILE
FROM $BASE
LABEL pushpull.lock="$lock"
COPY toolchain /usr/local/
COPY cargo /usr/local/cargo
ENV CARGO_HOME=/usr/local/cargo
DOCKERFILE
fi
