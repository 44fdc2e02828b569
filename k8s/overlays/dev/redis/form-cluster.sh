#!/bin/sh
# Makes one cluster of the nodes that are named, redis-address-0 and so on, by their addresses: CLUSTER MEET takes no
# names.
set -eu

nodes=
for service in "$@"; do
  address=$(getent hosts "$service" | awk '{ print $1; exit }')
  if [ -z "$address" ]; then
    echo "the service $service has no address yet" >&2
    exit 1
  fi
  nodes="$nodes $address:6379"
done
# Addresses have no white space.
# shellcheck disable=SC2086
exec sh /scripts/create-redis-cluster.sh $nodes
