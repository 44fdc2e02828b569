export * from "./exit-codes.js";
export * from "./fatal-error.js";
