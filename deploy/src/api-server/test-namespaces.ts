import { kubectl, kubectlQuietly, manifestOf } from "./test-kubectl.js";

/** Refuses Pods that could do more than they have to, and warns of templates that would make such. */
const RESTRICTED = {
  "pod-security.kubernetes.io/enforce": "restricted",
  "pod-security.kubernetes.io/warn": "restricted",
};

/** Makes a namespace in which Pods can be made. */
export async function makeRestrictedNamespace(name: string): Promise<void> {
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: RESTRICTED } };
  await kubectlQuietly(["create", "-f", "-"], manifestOf(namespace));
  await makeServiceAccount(name);
}

/** What a cluster's own controller does: each namespace has a service account for Pods that name none. */
export async function makeServiceAccount(namespace: string): Promise<void> {
  await kubectlQuietly(["create", "serviceaccount", "default", "--namespace", namespace]);
}

/**
 * Removes a namespace, if it is there, with its service accounts. What a cluster's own controller does: it lets go of a
 * namespace in which nothing is left.
 */
export async function removeNamespace(name: string): Promise<void> {
  const { stdout } = await kubectl(["get", "namespace", name, "--ignore-not-found", "--output", "name"]);
  if (stdout === "") return;
  await kubectlQuietly(["delete", "serviceaccounts", "--all", "--namespace", name]);
  await kubectlQuietly(["delete", "namespace", name, "--wait=false"]);
  const empty = { apiVersion: "v1", kind: "Namespace", metadata: { name }, spec: { finalizers: [] } };
  const place = `/api/v1/namespaces/${name}/finalize`;
  await kubectlQuietly(["replace", "--raw", place, "-f", "-"], JSON.stringify(empty));
}
