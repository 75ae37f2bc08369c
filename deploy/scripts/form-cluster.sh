#!/usr/bin/env bash
# Forms a Redis Cluster of the addresses in NODES, three primaries and three replicas, unless they are in one already. Runs in
# the container `cluster` of deploy/compose.cluster.yaml.
set -euo pipefail
REDISCLI_AUTH=$(cat /run/secrets/redis_cluster_admin)
export REDISCLI_AUTH
read -r -a nodes <<<"$NODES"
info() { redis-cli -h "$1" --user admin cluster info; }
if [[ $(info "${nodes[0]}") == *cluster_known_nodes:1[^0-9]* ]]; then
  redis-cli --user admin --cluster create "${nodes[@]/%/:6379}" --cluster-replicas 1 --cluster-yes
fi
for node in "${nodes[@]}"; do
  for _ in $(seq 60); do
    [[ $(info "$node") == *cluster_state:ok* ]] && continue 2
    sleep 1
  done
  echo "the node $node is in no cluster that works" >&2
  exit 1
done
echo "the cluster works"
