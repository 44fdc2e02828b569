/** Who asks the servers for something, each with a login of its own and no more rights than it needs. */
export const PRINCIPALS = ["replay", "worker", "query", "tools"] as const;
export type Principal = (typeof PRINCIPALS)[number];

/** May all, on all fleets: whoever runs the servers. The product needs no such user. */
export const ADMIN = "admin";
export type Login = Principal | typeof ADMIN;
export const LOGINS: readonly Login[] = [...PRINCIPALS, ADMIN];

/** As Kafka's own tools write them. */
export type KafkaOperation = "Create" | "Describe" | "DescribeConfigs" | "Read" | "Write";

/** One rule of Kafka's authorizer: this user may do this to the resource of exactly this name, from any host. */
export interface KafkaRight {
  readonly resource: "topic" | "group";
  readonly name: string;
  readonly operation: KafkaOperation;
  /** What for. Read and Write include Describe. */
  readonly purpose: string;
}

export interface RedisRights {
  /** `read` is a key permission `%R~`, `read-write` `%RW~`. */
  readonly keys: "read" | "read-write";
  /** The pattern of the keys. No glob but the last character: a fleet's name can hold none. */
  readonly pattern: string;
  /** In lower case; a subcommand stands after a bar, as in a rule of Redis. */
  readonly commands: readonly string[];
}

export interface PrincipalRights {
  readonly principal: Principal;
  /** The commands of the product that log in so. */
  readonly commands: string;
  readonly kafka: readonly KafkaRight[];
  /** Undefined for one that never asks Redis. */
  readonly redis: RedisRights | undefined;
  /** Whether it asks the schema registry, where whoever is let in may all. */
  readonly registry: boolean;
}

/** What the client needs to find the nodes of a cluster, whatever is asked of it then. */
const CLUSTER_COMMANDS = ["client|setname", "cluster|info", "cluster|slots", "info", "ping", "readonly"];

/** What a worker's two scripts call, and how they are called themselves. */
const SCRIPT_COMMANDS = ["eval", "evalsha", "del", "get", "hget", "hset", "set", "wait"];

/** The rights of each, for the topics, the group and the keys of one fleet. */
export function rightsOf(fleet: string): readonly PrincipalRights[] {
  const [events, audit, letters] = [`${fleet}.events`, `${fleet}.audit`, `${fleet}.dlq`];
  const group = `${fleet}.worker`;
  const pattern = `${fleet}{*`;
  return [
    {
      principal: "replay",
      commands: "`replay`",
      kafka: [
        topic(events, "Write", "send events"),
        topic(audit, "Read", "compare the fleet record, and the registry with the copies of schemas"),
      ],
      redis: undefined,
      registry: true,
    },
    {
      principal: "worker",
      commands: "`consume`",
      kafka: [
        topic(events, "Read", "fetch events, commit their offsets"),
        topic(audit, "Write", "append entries"),
        topic(audit, "Read", "compare the fleet record, find what is appended already, rebuild Redis"),
        topic(letters, "Write", "append dead letters"),
        ofGroup(group, "Read", "join the group, commit"),
      ],
      redis: {
        keys: "read-write",
        pattern,
        commands: [...CLUSTER_COMMANDS, ...SCRIPT_COMMANDS, "hkeys", "hsetnx"].toSorted(),
      },
      registry: true,
    },
    {
      principal: "query",
      commands: "`query`",
      kafka: [
        topic(audit, "Read", "fold the view"),
        topic(events, "Read", "tell how long the oldest record that an answer lacks has waited"),
        topic(letters, "Describe", "tell on its page how many dead letters are kept"),
        ofGroup(group, "Describe", "tell what is committed, and who is in the group"),
      ],
      redis: { keys: "read", pattern, commands: [...CLUSTER_COMMANDS, "get", "hgetall"].toSorted() },
      registry: false,
    },
    {
      principal: "tools",
      commands: "`topics`, `lag`, `dlq`, `export`",
      kafka: [
        ...[events, audit, letters].flatMap((name) => [
          topic(name, "Create", "`topics`: create it"),
          topic(name, "DescribeConfigs", "`topics`: compare it with what is meant"),
        ]),
        topic(audit, "Write", "`topics`: append the fleet record"),
        topic(audit, "Read", "`topics`, `export`: read the fleet record and the entries"),
        topic(events, "Read", "`lag`: tell how long the oldest record that is not committed has waited"),
        topic(letters, "Read", "`dlq`: read dead letters"),
        ofGroup(group, "Describe", "`lag`: tell what is committed"),
      ],
      redis: { keys: "read-write", pattern, commands: [...CLUSTER_COMMANDS, "get", "set"].toSorted() },
      registry: true,
    },
  ];
}

/** The arguments of `ACL SETUSER` after the name and the password, which are also those of a line in an ACL file. */
export function redisRules({ keys, pattern, commands }: RedisRights): string[] {
  return [
    "on",
    "resetchannels",
    `${keys === "read" ? "%R" : "%RW"}~${pattern}`,
    "-@all",
    ...commands.map((command) => `+${command}`),
  ];
}

function topic(name: string, operation: KafkaOperation, purpose: string): KafkaRight {
  return { resource: "topic", name, operation, purpose };
}

function ofGroup(name: string, operation: KafkaOperation, purpose: string): KafkaRight {
  return { resource: "group", name, operation, purpose };
}
