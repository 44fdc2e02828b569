export * from "./explain-lag.js";
export * from "./lag-facts.js";
export * from "./lag-reason.js";
export * from "./lag-watch.js";
export * from "./print-duration.js";
export * from "./print-lag-reason.js";
export * from "./waiting-samples.js";
