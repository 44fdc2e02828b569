#!/bin/sh
# Starts the node of this pod. A cluster knows its nodes by their addresses, and a pod's changes at each start; so each
# node tells that of a service of its own, which stays: redis-address-0 for redis-0.
set -eu

service="redis-address-${POD_NAME##*-}"
address=$(getent hosts "$service" | awk '{ print $1; exit }')
if [ -z "$address" ]; then
  echo "the service $service has no address yet" >&2
  exit 1
fi
# A state's order has 74 characters: with Redis's own limit of 64 no user's hash would be kept compact.
exec redis-server --cluster-enabled yes --cluster-node-timeout 2000 --cluster-announce-ip "$address" \
  --appendonly yes --maxmemory 160mb --maxmemory-policy noeviction --hash-max-listpack-value 512 --dir /data
