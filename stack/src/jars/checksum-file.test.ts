import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { pins, registryArchive, registryRunner } from "../pins.js";
import { damagedFiles, fingerprint, parseChecksums, readChecksums } from "./checksum-file.js";

/** SHA-256 of "a". */
const OF_A = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";

describe("the checksum file", () => {
  it("names the broker, its tools and the registry at their pinned versions", async () => {
    const paths = [...(await readChecksums()).keys()];
    expect(paths).toContain(`kafka/kafka_${pins.kafkaScala}-${pins.kafka}.jar`);
    expect(paths).toContain(`kafka/kafka-tools-${pins.kafka}.jar`);
    expect(paths).toContain(`kafka/log4j-slf4j-impl-${pins.log4j}.jar`);
    expect(paths).toContain(`download/${registryArchive}`);
    expect(paths).toContain(`registry/${registryRunner}`);
  });

  it("refuses a line that is not a checksum", () => {
    expect(() => parseChecksums(`${OF_A}  a\nnonsense\n`)).toThrow("line 2");
  });

  it("finds a file that is absent, one that differs, and none beside", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lastknown-checksums-"));
    try {
      await mkdir(join(folder, "kafka"));
      await writeFile(join(folder, "kafka/whole"), "a");
      await writeFile(join(folder, "kafka/changed"), "b");
      const names = ["kafka/whole", "kafka/changed", "kafka/absent", "download/dropped"];
      const checksums = new Map(names.map((name) => [name, OF_A]));
      expect(await damagedFiles(folder, checksums, ["kafka/"])).toEqual(["kafka/changed", "kafka/absent"]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("the fingerprint", () => {
  it("is another where one file is another, and the same in any order", () => {
    const checksums = new Map([
      ["a", OF_A],
      ["b", OF_A],
    ]);
    const reversed = new Map([...checksums].reverse());
    expect(fingerprint(reversed)).toBe(fingerprint(checksums));
    expect(fingerprint(new Map([...checksums, ["b", OF_A.replace("c", "d")]]))).not.toBe(
      fingerprint(checksums),
    );
  });
});
