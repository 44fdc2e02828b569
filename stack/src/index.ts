export { freePorts } from "./free-ports.js";
export { defaultCacheFolder, ensureJars, type EnsureJarsOptions, type Jars } from "./jars/ensure-jars.js";
export { kafkaTool, type KafkaToolOptions } from "./kafka-tool.js";
export { parentToWatch, whenParentIsGone } from "./lifetime/watch-parent.js";
export { type HeldSpawn, spawnHeld } from "./lifetime/spawn-held.js";
export type { ServerIdentity } from "./lifetime/server-identity.js";
export { StartLock } from "./lifetime/start-lock.js";
export { type TemporaryLaunch, TemporaryServers } from "./lifetime/temporary-servers.js";
export { waitUntil, type WaitOptions } from "./lifetime/wait-until.js";
export { pins } from "./pins.js";
export { prepareServers } from "./prepare-servers.js";
export { type OnProgress, slowStep } from "./progress.js";
export { type CommandOptions, type CommandResult, runCommand } from "./run-command.js";
export { RunningStack, type StackNode } from "./running-stack.js";
export { makeCertificate } from "./security/certificates.js";
export {
  ADMIN,
  type KafkaRight,
  type Login,
  LOGINS,
  type Principal,
  type PrincipalRights,
  PRINCIPALS,
  redisRules,
  type RedisRights,
  rightsOf,
} from "./security/rights.js";
export { SecurityFolder } from "./security/security-folder.js";
export {
  type BrokerUser,
  type SecuredBroker,
  type SecuredBrokerOptions,
  startSecuredBroker,
} from "./servers/secured-broker.js";
export { environmentOf, exportLines, type StackAddresses } from "./stack-addresses.js";
export { StackError, type StackErrorCode } from "./stack-error.js";
export type { ProxyPlace, StackForm, StackSecurity } from "./stack-layout.js";
export { type ServerStatus, stackEnvironment, type StackStatus, stackStatus } from "./stack-status.js";
export { startStack, type StartStackOptions } from "./start-stack.js";
export { stopStack, type StopOptions } from "./stop-stack.js";
export { ensureChromium } from "./tools/ensure-chromium.js";
export { ensureTools, type EnsureToolsOptions, type Tools } from "./tools/ensure-tools.js";
export { unpackDebianPackage } from "./tools/unpack-debian-package.js";
