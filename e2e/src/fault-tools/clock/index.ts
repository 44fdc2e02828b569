export { ensureLibfaketime } from "./ensure-libfaketime.js";
export { SteppedClock } from "./stepped-clock.js";
