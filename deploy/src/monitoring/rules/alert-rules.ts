import type { Thresholds } from "../thresholds.js";
import type { AlertRule, RuleGroup } from "./rule.js";

/** An alert in few words. */
interface Alert {
  /** Also the title of its section in the runbooks. */
  readonly name: string;
  readonly expr: string;
  readonly forMinutes: number;
  readonly severity: AlertRule["labels"]["severity"];
  readonly summary: string;
  readonly description: string;
}

export function alertRules(thresholds: Thresholds): RuleGroup<AlertRule>[] {
  const groups: [string, Alert[]][] = [
    ["lastknown-lag", lagAlerts(thresholds)],
    ["lastknown-freshness-budget", freshnessAlerts(thresholds)],
    ["lastknown-workers", workerAlerts(thresholds)],
    ["lastknown-answers", answerAlerts(thresholds)],
  ];
  return groups.map(([name, alerts]) => ({
    name,
    interval: "15s",
    rules: alerts.map((alert) => ruleOf(alert, thresholds.runbooks)),
  }));
}

function ruleOf(alert: Alert, runbooks: string): AlertRule {
  const { name, expr, forMinutes, severity, summary, description } = alert;
  return {
    alert: name,
    expr,
    for: `${forMinutes}m`,
    labels: { severity },
    annotations: { summary, description, runbook_url: `${runbooks}#${name.toLowerCase()}` },
  };
}

function lagAlerts(thresholds: Thresholds): Alert[] {
  const { lagSecondsMax, backlogRecordsMax, stuckMinutes, lagUnknownMinutes } = thresholds;
  const lag = "lastknown:stream_lag_seconds:max";
  return [
    {
      name: "LastknownLagRising",
      expr: `${lag} > ${lagSecondsMax} and deriv(${lag}[2m]) > 0`,
      forMinutes: 1,
      severity: "page",
      summary: "The workers fall behind.",
      description:
        "The oldest record that is not committed has waited {{ $value | humanizeDuration }}, and the lag grows.",
    },
    {
      name: "LastknownBacklog",
      expr: `sum by (consumergroup) (consumer_group_pending) > ${backlogRecordsMax}`,
      forMinutes: 5,
      severity: "ticket",
      summary: "Many records wait for the workers.",
      description: "{{ $value | humanize }} records are not committed.",
    },
    {
      name: "LastknownPartitionStuck",
      // What was never committed has no series that could change.
      expr: `consumer_group_pending > 0 unless changes(lastknown:committed_offset[${stuckMinutes}m]) > 0`,
      forMinutes: 1,
      severity: "page",
      summary: "A partition has records and does not move.",
      description:
        "Partition {{ $labels.partition }} of {{ $labels.topic }}: {{ $value }} records wait and none is committed.",
    },
    {
      name: "LastknownLagUnknown",
      expr:
        "absent(lastknown:stream_lag_seconds:max) or " +
        "count(group by (partition) (lastknown_consumer_lag_seconds)) > count(stream_lag_seconds)",
      forMinutes: lagUnknownMinutes,
      severity: "page",
      summary: "Nobody can tell how far the workers are behind.",
      description: "No query service tells the lag of all partitions, so that the alerts on it stay silent.",
    },
  ];
}

/** Both windows have to agree: the long one that it is much, the short one that it still goes on. */
function freshnessAlerts({ freshPercentMin, fastBurnRate, slowBurnRate }: Thresholds): Alert[] {
  const budget = (100 - freshPercentMin) / 100;
  const burns = (rate: number, long: string, short: string): string => {
    const limit = rounded(rate * budget);
    return `lastknown:late:ratio_rate${long} > ${limit} and lastknown:late:ratio_rate${short} > ${limit}`;
  };
  const allowed = `; ${rounded(100 - freshPercentMin)} % may`;
  return [
    {
      name: "LastknownFreshnessBurnsFast",
      expr: burns(fastBurnRate, "1h", "5m"),
      forMinutes: 2,
      severity: "page",
      summary: "Records become visible too late, very many of them.",
      description: `{{ $value | humanizePercentage }} of an hour's records took longer than {{ $labels.within }}${allowed}.`,
    },
    {
      name: "LastknownFreshnessBurnsSlowly",
      expr: burns(slowBurnRate, "6h", "30m"),
      forMinutes: 15,
      severity: "ticket",
      summary: "Records become visible too late, more of them than allowed.",
      description: `{{ $value | humanizePercentage }} of six hours' records took longer than {{ $labels.within }}${allowed}.`,
    },
  ];
}

function workerAlerts({ noMembersMinutes, deadLettersPercentMax, rebalancesMax }: Thresholds): Alert[] {
  return [
    {
      name: "LastknownNoMembers",
      // One moment at which Kafka does not tell it must not make it seem well.
      expr: "max_over_time(lastknown:members:max[1m]) == 0",
      forMinutes: noMembersMinutes,
      severity: "page",
      summary: "No worker is in the group.",
      description: "Group {{ $labels.consumergroup }} has no members: nothing is worked on.",
    },
    {
      name: "LastknownDeadLetters",
      expr:
        "sum(rate(lastknown_dead_letters_total[10m])) / (sum(rate(lastknown_records_total[10m])) > 0) " +
        `> ${rounded(deadLettersPercentMax / 100)}`,
      forMinutes: 1,
      severity: "ticket",
      summary: "Many records cannot be read.",
      description: "{{ $value | humanizePercentage }} of ten minutes' records became dead letters.",
    },
    {
      name: "LastknownRebalanceStorm",
      // Each worker counts its own, so the sum would grow with their number.
      expr: `max(increase(lastknown_rebalances_total[15m])) > ${rebalancesMax}`,
      forMinutes: 1,
      severity: "ticket",
      summary: "The partitions are given out again and again.",
      description: "A worker was given new assignments {{ $value | humanize }} times in 15 minutes.",
    },
  ];
}

function answerAlerts(thresholds: Thresholds): Alert[] {
  const { viewLagSecondsMax, viewBehindMinutes, httpErrorsPercentMax, httpSecondsMax } = thresholds;
  const answers = (labels: string): string =>
    `sum(rate(lastknown_query_answers_total{${labels}route=~"/v1/.*"}[5m]))`;
  return [
    {
      name: "LastknownViewBehind",
      // Each replica has a view of its own. While one does not fold, its lag may be unknown.
      expr:
        `lastknown_view_lag_seconds > ${viewLagSecondsMax} ` +
        'or on (job, instance) lastknown_view_state{state="running"} == 0',
      forMinutes: viewBehindMinutes,
      severity: "ticket",
      summary: "A query service's view is behind.",
      description: "The view of {{ $labels.instance }} is behind, or does not fold: it lacks what came last.",
    },
    {
      name: "LastknownHttpErrors",
      expr: `${answers('status="5xx",')} / (${answers("")} > 0) > ${rounded(httpErrorsPercentMax / 100)}`,
      forMinutes: 2,
      severity: "page",
      summary: "Many questions get no answer.",
      description: "{{ $value | humanizePercentage }} of the answers of five minutes have a status of 5xx.",
    },
    {
      name: "LastknownHttpSlow",
      expr: `api_request_duration_seconds{quantile="0.99",route=~"/v1/.*"} > ${httpSecondsMax}`,
      forMinutes: 5,
      severity: "ticket",
      summary: "Answers are slow.",
      description:
        "One answer of {{ $labels.route }} in a hundred takes {{ $value | humanizeDuration }} or longer.",
    },
  ];
}

/** A hundredth of a whole number is not always what it looks like. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}
