import { ofKind } from "../kubernetes-object.js";
import { workloadsIn, type Container, type Workload } from "../workload.js";
import type { Policy } from "./policy.js";

/** The restricted level of the Pod Security Standards, and a root that nobody writes to where the image is ours. */
export const restrictedPods: Policy = (objects) =>
  workloadsIn(objects).flatMap((workload) => [
    ...podComplaints(workload),
    ...workload.containers.flatMap((container) => containerComplaints(workload, container)),
  ]);

/** Nothing speaks with the API server, and the variables of service links would be taken for settings. */
export const nothingInjected: Policy = (objects) => [
  ...workloadsIn(objects).flatMap(({ name, pod }) => [
    ...(pod.automountServiceAccountToken === false ? [] : [`${name} has a token of the API server`]),
    ...(pod.enableServiceLinks === false ? [] : [`${name} has variables of services (enableServiceLinks)`]),
  ]),
  ...ofKind(objects, "ServiceAccount")
    .filter(
      (account) => !("automountServiceAccountToken" in account && !account.automountServiceAccountToken),
    )
    .map(({ metadata }) => `ServiceAccount ${metadata.name} gives its pods a token`),
];

/** Each namespace has pods below the restricted level refused. */
export const restrictedNamespaces: Policy = (objects) =>
  ofKind(objects, "Namespace")
    .filter(({ metadata }) => metadata.labels?.["pod-security.kubernetes.io/enforce"] !== "restricted")
    .map(({ metadata }) => `Namespace ${metadata.name} does not enforce the restricted level`);

function podComplaints({ name, pod }: Workload): string[] {
  const { runAsNonRoot, runAsUser, seccompProfile } = pod.securityContext ?? {};
  const isOnHost = pod.hostNetwork === true || pod.hostPID === true || pod.hostIPC === true;
  return [
    ...(runAsNonRoot === true ? [] : [`${name} may run as root`]),
    ...(runAsUser !== undefined && runAsUser > 0 ? [] : [`${name} names no user other than root`]),
    ...(seccompProfile?.type === "RuntimeDefault" ? [] : [`${name} has no seccomp profile`]),
    ...(isOnHost ? [`${name} shares namespaces of its host`] : []),
  ];
}

function containerComplaints({ name, labels }: Workload, { securityContext }: Container): string[] {
  const { allowPrivilegeEscalation, privileged, capabilities, readOnlyRootFilesystem } =
    securityContext ?? {};
  const isOurs = labels["app.kubernetes.io/name"] === "lastknown";
  return [
    ...(allowPrivilegeEscalation === false ? [] : [`${name} may gain privileges`]),
    ...(privileged === true ? [`${name} is privileged`] : []),
    ...(capabilities?.drop?.includes("ALL") === true ? [] : [`${name} keeps capabilities`]),
    ...((capabilities?.add ?? []).length === 0 ? [] : [`${name} is given capabilities`]),
    ...(readOnlyRootFilesystem === true || !isOurs ? [] : [`${name} may write to its root`]),
  ];
}
