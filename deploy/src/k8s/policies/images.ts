import { workloadsIn } from "../workload.js";
import type { Policy } from "./policy.js";

const PINNED = /^[a-z0-9./-]+:v?\d+\.\d+\.\d+[a-z0-9.-]*(@sha256:[0-9a-f]{64})?$/;

/** Each image is of one version, and of no vendor that takes them back. */
export const pinnedImages: Policy = (objects) =>
  workloadsIn(objects).flatMap(({ name, containers }) =>
    containers.flatMap(({ image }) => [
      ...(PINNED.test(image) ? [] : [`${name}: the image ${image} is not of one version`]),
      ...(image.includes("bitnami")
        ? [`${name}: the image ${image} is of a vendor that took images back`]
        : []),
    ]),
  );
