#!/usr/bin/env bash
# Makes what a Pushgateway with TLS and users needs, and what its clients need to reach it:
#
#   gateway-config/make-web-config.sh [FOLDER [NAME-OR-ADDRESS-OF-THE-GATEWAY]...]
#
#   FOLDER/gateway      web.yml, tls/server.{crt,key}        mount as /etc/pushgateway
#   FOLDER/agent        ca.crt, password                     mount as /etc/pushgateway in the agent
#   FOLDER/prometheus   ca.crt, password, prometheus.yml     the same in Prometheus; the last over its own
#
# FOLDER is var/pushgateway of the repository, which git ignores. Keys and passwords are made once: to
# have new ones, remove it. Only its owner can enter it; what is inside is readable by all, since the users
# inside the containers are others.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/../var/pushgateway}
shift $(($# > 0 ? 1 : 0))

# Prometheus' own configuration, with how it gets in. Written at each run: the original may have changed.
prometheus() {
  awk '{ print } /^  - job_name: pushgateway$/ {
    print "    scheme: https"
    print "    tls_config: {ca_file: /etc/pushgateway/ca.crt}"
    print "    basic_auth: {username: prometheus, password_file: /etc/pushgateway/password}"
  }' "$here/prometheus.yml" >"$1/prometheus/prometheus.yml"
}

if [ -e "$folder" ]; then
  prometheus "$folder"
  echo "$folder is there already: keys and passwords stay"
  exit 0
fi
command -v openssl >/dev/null || { echo "openssl is missing: install it, then run this again" >&2; exit 1; }

# Passwords go through pipes: arguments of a program can be read by every user of the machine.
bcrypt() {
  if command -v htpasswd >/dev/null; then
    htpasswd -niBC 10 x | sed -n 's/^x://p'
  elif perl -e 'exit((crypt("x", q($2b$04$) . "." x 22) // "") !~ /^\$2b\$/)' 2>/dev/null; then
    # Perl has the C library's crypt, which knows bcrypt on today's Linux.
    SALT=$(openssl rand -base64 16 | tr '+' '.') perl -e \
      'my $p = <STDIN>; chomp $p; print crypt($p, q($2b$10$) . substr($ENV{SALT}, 0, 22)), "\n"'
  elif command -v docker >/dev/null; then
    docker run --rm -i "${HTPASSWD_IMAGE:-httpd:2.4-alpine}" htpasswd -niBC 10 x | sed -n 's/^x://p'
  else
    echo "nothing here makes bcrypt hashes: install apache2-utils or perl" >&2
    return 1
  fi
}

# All or nothing: what is half made is no use, and would not be made again.
mkdir -p "$(dirname "$folder")"
umask 077
made=$folder.new.$$
trap 'rm -rf "$made"' EXIT
mkdir -p "$made/gateway/tls" "$made/agent" "$made/prometheus"

names=DNS:pushgateway,DNS:localhost,IP:127.0.0.1
for name in "$@"; do
  [[ $name =~ ^[0-9.]+$|: ]] && names=$names,IP:$name || names=$names,DNS:$name
done
openssl req -x509 -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 825 \
  -subj "/CN=pushpull CA" -keyout "$made/ca.key" -out "$made/ca.crt" 2>/dev/null
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
  -subj "/CN=pushgateway" -keyout "$made/gateway/tls/server.key" -out "$made/server.csr" 2>/dev/null
printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$names" >"$made/extensions"
openssl x509 -req -days 825 -in "$made/server.csr" -CA "$made/ca.crt" -CAkey "$made/ca.key" \
  -CAcreateserial -extfile "$made/extensions" -out "$made/gateway/tls/server.crt" 2>/dev/null

web=$(cat "$here/pushgateway.yml")
for user in agent prometheus; do
  cp "$made/ca.crt" "$made/$user/ca.crt"
  openssl rand -hex 24 >"$made/$user/password"
  hash=$(bcrypt <"$made/$user/password")
  [[ $hash == \$2* ]] || { echo "no bcrypt hash could be made" >&2; exit 1; }
  web=${web//@$user@/$hash}
done
grep -v '^#' <<<"$web" >"$made/gateway/web.yml"

prometheus "$made"
# Nobody signs anything with this CA again.
rm "$made/ca.key" "$made/ca.crt" "$made/server.csr" "$made/extensions" "$made"/*.srl 2>/dev/null || true
chmod -R a+rX "$made"/*
mv "$made" "$folder"
echo "made $folder"
