#!/usr/bin/env bash
# Makes the secrets of deploy/compose.yaml, at random, under deploy/secrets; those that are there stay.
#
# A new password for Postgres has to be set in the database too: its volume keeps the one that it was made with.
# The files can be read by everyone who may enter the folder, which is its owner: the containers' users are others.
set -euo pipefail
folder=$(cd "$(dirname "$0")/.." && pwd)/secrets
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"
umask 022
random() { head -c 24 /dev/urandom | base64 | tr '+/' 'xy' | tr -d '=\n'; }
put() { # NAME TEXT
  [[ -e $1 ]] || printf '%s\n' "$2" >"$1"
}
put postgres_password "$(random)"
put database_password "$(random)"
put admin_token "$(random)"
put grafana_password "$(random)"
put database_url "postgres://ticketblitz:$(cat database_password)@postgres:5432/ticketblitz"
[[ -e redis_acl ]] || {
  password=$(random)
  rm -f redis_url
  put redis_url "redis://ticketblitz:$password@redis:6379"
  # What the programs need and no more: their own keys and channel, nothing that can shut down, reconfigure or empty the
  # server. And somebody who can ask whether it is there.
  cat >redis_acl <<ACL
user default off
user health on >health resetkeys resetchannels -@all +ping
user ticketblitz on >$password ~tb:* &tb:* +@read +@write +@scripting +@pubsub +@connection +@blocking -@dangerous -function -script +script|load +info +role +wait +time +config|get
ACL
}
# The same for the nodes of deploy/compose.cluster.yaml. The replicas copy from the primaries with a user of their own, and an
# operator who forms or changes the cluster is `admin`.
[[ -e redis_cluster_acl ]] || {
  password=$(random) replica=$(random)
  rm -f redis_cluster_url redis_cluster_admin redis_cluster_replication
  hosts=redis-1:6379,redis-2:6379,redis-3:6379,redis-4:6379,redis-5:6379,redis-6:6379
  put redis_cluster_url "redis://ticketblitz:$password@$hosts"
  put redis_cluster_admin "$(random)"
  put redis_cluster_replication "masteruser replica
masterauth $replica"
  cat >redis_cluster_acl <<ACL
user default off
user health on >health resetkeys resetchannels -@all +ping
user replica on >$replica resetkeys resetchannels -@all +psync +replconf +ping
user admin on >$(cat redis_cluster_admin) ~* &* +@all
user ticketblitz on >$password ~tb:* &tb:* +@read +@write +@scripting +@pubsub +@connection +@blocking -@dangerous -function -script +script|load +info +role +wait +time +config|get +cluster|slots +cluster|nodes +cluster|info +cluster|myid
ACL
}
echo "secrets are in $folder"
