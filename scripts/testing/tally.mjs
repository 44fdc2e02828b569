// Counts what passed and what failed, over all kinds of checks.

import { say } from "../say.mjs";

const SKIPPED_NAMED_MAX = 50;

export class Tally {
  passed = 0;
  failed = 0;
  skipped = 0;

  /** One check that is not a jest test. @param {string} name @param {string | undefined} complaint */
  check(name, complaint) {
    if (complaint === undefined) {
      this.passed += 1;
      say(`PASS ${name}`);
    } else {
      this.failed += 1;
      say(`FAIL ${name}\n${complaint}`);
    }
  }

  /** @param {{ passed: number, failed: number, skipped: readonly string[] }} counts */
  add({ passed, failed, skipped }) {
    this.passed += passed;
    this.failed += failed;
    this.skipped += skipped.length;
    if (skipped.length === 0) return;
    const named = skipped.slice(0, SKIPPED_NAMED_MAX).map((name) => `  SKIPPED ${name}`);
    if (skipped.length > named.length) named.push(`  … and ${skipped.length - named.length} more`);
    say(`\n*** ${skipped.length} tests were SKIPPED:\n${named.join("\n")}`);
  }

  /** The last line of `npm test`. */
  line() {
    const skipped = this.skipped === 0 ? "" : `, ${this.skipped} skipped`;
    return `${this.passed} passed, ${this.failed} failed${skipped}`;
  }
}
