export * from "./audit-entry.js";
export * from "./byte-reader.js";
export * from "./byte-writer.js";
export * from "./event-decoder.js";
export * from "./event-encoder.js";
export * from "./event-schema.js";
export * from "./framing.js";
export * from "./parse-event-schema.js";
