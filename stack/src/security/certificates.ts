import { generateKeyPairSync } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../run-command.js";
import { StackError } from "../stack-error.js";
import { HOST } from "../stack-layout.js";
import type { SecurityFolder } from "./security-folder.js";
import { writeSecret } from "./write-secret.js";

const OPENSSL_BOUND_MS = 30_000;
/** Longer than a stack lives; its certificates are made anew at each start. */
const AUTHORITY_DAYS = 3650;
/** Of a server's certificate: what more and more clients take at most. */
export const CERTIFICATE_DAYS = 397;

/** Makes the authority of one stack. Nobody else knows its key. */
export async function makeAuthority(folder: SecurityFolder): Promise<void> {
  writeKey(folder.authorityKeyFile);
  await openssl([
    ["req", "-x509", "-new", "-key", folder.authorityKeyFile, "-out", folder.authorityFile],
    ["-days", String(AUTHORITY_DAYS), "-subj", "/CN=lastknown stack"],
  ]);
}

/**
 * Makes a key and a certificate for 127.0.0.1, signed by the stack's authority, for a server that is also a client of
 * its like.
 * @param days from now; a negative number makes one that has expired
 */
export async function makeCertificate(
  folder: SecurityFolder,
  name: string,
  days: number = CERTIFICATE_DAYS,
): Promise<void> {
  const request = join(folder.path, `${name}.csr`);
  const extensions = join(folder.path, `${name}.ext`);
  try {
    writeKey(folder.keyFile(name));
    writeSecret(extensions, `subjectAltName=IP:${HOST}\nextendedKeyUsage=serverAuth,clientAuth\n`);
    await openssl([["req", "-new", "-key", folder.keyFile(name), "-out", request, "-subj", `/CN=${name}`]]);
    await openssl([
      ["x509", "-req", "-in", request, "-out", folder.certificateFile(name)],
      [
        "-CA",
        folder.authorityFile,
        "-CAkey",
        folder.authorityKeyFile,
        "-CAserial",
        join(folder.path, "ca.srl"),
      ],
      ["-CAcreateserial", "-days", String(days), "-extfile", extensions],
    ]);
  } finally {
    rmSync(request, { force: true });
    rmSync(extensions, { force: true });
  }
  const both = [folder.keyFile(name), folder.certificateFile(name)].map((file) => readFileSync(file, "utf8"));
  writeSecret(folder.keyStoreFile(name), both.join(""));
}

/** Node writes the one form of a key that Kafka, Redis and the registry all read. */
function writeKey(file: string): void {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  writeSecret(file, privateKey.export({ type: "pkcs8", format: "pem" }).toString());
}

async function openssl(args: readonly (readonly string[])[]): Promise<void> {
  const { exitCode, stderr } = await runCommand("openssl", args.flat(), { boundMs: OPENSSL_BOUND_MS });
  if (exitCode !== 0) throw new StackError("start", `openssl failed:\n${stderr.toString("utf8").trim()}`);
}
