# What the stack needs, checked before anything is started. Sourced by stack.sh.

die() { printf 'stack: %s\n' "$*" >&2; exit 1; }

# Sets COMPOSE to Compose v2, or v1 from 1.29, the first that knows everything the files use.
need_docker() {
  command -v docker >/dev/null || die "docker is missing: install Docker, or use \`make stack-native\`, which needs none"
  docker info >/dev/null 2>&1 || die "no Docker daemon answers ($(docker info 2>&1 | tail -n 1)): start it, as with \`systemctl start docker\`, or use \`make stack-native\`"
  local version
  if docker compose version >/dev/null 2>&1; then
    COMPOSE=(docker compose)
  elif version=$(docker-compose version --short 2>/dev/null); then
    [ "$(printf '%s\n' 1.29.0 "$version" | sort -V | head -n 1)" = 1.29.0 ] \
      || die "docker-compose is $version: expected 1.29 or newer, or Compose v2"
    # Without these the builds go through the old builder, which knows no caches for stages.
    export DOCKER_BUILDKIT="${DOCKER_BUILDKIT-1}" COMPOSE_DOCKER_CLI_BUILD="${COMPOSE_DOCKER_CLI_BUILD-1}"
    COMPOSE=(docker-compose)
  else
    die "Compose is missing: install Compose v2 (the plugin \`docker compose\`) or docker-compose 1.29"
  fi
}

# What the agent may write to, beside what it pushes: profiles, each with a Compose file of its name.
RECEIVERS=(remote-write remote-write-cluster remote-write-mimir)

setting() { [ ! -e .env ] || sed -n "s/^$1=//p" .env | tail -n 1; }

need_environment() {
  if [ ! -e .env ]; then
    local password
    password=$(LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 24 || true)
    (umask 077 && sed "s/^GRAFANA_ADMIN_PASSWORD=.*/GRAFANA_ADMIN_PASSWORD=$password/" .env.example >.env)
    echo "stack: made docker/.env; Grafana's password for admin is in it"
  fi
  local password="${GRAFANA_ADMIN_PASSWORD:-$(setting GRAFANA_ADMIN_PASSWORD)}"
  [ -n "$password" ] || die "GRAFANA_ADMIN_PASSWORD is empty in docker/.env: set it, or remove the file to get a new one"
  [ "$password" != admin ] || die "GRAFANA_ADMIN_PASSWORD is \`admin\` in docker/.env: choose another"
  [ "${#password}" -ge 8 ] || die "GRAFANA_ADMIN_PASSWORD in docker/.env has ${#password} characters: expected 8 or more"
}

# Whether a service is among those of the profiles: Compose v1 lists them all.
wants() {
  case "$1" in
    pushgateway | gateway | grafana | remote-write*) [[ ",$(profiles)," == *",$1,"* ]] ;;
    *) true ;;
  esac
}

profiles() { printf %s "${COMPOSE_PROFILES:-$(setting COMPOSE_PROFILES)}"; }

need_one_gateway() {
  if wants pushgateway && wants gateway; then
    die "COMPOSE_PROFILES names both \`pushgateway\` and \`gateway\`: one stands in the other's place"
  fi
  wants pushgateway || wants gateway ||
    die "COMPOSE_PROFILES in docker/.env is \`$(profiles)\`: expected \`pushgateway\` or \`gateway\` among them"
}

need_one_receiver() {
  local receiver found=()
  for receiver in "${RECEIVERS[@]}"; do
    ! wants "$receiver" || found+=("$receiver")
  done
  [ "${#found[@]}" -le 1 ] || die "COMPOSE_PROFILES names ${found[*]}: one of them, since the agent of this stack writes to one"
}

# The Compose files that are in use.
in_use() { printf '%s\n' "${files[@]}" | grep -v '^-f$'; }

# A volume that another version has written may not be readable any more, or not in both directions.
need_volumes() {
  local project volume wanted found
  project="${COMPOSE_PROJECT_NAME:-$(setting COMPOSE_PROJECT_NAME)}"
  while read -r volume wanted; do
    found=$(docker volume inspect -f '{{index .Labels "pushpull.data"}}' "${project}_$volume" 2>/dev/null) || continue
    [ "$found" = "$wanted" ] || die "volume ${project}_$volume was made for \`${found:-an unknown version}\`, expected \`$wanted\`: keep a copy if you need it, then \`make stack-down ARGS=--volumes\`"
  done < <(sed -n 's/^  \([a-z-]*-data\): {labels: {pushpull.data: "\(.*\)"}}$/\1 \2/p' $(in_use))
}

# The ports of services that this stack runs already are its own.
need_ports() {
  local service port owner
  while read -r service port; do
    wants "$service" || continue
    [ -z "$(compose ps -q "$service" 2>/dev/null)" ] || continue
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || continue
    owner=$(ss -ltnpH "sport = :$port" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/ by \1 (pid \2)/p' | head -n 1)
    die "port $port, which $service needs, is taken$owner: end that, then try again"
  done < <(sed -n -e 's/^  \([a-z0-9-]*\):$/\1/p' -e 's/.*ports: \["127\.0\.0\.1:\([0-9]*\):.*/\1/p' $(in_use) |
    awk '/^[0-9]/ { print service, $0; next } { service = $0 }')
}
