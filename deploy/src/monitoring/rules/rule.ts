/** A series that Prometheus computes again and again, and keeps under a name of its own. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  /** How long the expression has to hold before somebody is told. */
  readonly for: string;
  /** `page`: somebody has to come now. `ticket`: within a day. */
  readonly labels: { readonly severity: "page" | "ticket" };
  readonly annotations: {
    readonly summary: string;
    readonly description: string;
    /** The section of the runbooks on this alert. */
    readonly runbook_url: string;
  };
}

/** Rules of one group are evaluated in their order, so one may build on those before it. */
export interface RuleGroup<Rule = RecordingRule | AlertRule> {
  readonly name: string;
  readonly interval: string;
  readonly rules: readonly Rule[];
}
