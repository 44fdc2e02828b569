import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { HOST } from "./server-launches.js";

/** By what the API server knows its only user, and what it signs with. All of it is made for one run. */
export interface Credentials {
  readonly token: string;
  /** The API server makes its own certificate there, and signs it itself. */
  readonly certificateFolder: string;
  /** PEM, with the authority behind it; there once the API server listens. */
  readonly certificateFile: string;
  readonly serviceAccountKeyFile: string;
  readonly tokenFile: string;
}

const READABLE_BY_US_ALONE = { mode: 0o600 };

/** Makes keys and a token of an administrator in a folder that only we can read. */
export async function makeCredentials(directory: string): Promise<Credentials> {
  const certificateFolder = join(directory, "certificates");
  await mkdir(certificateFolder, { mode: 0o700 });
  const serviceAccountKeyFile = join(directory, "service-account.pem");
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  await writeFile(serviceAccountKeyFile, pem, READABLE_BY_US_ALONE);
  const token = randomBytes(32).toString("hex");
  const tokenFile = join(directory, "tokens.csv");
  await writeFile(tokenFile, `${token},admin,admin,"system:masters"\n`, READABLE_BY_US_ALONE);
  return {
    token,
    certificateFolder,
    certificateFile: join(certificateFolder, "apiserver.crt"),
    serviceAccountKeyFile,
    tokenFile,
  };
}

/** The file by which kubectl finds the API server and logs in. @returns its path */
export async function writeKubeconfig(
  directory: string,
  apiPort: number,
  { token, certificateFile }: Credentials,
): Promise<string> {
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "test",
        cluster: { server: `https://${HOST}:${apiPort}`, "certificate-authority": certificateFile },
      },
    ],
    users: [{ name: "admin", user: { token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "admin" } }],
    "current-context": "test",
  };
  const path = join(directory, "kubeconfig");
  // JSON is YAML.
  await writeFile(path, JSON.stringify(kubeconfig, null, 2), READABLE_BY_US_ALONE);
  return path;
}
