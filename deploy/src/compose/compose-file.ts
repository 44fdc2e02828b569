import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { ROOT } from "../root.js";

/** What of a service the checks look at, as docker-compose.yml has it. */
export interface Service {
  readonly image: string;
  readonly build?: string;
  readonly pull_policy?: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly container_name?: string;
  readonly stop_grace_period?: string;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly networks?: readonly string[] | Readonly<Record<string, { readonly ipv4_address?: string }>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** docker-compose.yml with its anchors merged. */
export function readComposeFile(): ComposeFile {
  return parse(readFileSync(`${ROOT}docker-compose.yml`, "utf8"), { merge: true }) as ComposeFile;
}

/** Whether it runs the product. */
export function isOurs({ image }: Service): boolean {
  return image.startsWith("lastknown:");
}

/** A mount as its short form says: `source:target[:mode]`. */
export function mountsOf({ volumes = [] }: Service): { source: string; target: string }[] {
  return volumes.map((volume) => {
    const [source = "", target = ""] = volume.split(":");
    return { source, target };
  });
}

/** Published ports as their short form says: `host:hostPort:port`. */
export function portsOf({ ports = [] }: Service): { host: string; published: number; target: number }[] {
  return ports.map((port) => {
    const [host = "", published = "", target = ""] = port.split(":");
    return { host, published: Number(published), target: Number(target) };
  });
}
