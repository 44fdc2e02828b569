import { stringify } from "yaml";
import type { RuleGroup } from "./rule.js";

/** A file of rules, as Prometheus reads it. */
export function printRules(groups: readonly RuleGroup[], { from }: { from: string }): string {
  const head = `# Built by npm run -w deploy monitoring from ${from}: change that, not this.\n`;
  return head + stringify({ groups }, { lineWidth: 0, aliasDuplicateObjects: false });
}
