import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { freePorts } from "../free-ports.js";
import { Reaper } from "../lifetime/reaper.js";
import { waitUntil } from "../lifetime/wait-until.js";
import { prepareServers } from "../prepare-servers.js";
import { runCommand } from "../run-command.js";
import { StackError } from "../stack-error.js";
import { HOST, layOut, portsNeeded, type StackState } from "../stack-layout.js";
import { StateFile } from "../state-file.js";
import { stopStack } from "../stop-stack.js";
import { brokerLacks } from "./broker-health.js";
import { type BrokerVariant, formatBrokers } from "./kafka.js";
import { ServerFiles } from "./server-files.js";
import { assertAllRun, startOne } from "./start-servers.js";

/** A user that the broker lets in, by PLAIN and by both kinds of SCRAM. */
export interface BrokerUser {
  readonly name: string;
  /** Neither quotes nor commas: it stands in the broker's settings. */
  readonly password: string;
}

/** A broker alone, for tests of connections that are encrypted and logged in. */
export interface SecuredBroker {
  /** `host:port` of the listener that takes TLS and logins only. */
  readonly address: string;
  /** `host:port` of the broker's own listener. Where rights are asked for, whoever comes there has all of them. */
  readonly ownAddress: string;
  /** PEM; signed by itself, so also the authority to trust. */
  readonly certificate: string;
  /** Ends the broker and removes its folder. */
  stop(): Promise<void>;
}

export interface SecuredBrokerOptions {
  /** Default false. True: the user has no right but those that it is given, at the broker's own listener. */
  readonly asksForRights?: boolean;
}

const LISTENER = "SECURED";
const KEY_STORE_PASSWORD = "changeit";
const KEY_TOOL_BOUND_MS = 30_000;
const READY_BOUND_MS = 60_000;

/**
 * Starts a broker with a SASL_SSL listener, a certificate for 127.0.0.1 made for it alone, and one user, in a
 * temporary folder and on free ports. It is gone after `stop`, and however the program ends that started it.
 * Another listener without either is the broker's own, and tells when it is up.
 * @throws StackError
 */
export async function startSecuredBroker(
  user: BrokerUser,
  { asksForRights = false }: SecuredBrokerOptions = {},
): Promise<SecuredBroker> {
  const { tools, jars } = await prepareServers(() => undefined);
  const directory = await mkdtemp(join(tmpdir(), "lastknown-secured-broker-"));
  const reaper = new Reaper({ directory, removeDirectory: true, watched: null });
  const stop = async (): Promise<void> => {
    await stopStack(directory, { quick: true });
    await reaper.release();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const form = { brokers: 1, redisNodes: 3 } as const;
    const [securePort = 0, ...ports] = await freePorts(1 + portsNeeded(form));
    const tuning = { kafkaHeapMb: 256, quickJit: true, redisNodeTimeoutMs: 2000 };
    const layout = layOut(form, ports);
    const state: StackState = { version: 1, layout, ...tuning, formatted: false, servers: {} };
    const stateFile = new StateFile(directory);
    stateFile.write(state);
    const { keyStore, certificate } = await makeCertificate(keyToolBeside(tools.java), directory);
    const files = new ServerFiles(directory, tools, jars);
    const variant = securedVariant(state, { securePort, keyStore, user });
    const settings = { ...variant.settings, ...(asksForRights ? RIGHTS : {}) };
    await formatBrokers(state, stateFile, files, { ...variant, settings });
    for (const broker of layout.brokers) {
      startOne(stateFile, files, broker.name);
      await waitUntil({
        what: "the secured broker is ready",
        boundMs: READY_BOUND_MS,
        lacking: () => brokerLacks(broker, [broker.nodeId]),
        stillPossible: () => assertAllRun(stateFile),
      });
    }
    const ownAddress = `${HOST}:${layout.brokers[0]?.port}`;
    return { address: `${HOST}:${securePort}`, ownAddress, certificate, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Nobody logs in at the other listeners, and the broker itself comes there. */
const RIGHTS = {
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "super.users": "User:ANONYMOUS",
};

function securedVariant(
  state: StackState,
  { securePort, keyStore, user }: { securePort: number; keyStore: string; user: BrokerUser },
): BrokerVariant {
  const [broker] = state.layout.brokers;
  if (broker === undefined) throw new Error("a stack has at least one broker");
  const listeners = [
    `PLAINTEXT://${HOST}:${broker.port}`,
    `CONTROLLER://${HOST}:${broker.controllerPort}`,
    `${LISTENER}://${HOST}:${securePort}`,
  ].join(",");
  const own = `listener.name.${LISTENER.toLowerCase()}`;
  const modules = "org.apache.kafka.common.security";
  const settings = {
    listeners,
    "advertised.listeners": listeners,
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": `PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,${LISTENER}:SASL_SSL`,
    [`${own}.ssl.keystore.type`]: "PKCS12",
    [`${own}.ssl.keystore.location`]: keyStore,
    [`${own}.ssl.keystore.password`]: KEY_STORE_PASSWORD,
    [`${own}.sasl.enabled.mechanisms`]: "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
    [`${own}.plain.sasl.jaas.config`]: `${modules}.plain.PlainLoginModule required user_${user.name}="${user.password}";`,
    [`${own}.scram-sha-256.sasl.jaas.config`]: `${modules}.scram.ScramLoginModule required;`,
    [`${own}.scram-sha-512.sasl.jaas.config`]: `${modules}.scram.ScramLoginModule required;`,
  };
  const formatArguments = ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => [
    "--add-scram",
    `${mechanism}=[name=${user.name},password=${user.password}]`,
  ]);
  return { settings, formatArguments };
}

/** Every JDK and JRE has it beside `java`. */
function keyToolBeside(java: string): string {
  return java.includes("/") ? join(dirname(java), "keytool") : "keytool";
}

async function makeCertificate(
  keyTool: string,
  directory: string,
): Promise<{ keyStore: string; certificate: string }> {
  const keyStore = join(directory, "broker.p12");
  const certificateFile = join(directory, "broker.pem");
  const store = ["-keystore", keyStore, "-storetype", "PKCS12", "-storepass", KEY_STORE_PASSWORD];
  const key = ["-alias", "broker", "-keyalg", "EC", "-groupname", "secp256r1", "-validity", "2"];
  const names = ["-dname", "CN=lastknown-test", "-ext", `san=ip:${HOST}`];
  for (const args of [
    ["-genkeypair", ...store, ...key, ...names],
    ["-exportcert", "-rfc", ...store, "-alias", "broker", "-file", certificateFile],
  ]) {
    const { exitCode, stdout } = await runCommand(keyTool, args, { boundMs: KEY_TOOL_BOUND_MS });
    if (exitCode !== 0) throw new StackError("start", `keytool failed:\n${stdout.toString("utf8").trim()}`);
  }
  return { keyStore, certificate: await readFile(certificateFile, "utf8") };
}
