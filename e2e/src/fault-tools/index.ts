export { CannotBeMadeError } from "./cannot-be-made.js";
export * from "./clock/index.js";
export * from "./disk/index.js";
export * from "./network/index.js";
