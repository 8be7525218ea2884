#!/usr/bin/env bash
# `make stack` and its relatives: checks everything that can go wrong first, so that nothing is half up.
# NAT=1 adds compose.nat.yml, TLS=1 compose.tls.yml, and each profile `remote-write…` the file of its name.
set -euo pipefail
cd "$(dirname "$0")"
source ./preflight.sh

files=(-f compose.yml)
[ -z "${NAT:-}" ] || files+=(-f compose.nat.yml)
[ -z "${TLS:-}" ] || files+=(-f compose.tls.yml)
for receiver in "${RECEIVERS[@]}"; do
  ! wants "$receiver" || files+=(-f "compose.$receiver.yml")
done

compose() { "${COMPOSE[@]}" --env-file .env "${files[@]}" "$@"; }

up() {
  need_docker
  need_environment
  need_one_gateway
  need_one_receiver
  compose config -q || die "the Compose files are not valid together: the message is above"
  need_volumes
  need_ports
  [ -z "${TLS:-}" ] || ../gateway-config/make-web-config.sh
  compose build || die "the images cannot be built: the message is above"
  # Building takes minutes, in which another program may have taken a port.
  need_ports
  local before
  before=$(compose ps -q)
  if ! compose up -d "$@"; then
    [ -n "$before" ] || compose down >/dev/null 2>&1
    die "not everything came up: the message is above${before:+; \`make stack-logs\` may say more}"
  fi
  wait_healthy
  status
}

# Health is what the images' own checks say; a service that ends by itself is not waited for.
wait_healthy() {
  local end=$((SECONDS + ${WAIT:-180})) waiting
  while :; do
    waiting=
    for id in $(compose ps -q); do
      case "$(state "$id")" in
        running/healthy | running/none) ;;
        running/starting | created/* | restarting/*) waiting="$waiting $(name "$id")" ;;
        *) die "$(name "$id") is $(state "$id"): \`make stack-logs ARGS=$(name "$id")\` shows why" ;;
      esac
    done
    [ -n "$waiting" ] || return 0
    [ "$SECONDS" -lt "$end" ] || die "still not healthy:$waiting"
    sleep 1
  done
}

state() { docker inspect -f '{{.State.Status}}/{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}' "$1"; }
name() { docker inspect -f '{{index .Config.Labels "com.docker.compose.service"}}' "$1"; }
port() { docker inspect -f '{{range .NetworkSettings.Ports}}{{range .}}http://{{.HostIp}}:{{.HostPort}}/ {{end}}{{end}}' "$1" | cut -d' ' -f1; }

# `{job="api", …} => 3.2 @[…]` for each series; promtool is in the image.
ask() { compose exec -T prometheus promtool query instant http://localhost:9090 "$1" 2>/dev/null || true; }

# The smallest number behind `=>` among the series of these labels, as "3 s ago".
age() { awk -v labels="$1" '$0 ~ labels { n = $0; sub(/.*=> /, "", n); sub(/ .*/, "", n); if (best == "" || n + 0 < best) best = n + 0 } END { if (best != "") printf "%.0f s ago", best; else printf "-" }'; }

status() {
  need_docker
  local ids scraped pushed id service job
  ids=$(compose ps -q)
  [ -n "$ids" ] || die "nothing is running: \`make stack\` starts it"
  scraped=$(ask 'time() - timestamp(up == 1)')
  pushed=$(ask 'time() - push_time_seconds')
  printf '%-14s %-18s %-26s %-12s %s\n' SERVICE HEALTH URL 'LAST SCRAPE' 'LAST PUSH'
  for id in $ids; do
    service=$(name "$id")
    case "$service" in
      api) job=api-pull ;; agent) job=agent-fallback ;; gateway) job=pushgateway ;; *) job=$service ;;
    esac
    printf '%-14s %-18s %-26s %-12s %s\n' "$service" "$(state "$id" | tr / ' ')" "$(port "$id")" \
      "$(age "job=\"$job\"" <<<"$(grep -v exported <<<"$scraped" || true)")" \
      "$(case "$service" in api) age 'job="api"' <<<"$pushed" ;; agent) age 'job="pushpull-agent"' <<<"$pushed" ;; *) printf -- - ;; esac)"
  done
}

# Every set of files and profiles, without a daemon.
config() {
  COMPOSE=(docker compose)
  docker compose version >/dev/null 2>&1 || COMPOSE=(docker-compose)
  local extra profiles receiver
  for extra in "" compose.nat.yml compose.tls.yml; do
    for profiles in pushgateway,grafana gateway "${RECEIVERS[@]/#/pushgateway,}"; do
      # What the profile adds besides: no file for `gateway` and the like.
      receiver=compose.${profiles#*,}.yml
      COMPOSE_PROFILES=$profiles GRAFANA_ADMIN_PASSWORD=only-checked "${COMPOSE[@]}" --env-file .env.example -f compose.yml ${extra:+-f "$extra"} $([ ! -e "$receiver" ] || echo -f "$receiver") config -q
    done
  done
}

case "${1:-}" in
  up) shift && up "$@" ;;
  down) shift && need_docker && compose --profile '*' down --remove-orphans "$@" ;;
  logs) shift && need_docker && compose logs -f --tail=100 "$@" ;;
  status) status ;;
  config) config ;;
  *) die "expected up, down, logs, status or config, got \`${1:-}\`" ;;
esac
