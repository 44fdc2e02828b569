import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { settingsTable, type SettingRow } from "@lastknown/shared/settings";
import { tableIn } from "./markdown-table.js";

const README = fileURLToPath(new URL("../../../README.md", import.meta.url));

function rowOf({ flag, environment, environmentFile, default: value, doc, usedBy }: SettingRow): string[] {
  const variables = [environment, ...(environmentFile === undefined ? [] : [environmentFile])];
  return [
    `\`${flag}\``,
    variables.map((variable) => `\`${variable}\``).join(" or "),
    value === "" ? "" : `\`${value}\``,
    doc.replaceAll("|", "\\|"),
    usedBy.length === 4 ? "all" : usedBy.join(", "),
  ];
}

test("the README's table of settings says what the code does", () => {
  const table = tableIn(readFileSync(README, "utf8"), "settings");
  expect(table).toEqual([
    ["flag", "environment", "default", "meaning", "read by"],
    ...settingsTable.map(rowOf),
  ]);
});
