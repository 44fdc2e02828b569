export { generateSample, type SampleOptions } from "./generate-sample.js";
