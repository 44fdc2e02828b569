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
  value[0] = MAGIC;
  value.writeUInt32BE(schemaId, 1);
  value.set(body, FRAME_BYTES);
  return value;
}
