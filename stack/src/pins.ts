/** The servers' versions. A change here needs a new `checksums.sha256`. */
export const pins = {
  kafka: "4.3.1",
  kafkaScala: "2.13",
  log4j: "2.25.4",
  registry: "3.0.9",
  mavenDependencyPlugin: "3.8.1",
  redisMajorMin: 7,
  javaMajorMin: 17,
} as const;

/** The registry comes from the Maven repository as one archive with all it needs. */
export const registryArchive = `apicurio-registry-app-${pins.registry}-all.tar.gz`;
export const registryRunner = `apicurio-registry-app-${pins.registry}-runner.jar`;
