# A Redis and a Postgres of the checkout's own, under .run/, on loopback with passwords. Sourced after common.sh.
# Both run in sessions of their own, so that Ctrl-C reaches the script first and the servers are stopped last.

redis_pids=() postgres_pid=''

secret() { # NAME: a random password, made once
  [[ -s $state/$1 ]] || (umask 077 && head -c 18 /dev/urandom | base64 | tr '+/' 'xy' >"$state/$1")
  cat "$state/$1"
}

# A Redis that outlived its run (the script was killed) would write the same files; Postgres notices that by itself.
end_leftover() { # FOLDER
  local old
  old=$(cat "$1/redis.pid" 2>/dev/null || true)
  if [[ -n $old && $(cat "/proc/$old/comm" 2>/dev/null) == redis-server ]]; then
    say "stopping a Redis that an earlier run left behind (process $old)"
    kill -TERM "$old"
    wait_until "it has stopped" sh -c "! kill -0 $old"
  fi
}

# Starts a Redis in a folder. What follows the port are further lines of its configuration.
start_redis_in() { # FOLDER PORT PASSWORD LINE...
  local folder=$1 port=$2 password=$3
  shift 3
  mkdir -p "$folder"
  end_leftover "$folder"
  (umask 077 && cat >"$folder/redis.conf" <<CONF
bind 127.0.0.1
port $port
requirepass $password
dir "$folder"
pidfile "$folder/redis.pid"
appendonly yes
appendfsync always
no-appendfsync-on-rewrite no
save ""
maxmemory-policy noeviction
$(printf '%s\n' "$@")
CONF
  )
  setsid redis-server "$folder/redis.conf" >"$folder.log" 2>&1 </dev/null &
  redis_pids+=($!)
  export REDISCLI_AUTH=$password
  wait_until "Redis answers (see ${folder#"$root"/}.log)" sh -c "redis-cli -p $port ping | grep -q PONG"
}

start_redis() {
  local port password
  port=$(free_port "${LOCAL_REDIS_PORT:-19379}") password=$(secret redis.password)
  start_redis_in "$state/redis" "$port" "$password"
  export REDIS_URL=redis://:$password@127.0.0.1:$port
}

# Three primaries, each with a replica. The nodes keep their ports, because each knows the others by them.
start_cluster() {
  local password port ports nodes=()
  password=$(secret redis.password)
  if [[ ! -s $state/cluster.ports ]]; then
    # The bus of a node is on its port + 10000, which must be below the ports of outgoing connections.
    port=${LOCAL_CLUSTER_PORT:-17001} ports=()
    while ((${#ports[@]} < 6)); do
      port=$(free_port "$port")
      port_taken $((port + 10000)) || ports+=("$port")
      port=$((port + 1))
    done
    printf '%s\n' "${ports[@]}" >"$state/cluster.ports"
  fi
  mapfile -t ports <"$state/cluster.ports"
  for port in "${ports[@]}"; do
    end_leftover "$state/node-$port"
    ! port_taken "$port" || fail "port $port of the cluster is taken by another program; stop it, or remove ${state#"$root"/}"
    say "starting the Redis node on port $port"
    start_redis_in "$state/node-$port" "$port" "$password" "masterauth $password" "cluster-enabled yes" \
      "cluster-node-timeout 5000" "cluster-require-full-coverage no" "repl-diskless-sync-delay 0"
    nodes+=("127.0.0.1:$port")
  done
  if [[ $(redis-cli -p "${ports[0]}" cluster info) == *cluster_known_nodes:1[^0-9]* ]]; then
    say "forming the cluster: three primaries, each with a replica"
    redis-cli --cluster create "${nodes[@]}" --cluster-replicas 1 --cluster-yes >"$state/cluster.log" 2>&1 ||
      { tail -n 5 "$state/cluster.log" >&2; fail "the cluster could not be formed: see ${state#"$root"/}/cluster.log"; }
  fi
  for port in "${ports[@]}"; do
    wait_until "the node on port $port is in the cluster" \
      sh -c "redis-cli -p $port cluster info | grep -q cluster_state:ok"
    wait_until "the node on port $port has its replica or primary" \
      sh -c "redis-cli -p $port info replication | grep -Eq 'connected_slaves:1|master_link_status:up'"
  done
  REDIS_URL=redis://:$password@$(IFS=, && printf '%s' "${nodes[*]}")
  export REDIS_URL
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
      { rm -f "$password_file"; tail -n 5 "$state/postgres.log" >&2; fail "initdb failed: see ${state#"$root"/}/postgres.log"; }
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
  wait_until "Postgres answers (see ${state#"$root"/}/postgres.log)" "${psql[@]}" -d postgres -c 'SELECT 1'
  [[ $("${psql[@]}" -d postgres -c "SELECT 1 FROM pg_database WHERE datname = 'ticketblitz'") == 1 ]] ||
    "${psql[@]}" -d postgres -c 'CREATE DATABASE ticketblitz'
  unset PGPASSWORD
  export DATABASE_URL=postgres://ticketblitz:$password@127.0.0.1:$port/ticketblitz
}

stop_servers() {
  [[ -z $postgres_pid ]] || { kill -INT "$postgres_pid" 2>/dev/null || true; wait "$postgres_pid" 2>/dev/null || true; }
  local pid
  for pid in "${redis_pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${redis_pids[@]}"; do wait "$pid" 2>/dev/null || true; done
}
