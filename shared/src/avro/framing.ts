/** Confluent framing: a zero byte, then the schema id as 4 bytes big-endian, then the Avro body. */
export const FRAME_BYTES = 5;
const MAGIC = 0;

export interface Framed {
  readonly schemaId: number;
  /** A view into the framed value, not a copy. */
  readonly body: Buffer;
}

/** Id of the schema that a framed value was written with, or undefined if it is not framed so. */
export function framedSchemaId(value: Buffer): number | undefined {
  return value.length < FRAME_BYTES || value[0] !== MAGIC ? undefined : value.readUInt32BE(1);
}

/** Takes a framed value apart, or gives undefined if it is not framed so. */
export function unframe(value: Buffer): Framed | undefined {
  const schemaId = framedSchemaId(value);
  return schemaId === undefined ? undefined : { schemaId, body: value.subarray(FRAME_BYTES) };
}

export function frame(schemaId: number, body: Uint8Array): Buffer {
  const value = Buffer.allocUnsafe(FRAME_BYTES + body.length);
  value.set(body, writeFrame(value, 0, schemaId));
  return value;
}

/** Writes what stands before a framed body. Gives where it ends. */
export function writeFrame(bytes: Buffer, at: number, schemaId: number): number {
  bytes[at] = MAGIC;
  return bytes.writeUInt32BE(schemaId, at + 1);
}
