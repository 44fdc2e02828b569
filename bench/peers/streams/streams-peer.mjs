import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildOnce } from "../build-once.mjs";
import { freePorts } from "../../processes/free-ports.mjs";
import { peerProcess } from "../peer-process.mjs";

const SOURCE = fileURLToPath(new URL(".", import.meta.url));
const PROGRAM = join(SOURCE, "NewestWins.java");
const THREADS = 2;
const POLL_RECORDS = 5000;
const MB = 1024 * 1024;
const QUERY_BOUND_MS = 60_000;

/** @returns {Promise<string>} Java's class path of the program */
export async function buildStreams() {
  const built = await buildOnce({
    name: "streams",
    files: [PROGRAM, join(SOURCE, "pom.xml")],
    takes: "a minute, 90 MB",
    tools: [
      { command: "mvn", versionArguments: ["-version"], toGet: "install Maven (package maven)" },
      { command: "javac", versionArguments: ["-version"], toGet: "install a JDK, 17 or later" },
    ],
    steps: [
      ({ target, temporary }) => ({
        command: "mvn",
        args: [
          ["-B", "-ntp", "-C", "-q", "-f", join(SOURCE, "pom.xml")],
          [`-Dmaven.repo.local=${join(temporary, "repository")}`, "dependency:copy-dependencies"],
          ["-DincludeScope=runtime", `-DoutputDirectory=${join(target, "jars")}`],
        ].flat(),
        cwd: temporary,
      }),
      ({ target }) => ({
        command: "javac",
        args: ["-cp", join(target, "jars", "*"), "-d", join(target, "classes"), PROGRAM],
        cwd: target,
      }),
    ],
  });
  return [join(built, "classes"), join(built, "jars", "*")].join(":");
}

/** @param {string} classPath of `buildStreams` */
export async function streamsPeer(place, classPath) {
  const { folder, own, fleet } = place;
  const [port] = await freePorts(1);
  const properties = join(folder, `${own}.properties`);
  await writeFile(properties, propertiesOf(place, port));
  return {
    ...peerProcess(place, {
      command: "java",
      args: [
        ["-Xmx1g", "-XX:+UseParallelGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"],
        ["-cp", classPath, "NewestWins", properties],
      ].flat(),
      environment: fleet.environment,
    }),
    isAskedWhileRunning: true,
    lacking: async (newest) => lackingIn(await tableAt(port), newest),
  };
}

/** What is not told here is as it is by default; acks=all and a changelog are. */
function propertiesOf({ servers, folder, own, group, eventsTopic, auditTopic }, port) {
  const properties = {
    "application.id": group,
    "bootstrap.servers": servers.stack.addresses.kafkaBrokers.join(","),
    "state.dir": join(folder, `${own}-state`),
    "num.stream.threads": THREADS,
    "main.consumer.max.poll.records": POLL_RECORDS,
    "buffered.records.per.partition": POLL_RECORDS,
    "statestore.cache.max.bytes": 64 * MB,
    "producer.batch.size": 256 * 1024,
    "producer.buffer.memory": 64 * MB,
    "events.topic": eventsTopic,
    "audit.topic": auditTopic,
    "queries.port": port,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

/** @returns {Promise<Map<string, number>>} user → µs since 1970 */
async function tableAt(port) {
  const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(QUERY_BOUND_MS) });
  if (!response.ok) throw new Error(`its table cannot be asked: status ${response.status}`);
  const lines = (await response.text()).trimEnd().split("\n");
  return new Map(lines.map((line) => line.split("\t")).map(([user, micros]) => [user, Number(micros)]));
}

function lackingIn(table, newest) {
  return [...newest].filter(([user, ms]) => table.get(user) !== ms * 1000).map(([user]) => user);
}
