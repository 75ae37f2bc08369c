# A Redis and a Postgres of the checkout's own, under .run/, on loopback with passwords. Sourced after common.sh.
# Both run in sessions of their own, so that Ctrl-C reaches the script first and the servers are stopped last.

redis_pid='' postgres_pid=''

secret() { # NAME: a random password, made once
  [[ -s $state/$1 ]] || (umask 077 && head -c 18 /dev/urandom | base64 | tr '+/' 'xy' >"$state/$1")
  cat "$state/$1"
}

start_redis() {
  local port password
  mkdir -p "$state/redis"
  # A Redis that outlived its run (the script was killed) would write the same files; Postgres notices that by itself.
  local old
  old=$(cat "$state/redis/redis.pid" 2>/dev/null || true)
  if [[ -n $old && $(cat "/proc/$old/comm" 2>/dev/null) == redis-server ]]; then
    say "stopping a Redis that an earlier run left behind (process $old)"
    kill -TERM "$old"
    wait_until "it has stopped" sh -c "! kill -0 $old"
  fi
  port=$(free_port "${LOCAL_REDIS_PORT:-19379}") password=$(secret redis.password)
  (umask 077 && cat >"$state/redis/redis.conf" <<CONF
bind 127.0.0.1
port $port
requirepass $password
dir "$state/redis"
pidfile "$state/redis/redis.pid"
appendonly yes
appendfsync always
no-appendfsync-on-rewrite no
save ""
maxmemory-policy noeviction
CONF
  )
  setsid redis-server "$state/redis/redis.conf" >"$state/redis.log" 2>&1 </dev/null &
  redis_pid=$!
  export REDISCLI_AUTH=$password
  wait_until "Redis answers (see .run/redis.log)" sh -c "redis-cli -p $port ping | grep -q PONG"
  export REDIS_URL=redis://:$password@127.0.0.1:$port
}

# Postgres does not run as root: then its own user runs it, and that user must be able to enter the folder.
as_postgres() {
  if [[ $(id -u) == 0 ]]; then
    setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
  else
    "$@"
  fi
}

start_postgres() {
  local bin port password data=$state/postgres
  bin=$(postgres_bin) password=$(secret postgres.password)
  mkdir -p "$data"
  if [[ $(id -u) == 0 ]]; then
    if ! as_postgres test -x "$state"; then
      # The checkout lies where only root may go, in /root say: the data goes where Postgres keeps its own.
      data=/var/lib/postgresql/ticketblitz-$(printf '%s' "$root" | cksum | cut -d' ' -f1)
      mkdir -p "$data"
      printf '%s\n' "$data" >"$state/postgres.folder"
    fi
    chown postgres "$data"
  fi
  chmod 700 "$data"
  if [[ ! -s $data/PG_VERSION ]]; then
    local password_file
    password_file=$(mktemp)
    printf '%s\n' "$password" >"$password_file"
    [[ $(id -u) != 0 ]] || chown postgres "$password_file"
    as_postgres "$bin/initdb" -D "$data" -U ticketblitz -E UTF8 --locale=C --auth=scram-sha-256 \
      --pwfile="$password_file" >"$state/postgres.log" 2>&1 ||
      { rm -f "$password_file"; tail -n 5 "$state/postgres.log" >&2; fail "initdb failed: see .run/postgres.log"; }
    rm -f "$password_file"
  fi
  port=$(free_port "${LOCAL_POSTGRES_PORT:-19432}")
  local run=()
  [[ $(id -u) != 0 ]] || run=(setpriv --reuid=postgres --regid=postgres --init-groups --)
  setsid "${run[@]}" "$bin/postgres" -D "$data" -p "$port" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories= >>"$state/postgres.log" 2>&1 </dev/null &
  postgres_pid=$!
  export PGPASSWORD=$password
  local psql=("$bin/psql" -qAt -h 127.0.0.1 -p "$port" -U ticketblitz)
  wait_until "Postgres answers (see .run/postgres.log)" "${psql[@]}" -d postgres -c 'SELECT 1'
  [[ $("${psql[@]}" -d postgres -c "SELECT 1 FROM pg_database WHERE datname = 'ticketblitz'") == 1 ]] ||
    "${psql[@]}" -d postgres -c 'CREATE DATABASE ticketblitz'
  unset PGPASSWORD
  export DATABASE_URL=postgres://ticketblitz:$password@127.0.0.1:$port/ticketblitz
}

stop_servers() {
  [[ -z $postgres_pid ]] || { kill -INT "$postgres_pid" 2>/dev/null || true; wait "$postgres_pid" 2>/dev/null || true; }
  [[ -z $redis_pid ]] || { kill -TERM "$redis_pid" 2>/dev/null || true; wait "$redis_pid" 2>/dev/null || true; }
}
