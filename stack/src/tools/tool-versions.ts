/** The major version in the answer of `java -version`: 17 of `openjdk version "17.0.15"`, 8 of `"1.8.0_412"`. */
export function javaMajorOf(answer: string): number | undefined {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(answer) ?? [];
  if (first === undefined) return undefined;
  return first === "1" && second !== undefined ? Number(second) : Number(first);
}

/** The major version in the answer of `redis-server --version`: 7 of `Redis server v=7.0.15 …`. */
export function redisMajorOf(answer: string): number | undefined {
  const major = /server v=(\d+)\./.exec(answer)?.[1];
  return major === undefined ? undefined : Number(major);
}
