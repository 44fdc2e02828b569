import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { ROOT } from "../root.js";
import { boards, monitoringFiles } from "./monitoring-files.js";
import { readThresholds } from "./thresholds.js";

const files = monitoringFiles(readThresholds());

test.each([...files])("%s is what npm run -w deploy monitoring writes", (path, text) => {
  expect(readFileSync(`${ROOT}${path}`, "utf8")).toBe(text);
});

test("no file is left over from another board", () => {
  const committed = readdirSync(`${ROOT}deploy/monitoring/dashboards`);
  const built = [...files.keys()].flatMap((path) => /dashboards\/(.+)$/.exec(path)?.[1] ?? []);
  expect(committed.toSorted()).toEqual(built.toSorted());
});

test.each(boards(readThresholds()))(
  "$title fills whole rows with panels, each with a name of its own",
  ({ panels }) => {
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    let column = 0;
    for (const { title, width } of panels) {
      expect([title, column + width <= 24]).toEqual([title, true]);
      column = (column + width) % 24;
    }
  },
);
