#!/bin/sh
# Makes one Redis Cluster of the nodes that are named (address:port), each master with one replica, and waits until
# it is whole. Where they are a cluster already it only waits.
set -eu

WHOLE_WITHIN_SECONDS=60
replicas=$(($# / 2))

first_host=${1%:*}
first_port=${1##*:}

ask() {
  redis-cli -h "$first_host" -p "$first_port" cluster "$1" 2>&1 | tr -d '\r'
}

is_whole() {
  ask info | grep -qx 'cluster_state:ok' &&
    ask info | grep -qx "cluster_known_nodes:$1" &&
    [ "$(ask nodes | grep -c 'slave .* connected$')" -eq "$replicas" ]
}

if ask info | grep -qx 'cluster_known_nodes:1'; then
  redis-cli --cluster create "$@" --cluster-replicas 1 --cluster-yes
fi

waited=0
until is_whole "$#"; do
  if [ "$waited" -ge "$WHOLE_WITHIN_SECONDS" ]; then
    echo "the Redis Cluster is not whole after $WHOLE_WITHIN_SECONDS s:" >&2
    ask info >&2
    ask nodes >&2
    exit 1
  fi
  sleep 1
  waited=$((waited + 1))
done
echo "the Redis Cluster of $# nodes is whole"
