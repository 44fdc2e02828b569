/**
 * What `replay` can do and the demo cannot, by the option that it sets: nothing would be sent, or what is right
 * would not follow from the file. The demo's help leaves these flags out.
 */
export const BEYOND_THE_DEMO = {
  turns: "--loop",
  live: "--live",
  checkpoint: "--checkpoint",
  dryRun: "--dry-run",
} as const;

export type BeyondTheDemo = keyof typeof BEYOND_THE_DEMO;
