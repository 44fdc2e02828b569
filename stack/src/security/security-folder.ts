import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ServerAccess } from "../servers/server-access.js";
import { ADMIN, type Login } from "./rights.js";

/** The stack's own client of its brokers: the name in its certificate, and so that of a super user. */
export const STACK_NAME = "stack";

/** Servers with logins of their own. */
export type LoginServer = "kafka" | "redis" | "registry";

/**
 * The certificates, keys and passwords of one secured stack. The folder is its owner's alone (mode 0700), and so is
 * each file (0600): whoever may read them may all. A password never stands in a command's arguments.
 */
export class SecurityFolder {
  readonly path: string;

  /** @param directory the stack's */
  constructor(directory: string) {
    this.path = join(directory, "security");
  }

  /** The authority that signed every certificate of this stack: what clients trust. */
  get authorityFile(): string {
    return join(this.path, "ca.pem");
  }

  get authorityKeyFile(): string {
    return join(this.path, "ca.key");
  }

  /** For Kafka's own tools, as `--command-config`: by it they are the administrator. */
  get kafkaAdminFile(): string {
    return join(this.path, "kafka-admin.properties");
  }

  certificateFile(name: string): string {
    return join(this.path, `${name}.pem`);
  }

  keyFile(name: string): string {
    return join(this.path, `${name}.key`);
  }

  /** Key and certificate in one file, as Kafka takes them. */
  keyStoreFile(name: string): string {
    return join(this.path, `${name}.keystore.pem`);
  }

  passwordFile(server: LoginServer, login: string): string {
    return join(this.path, `${server}-${login}.password`);
  }

  /** What the stack itself asks its servers with. */
  access(): ServerAccess {
    const read = (file: string): string => readFileSync(file, "utf8");
    return {
      tls: {
        ca: read(this.authorityFile),
        cert: read(this.certificateFile(STACK_NAME)),
        key: read(this.keyFile(STACK_NAME)),
      },
      registryLogin: { username: ADMIN, password: this.password("registry", ADMIN) },
      redisLogin: { username: ADMIN, password: this.password("redis", ADMIN) },
    };
  }

  password(server: LoginServer, login: Login | typeof REPLICA_LOGIN): string {
    return readFileSync(this.passwordFile(server, login), "utf8");
  }
}

/** By it a Redis replica logs in at its master. */
export const REPLICA_LOGIN = "replica";
