const SLOTS = 16_384;
const POLYNOMIAL = 0x1021;

/** The cluster's slot of a bucket's keys: CRC-16 (XMODEM) of their hash tag, which is the bucket's number. */
export function slotOfBucket(bucket: number): number {
  let crc = 0;
  for (const character of String(bucket)) {
    crc ^= character.charCodeAt(0) << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ POLYNOMIAL : crc << 1;
  }
  return (crc & 0xffff) % SLOTS;
}
