import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate for 127.0.0.1 that is its own authority, with its key, as files for the tests. */
export interface TlsFixture {
  readonly directory: string;
  readonly certPath: string;
  readonly keyPath: string;
  remove(): void;
}

/** Made anew for each test with openssl, so that no private key lies in the repository. */
export function makeTlsFixture(): TlsFixture {
  const directory = mkdtempSync(join(tmpdir(), "lastknown-tls-"));
  const certPath = join(directory, "cert.pem");
  const keyPath = join(directory, "key.pem");
  const request = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-days",
    "2",
  ];
  const names = ["-subj", "/CN=lastknown-test", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync("openssl", [...request, ...names, "-keyout", keyPath, "-out", certPath], { stdio: "pipe" });
  return { directory, certPath, keyPath, remove: () => rmSync(directory, { recursive: true }) };
}
