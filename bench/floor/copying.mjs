const CHUNK_BYTES = 64 * 1024 * 1024;
const SECONDS = 1;

/** How fast one thread copies memory that no cache holds: MB (of 2^20 bytes) a second. */
export function copyingMbPerSecond() {
  const from = Buffer.alloc(CHUNK_BYTES, 1);
  const to = Buffer.alloc(CHUNK_BYTES, 2);
  const startedMs = performance.now();
  let chunks = 0;
  for (; performance.now() - startedMs < SECONDS * 1000; chunks++) from.copy(to);
  return (chunks * CHUNK_BYTES) / 2 ** 20 / ((performance.now() - startedMs) / 1000);
}
