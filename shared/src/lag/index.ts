export * from "./lag-reason.js";
