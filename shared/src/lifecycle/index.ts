export * from "./run-until-stopped.js";
