export { Random } from "./random.js";
export { generateSample, type SampleOptions } from "./generate-sample.js";
