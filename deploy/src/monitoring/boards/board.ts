/** A query of a panel; what it gives is shown under the legend. */
export interface Query {
  readonly expr: string;
  /** May name labels: `{{partition}}`. */
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  /** What one sees there, and when it is well. */
  readonly description: string;
  /** `lines` over time; `bars` over time, stacked; `figure`: the last value, large. */
  readonly form: "lines" | "bars" | "figure";
  /** One of Grafana's: https://grafana.com/docs/grafana/latest/panels-visualizations/configure-standard-options/ */
  readonly unit: string;
  /** Of 24 columns. */
  readonly width: number;
  /** From here on it is not well: where the alerts have their threshold. */
  readonly limit?: number;
  readonly queries: readonly Query[];
}

export interface Board {
  /** Part of its address, and its file's name. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly panels: readonly Panel[];
}
