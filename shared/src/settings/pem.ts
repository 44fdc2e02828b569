import { createPrivateKey, X509Certificate } from "node:crypto";
import { Problem, type Parse } from "./setting.js";
import { Secret } from "./secret.js";

const BEGIN = "-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----";
const END = "-----END (?:X509 |TRUSTED )?CERTIFICATE-----";

/** One certificate or more, each of which can be read. Text around them is let be, as bundles of authorities have it. */
export const certificates: Parse<string> = (text) => {
  // The settings in force are printed, and this one is no secret.
  if (text.includes("PRIVATE KEY-----")) {
    return new Problem("must hold certificates alone: the private key has a setting of its own");
  }
  const blocks = blocksOf(text);
  const begun = text.match(new RegExp(BEGIN, "g"))?.length ?? 0;
  if (begun === 0) return new Problem("must be certificates in PEM");
  if (begun > blocks.length) return new Problem("must be whole certificates in PEM: one has no end");
  const unreadable = blocks.findIndex((block) => !isReadable(() => new X509Certificate(block)));
  if (unreadable === -1) return text;
  const which = blocks.length === 1 ? "it" : `number ${unreadable + 1} of ${blocks.length}`;
  return new Problem(`must be certificates in PEM: ${which} cannot be read`);
};

/** A private key that can be used as it stands. */
export const privateKey: Parse<Secret> = (text) => {
  if (text.includes("ENCRYPTED")) {
    return new Problem("must be a private key that is not encrypted: there is no setting for its passphrase");
  }
  return isReadable(() => createPrivateKey(text))
    ? new Secret(text)
    : new Problem("must be a private key in PEM");
};

/** Whether the key is that of the first certificate, which is ours; those behind it are its authorities. */
export function belongTogether(cert: string, key: Secret): boolean {
  const [ours = ""] = blocksOf(cert);
  return new X509Certificate(ours).checkPrivateKey(createPrivateKey(key.reveal()));
}

function blocksOf(text: string): readonly string[] {
  return text.match(new RegExp(`${BEGIN}(?:(?!-----BEGIN )[^])*?${END}`, "g")) ?? [];
}

/** node:crypto tells of whatever it cannot read by throwing, with codes that differ by its version. */
function isReadable(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}
