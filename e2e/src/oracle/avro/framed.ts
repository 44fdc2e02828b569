import { BadAvroError } from "./avro-bytes.js";

/** A value as the Confluent clients frame it: a zero byte, the writer's schema id, the body. */
export interface Framed {
  readonly schemaId: number;
  readonly body: Buffer;
}

export function readFramed(value: Buffer): Framed {
  if (value.length < 5 || value[0] !== 0) throw new BadAvroError("not framed");
  return { schemaId: value.readUInt32BE(1), body: value.subarray(5) };
}
