// Which file may import what. Pure: paths and specifiers in, a complaint or nothing out.

import { posix } from "node:path";

const SCOPE = "@lastknown/";

/** Folder → the folders whose package it may import. A folder that is not listed here is no package. */
const allowedPackages = {
  shared: [],
  producer: ["shared"],
  consumer: ["shared"],
  query: ["shared"],
  stack: [],
  e2e: ["shared", "stack"],
  cli: ["shared", "producer", "consumer", "query", "stack", "e2e"],
  deploy: ["shared", "stack", "e2e"],
  bench: ["shared", "producer", "consumer", "query", "stack", "cli"],
};

/** Folder of plain scripts → another such folder, whose files it may import: nothing of either is built. */
const plainFolders = { bench: ["scripts"] };

/** Package of a vendor → the folder name outside which nobody knows that vendor. */
const vendorFolders = {
  kafkajs: "kafka",
  ioredis: "redis",
  "@kafkajs/confluent-schema-registry": "registry",
  lmdb: "lmdb",
};

const domainBuiltins = ["node:crypto", "node:buffer"];
const oracle = "e2e/src/oracle/";
const oracleServers = "e2e/src/oracle/servers/";
const environmentReaders = [
  /^shared\/src\/settings\//,
  /^stack\//,
  /^scripts\//,
  /^e2e\//,
  /^bench\//,
  /^deploy\//,
  /\.test\.ts$/,
  // What several tests of one package share.
  /\/test-[^/]+\.ts$/,
];

/**
 * @param {string} file path from the repository's root, with forward slashes
 * @param {string} specifier what stands between the quotes
 * @returns {string | undefined} the complaint
 */
export function complaintAbout(file, specifier) {
  const relative = specifier.startsWith(".");
  const target = relative ? posix.join(posix.dirname(file), specifier) : specifier;
  return (
    complaintAboutPackage(file, target, relative) ??
    complaintAboutVendor(file, specifier) ??
    complaintAboutOracle(file, target, relative) ??
    complaintAboutDomain(file, target, relative)
  );
}

/** @param {string} file */
export function mayReadEnvironment(file) {
  return environmentReaders.some((place) => place.test(file));
}

function complaintAboutPackage(file, target, relative) {
  const [from] = file.split("/");
  const allowed = allowedPackages[from];
  if (allowed === undefined) return undefined;
  if (relative) {
    const [to] = target.split("/");
    return to === from || plainFolders[from]?.includes(to)
      ? undefined
      : `${target} lies outside ${from}: import a package by its name`;
  }
  if (!target.startsWith(SCOPE)) return undefined;
  const [to, ...inside] = target.slice(SCOPE.length).split("/");
  // One word after the name can only be an entry that the package exports: node refuses any other.
  if (inside.length > 1) return `import ${SCOPE}${to} itself, not a file inside it`;
  if (allowed.includes(to)) return undefined;
  return `${from} may import ${allowed.length === 0 ? "no package of ours" : allowed.join(", ")}, not ${to}`;
}

function complaintAboutVendor(file, specifier) {
  for (const [vendor, folder] of Object.entries(vendorFolders)) {
    if (specifier !== vendor && !specifier.startsWith(`${vendor}/`)) continue;
    if (!folderOf(file).includes(folder)) return `${vendor} is imported only in folders named ${folder}/`;
  }
  return undefined;
}

function complaintAboutOracle(file, target, relative) {
  if (!file.startsWith(oracle) || isTest(file)) return undefined;
  if (relative && target.startsWith(oracle)) return undefined;
  if (target.startsWith("node:")) return undefined;
  if (target === `${SCOPE}stack` && file.startsWith(oracleServers)) return undefined;
  return "the oracle shares nothing with the product: node: built-ins, itself, and in servers/ the stack's tools";
}

function complaintAboutDomain(file, target, relative) {
  if (!folderOf(file).includes("domain") || isTest(file)) return undefined;
  if (relative) {
    return folderOf(target).includes("domain") ? undefined : `domain code stays within domain/: ${target}`;
  }
  // The other packages' domain code builds on the shared one, which this same rule keeps pure.
  if (domainBuiltins.includes(target) || target === `${SCOPE}shared`) return undefined;
  return `domain code imports no package but ${domainBuiltins.join(" and ")}`;
}

function folderOf(path) {
  return posix.dirname(path).split("/");
}

function isTest(file) {
  return file.endsWith(".test.ts");
}
