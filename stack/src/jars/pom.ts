import { pins } from "../pins.js";

/** The registry archive's own coordinates, as Maven writes them. */
export const registryArtifact = { groupId: "io.apicurio", artifactId: "apicurio-registry-app" } as const;

/** A pom whose runtime class path is the broker, its tools and the registry's archive, each pinned. */
export function serversPom(): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>lastknown</groupId>
  <artifactId>servers</artifactId>
  <version>1</version>
  <dependencies>
${dependency("org.apache.kafka", `kafka_${pins.kafkaScala}`, pins.kafka)}
${dependency("org.apache.kafka", "kafka-tools", pins.kafka)}
${dependency("org.apache.logging.log4j", "log4j-slf4j-impl", pins.log4j)}
${dependency(registryArtifact.groupId, registryArtifact.artifactId, pins.registry, "<type>tar.gz</type><classifier>all</classifier>")}
  </dependencies>
  <build>
    <plugins>
      <plugin>
        <groupId>org.apache.maven.plugins</groupId>
        <artifactId>maven-dependency-plugin</artifactId>
        <version>${pins.mavenDependencyPlugin}</version>
      </plugin>
    </plugins>
  </build>
</project>
`;
}

/**
 * Stands in for the archive's published pom, whose parent is not in every Maven repository. The archive holds all
 * that the registry needs and is checked by its checksum, so nothing of that pom is of use here.
 */
export function registryStandInPom(): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>${registryArtifact.groupId}</groupId>
  <artifactId>${registryArtifact.artifactId}</artifactId>
  <version>${pins.registry}</version>
</project>
`;
}

function dependency(groupId: string, artifactId: string, version: string, more = ""): string {
  return `    <dependency><groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${version}</version>${more}</dependency>`;
}
