import { expect, test } from "@jest/globals";
import { metricNames } from "./metric-names.js";

test.each([
  ['sum by (le, route) (rate(a_bucket{le=~"2|b",route="c"}[5m])) > 0', ["a_bucket"]],
  ["x:y:z > 3 and deriv(x:y:z[2m]) > 0 or absent(w)", ["x:y:z", "w"]],
  ['count(ALERTS{alertname=~"A.*"}) or vector(0)', ["ALERTS"]],
  [
    "sum(rate(a_total[5m])) / on () group_left () (sum(rate(b_total[5m] offset 1d)) > 0)",
    ["a_total", "b_total"],
  ],
  ['label_replace(a, "event_type", "$1", "value", "(.*)")', ["a"]],
  ["time() - max(a) * 1e6 > bool 2", ["a"]],
  ["max(kafka_lag) unless changes(other[5m])>0", ["kafka_lag", "other"]],
])("%s", (expr, names) => {
  expect([...metricNames(expr)]).toEqual(names);
});
