#!/bin/sh
# Makes one Redis Cluster of the nodes that are named (address:port), each master with one replica, and waits until
# it is whole. Where they are a cluster already it only waits.
set -eu

WHOLE_WITHIN_SECONDS=60

first_host=${1%:*}
first_port=${1##*:}

info() {
  redis-cli -h "$first_host" -p "$first_port" cluster info | tr -d '\r'
}

if info | grep -qx 'cluster_known_nodes:1'; then
  redis-cli --cluster create "$@" --cluster-replicas 1 --cluster-yes
fi

waited=0
until info | grep -qx 'cluster_state:ok' && info | grep -qx "cluster_known_nodes:$#"; do
  if [ "$waited" -ge "$WHOLE_WITHIN_SECONDS" ]; then
    echo "the Redis Cluster is not whole after $WHOLE_WITHIN_SECONDS s:" >&2
    info >&2
    exit 1
  fi
  sleep 1
  waited=$((waited + 1))
done
echo "the Redis Cluster of $# nodes is whole"
