export * from "./metrics.js";
export type { WeightedHistogram } from "./weighted-histogram.js";
