import { optional, onOff } from "./parsing.js";
import { belongTogether, certificates, privateKey } from "./pem.js";
import type { Secret } from "./secret.js";
import { setting, type Report, type SettingUser, type Values } from "./setting.js";

/** Certificates in PEM; without `ca` the system's authorities are trusted. */
export interface TlsSettings {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: Secret;
}

/** The same in the form that node:tls takes. Only for the code that opens a connection: it holds the key. */
export function tlsOptions(tls: TlsSettings): { ca?: string; cert?: string; key?: string } {
  return {
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key.reveal() }),
  };
}

/** Node's codes for a certificate that is not trusted, not valid now, or not for this host. */
const CERTIFICATE_CODES = new Set([
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REJECTED",
  "CERT_REVOKED",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "INVALID_CA",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** Whether a connection failed by the certificate; trying again does not help. */
export function isCertificateFault(error: unknown): boolean {
  if (typeof error !== "object" || error === null || !("code" in error)) return false;
  return CERTIFICATE_CODES.has(String(error.code));
}

/** The four TLS settings of one server; `prefix` is `kafka`, `redis` or `registry`. */
export function tlsDefinition(prefix: string, usedBy: readonly SettingUser[]) {
  const pem = { default: "", usedBy, fromFile: true };
  return {
    tls: setting({
      name: `${prefix}-tls`,
      parse: onOff,
      default: "off",
      doc: "encrypt the connection",
      usedBy,
    }),
    tlsCa: setting({
      ...pem,
      name: `${prefix}-tls-ca`,
      parse: optional(certificates),
      doc: "certificate authorities to trust, PEM; without it the system's",
    }),
    tlsCert: setting({
      ...pem,
      name: `${prefix}-tls-cert`,
      parse: optional(certificates),
      doc: "our certificate, PEM",
    }),
    tlsKey: setting({
      ...pem,
      name: `${prefix}-tls-key`,
      parse: optional(privateKey),
      doc: "our certificate's private key, PEM",
      secret: true,
    }),
  };
}

/** The section's TLS, or undefined where it is off. */
export function tlsSettings(
  prefix: string,
  values: Values<ReturnType<typeof tlsDefinition>>,
  report: Report,
): TlsSettings | undefined {
  const { tlsCa: ca, tlsCert: cert, tlsKey: key } = values;
  if ((cert === undefined) !== (key === undefined)) {
    report(
      `${prefix}-tls-${cert === undefined ? "cert" : "key"}`,
      "is missing: certificate and key go together",
    );
  }
  if (cert !== undefined && key !== undefined && !belongTogether(cert, key))
    report(`${prefix}-tls-key`, `is not the key of ${prefix}-tls-cert`);
  if (values.tls) {
    return {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    };
  }
  if (ca !== undefined || cert !== undefined)
    report(`${prefix}-tls`, "must be on where certificates are set");
  return undefined;
}
