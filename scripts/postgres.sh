#!/usr/bin/env bash
# A throw-away PostgreSQL server with pgvector for tests, on a loopback port (Debian; `install` needs root).
#
#   scripts/postgres.sh install   installs PostgreSQL and pgvector where they are missing; a pgvector that it builds is kept in CEM_CACHE for later machines
#   scripts/postgres.sh start     starts a fresh server and prints its URL, for CEM_TEST_DATABASE_URL
#   scripts/postgres.sh pool      starts PgBouncer before it, whose few connections belong to a client for one transaction each, and prints the URL; installs it where it is missing
#   scripts/postgres.sh restart   restarts the server as an administrator does: what is under way fails
#   scripts/postgres.sh stop      stops both and removes their files
#
# CEM_POSTGRES_FOLDER: where its files are, for a server of one's own.
# CEM_POSTGRES_ADDRESS: the address it listens on, 127.0.0.1 unless given; whoever reaches another one is trusted.
set -euo pipefail

folder=${CEM_POSTGRES_FOLDER:-/var/tmp/cem-postgres}
address=${CEM_POSTGRES_ADDRESS:-127.0.0.1}
# The release of Debian whose source package of pgvector is built where the machine's own release has no package (version 0.8.0).
pgvector_suite=trixie
cache=${CEM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cem}/postgres

say() { printf 'postgres: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# Folder of the newest installed server's programs, empty when there is none.
server_programs() { find /usr/lib/postgresql -mindepth 3 -maxdepth 3 -path '*/bin/initdb' -printf '%h\n' 2>/dev/null | sort -V | tail -n 1; }
has_pgvector() { [ -e "$("$1/pg_config" --sharedir 2>/dev/null)/extension/vector.control" ]; }

install_server() {
  export DEBIAN_FRONTEND=noninteractive
  say 'installing PostgreSQL'
  # The package would otherwise create and start a server of its own.
  mkdir -p /etc/postgresql-common/createcluster.d
  echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/cem.conf
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends postgresql postgresql-server-dev-all build-essential dpkg-dev >/dev/null
}

# Where the build for this machine's release, architecture and server is kept.
kept_pgvector() { . /etc/os-release && echo "$cache/pgvector-$pgvector_suite-for-$ID-${VERSION_ID:-unknown}-$(dpkg --print-architecture)-postgresql-$1.tar.gz"; }

# Builds pgvector from the source package of a later Debian, fetched from the mirror that this machine uses.
build_pgvector() {
  local programs=$1 kept=$2 work mirror
  work=$(mktemp -d)
  chmod 755 "$work"
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' | grep -v security | head -n 1)
  [ -n "$mirror" ] || fail 'apt names no mirror of Debian'
  mkdir -p "$work/lists/partial" "$work/source"
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $pgvector_suite main" > "$work/sources.list"
  local apt=(apt-get -qq -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$work/lists" -o APT::Sandbox::User=root)
  "${apt[@]}" update
  (cd "$work/source" && "${apt[@]}" source --download-only pgvector && dpkg-source --no-check --extract ./*.dsc tree >/dev/null)
  # apt has checked the files against the signed index; the uploader's own key need not be here.
  # No -march=native: the library may be kept while the machine changes.
  make -s -C "$work/source/tree" PG_CONFIG="$programs/pg_config" OPTFLAGS='' >/dev/null
  make -s -C "$work/source/tree" PG_CONFIG="$programs/pg_config" DESTDIR="$work/installed" install >/dev/null
  mkdir -p "$(dirname "$kept")"
  tar -C "$work/installed" -czf "$kept.$$" .
  mv "$kept.$$" "$kept"
  rm -rf "$work"
}

install() {
  local programs
  programs=$(server_programs)
  if [ -n "$programs" ] && has_pgvector "$programs"; then say "already installed: $programs"; return; fi
  [ "$(id -u)" = 0 ] || fail 'installing needs root'
  if [ -z "$programs" ] || [ ! -e "$("$programs/pg_config" --includedir-server 2>/dev/null)/postgres.h" ]; then
    install_server
    programs=$(server_programs)
  fi
  local version
  version=$(basename "$(dirname "$programs")")
  if apt-get install -y -qq --no-install-recommends "postgresql-$version-pgvector" >/dev/null 2>&1; then say 'pgvector: the package'; return; fi
  local kept
  kept=$(kept_pgvector "$version")
  if [ ! -e "$kept" ]; then
    say "pgvector: building it from the source package of $pgvector_suite"
    build_pgvector "$programs" "$kept"
  fi
  say "pgvector: $kept"
  # Directories that are there keep their owner and mode.
  tar -C / --no-overwrite-dir --no-same-owner -xzf "$kept"
  has_pgvector "$programs" || fail 'pgvector was built but is not where the server looks for it'
}

# Runs a program as a user who may run the server (it refuses root).
as_server_user() { if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi; }

is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() {
  local port
  for port in $(seq 54320 54399); do
    if ! is_open "$port"; then echo "$port"; return; fi
  done
  fail 'no free port from 54320 to 54399'
}

start() {
  local programs port
  programs=$(server_programs)
  [ -n "$programs" ] || fail 'PostgreSQL is not installed: scripts/postgres.sh install'
  stop
  mkdir -p "$folder"
  [ "$(id -u)" != 0 ] || chown postgres "$folder"
  port=$(free_port)
  as_server_user "$programs/initdb" --pgdata="$folder/data" --username=cem --auth=trust --no-sync >/dev/null
  [ "$address" = 127.0.0.1 ] || echo 'host all all all trust' >> "$folder/data/pg_hba.conf"
  as_server_user "$programs/pg_ctl" --pgdata="$folder/data" --log="$folder/log" --wait --silent start \
    --options="-c listen_addresses=$address -c port=$port -c unix_socket_directories=$folder -c fsync=off" >&2 || { cat "$folder/log" >&2; fail 'the server did not start'; }
  as_server_user "$programs/createdb" --host="$address" --port="$port" --username=cem cem_test
  echo "postgres://cem@$address:$port/cem_test"
}

pool() {
  local port server
  # Debian's package lies where users other than root do not look.
  export PATH=$PATH:/usr/sbin
  if ! command -v pgbouncer >/dev/null; then
    [ "$(id -u)" = 0 ] || fail 'installing PgBouncer needs root'
    apt-get update -qq
    # The package starts one with its own configuration, which is not wanted.
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends pgbouncer >/dev/null
    service pgbouncer stop >/dev/null 2>&1 || true
  fi
  server=$(sed -n 4p "$folder/data/postmaster.pid")
  port=$(free_port)
  cat > "$folder/pool.ini" <<END
[databases]
* = host=127.0.0.1 port=$server user=cem
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
server_login_retry = 1
ignore_startup_parameters = extra_float_digits
logfile = $folder/pool.log
pidfile = $folder/pool.pid
END
  as_server_user "$(command -v pgbouncer)" --quiet --daemon "$folder/pool.ini" >&2 || { cat "$folder/pool.log" >&2; fail 'PgBouncer did not start'; }
  # It listens a moment after it has gone into the background.
  for _ in $(seq 100); do is_open "$port" && break; sleep 0.1; done
  echo "postgres://cem@127.0.0.1:$port/cem_test"
}

restart() { as_server_user "$(server_programs)/pg_ctl" --pgdata="$folder/data" --log="$folder/log" --wait --silent --mode=fast restart >&2; }

stop() {
  local programs
  programs=$(server_programs)
  [ ! -e "$folder/pool.pid" ] || kill "$(cat "$folder/pool.pid")" || true
  if [ -n "$programs" ] && [ -e "$folder/data/postmaster.pid" ]; then
    as_server_user "$programs/pg_ctl" --pgdata="$folder/data" --mode=immediate --silent stop || true
  fi
  rm -rf "$folder"
}

case ${1:-} in
  install) install ;;
  start) start ;;
  pool) pool ;;
  restart) restart ;;
  stop) stop ;;
  *) fail 'say install, start, pool, restart or stop' ;;
esac
