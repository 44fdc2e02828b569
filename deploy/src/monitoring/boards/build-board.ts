import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type Dashboard,
} from "@grafana/grafana-foundation-sdk/dashboard";
import * as common from "@grafana/grafana-foundation-sdk/common";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import type { Board, Panel } from "./board.js";

/** As the datasource is provisioned: deploy/compose/grafana/datasources/prometheus.yml. */
export const DATASOURCE = { type: "prometheus", uid: "prometheus" } as const;
/** Links the boards with each other. */
const TAG = "lastknown";
const HEIGHT = { figure: 4, lines: 8, bars: 8 } as const;

/** The board as Grafana loads it from a file. */
export function buildBoard({ uid, title, description, panels }: Board): Dashboard {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .refresh("10s")
    .time({ from: "now-1h", to: "now" })
    .link(
      new DashboardLinkBuilder("lastknown")
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(false)
        .keepTime(true),
    );
  for (const panel of panels) builder.withPanel(builderFor(panel));
  const dashboard = builder.build();
  dashboard.panels?.forEach((panel, index) => Object.assign(panel, { id: index + 1 }));
  return dashboard;
}

function builderFor(panel: Panel): StatBuilder | TimeseriesBuilder {
  return panel.form === "figure" ? withQueries(new StatBuilder(), panel) : lines(panel);
}

function lines(panel: Panel): TimeseriesBuilder {
  const builder = withQueries(new TimeseriesBuilder(), panel)
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.Descending),
    )
    .showPoints(common.VisibilityMode.Never)
    .min(0);
  if (panel.limit !== undefined)
    builder.thresholdsStyle(
      new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed),
    );
  if (panel.form === "lines") return builder;
  return builder
    .drawStyle(common.GraphDrawStyle.Bars)
    .fillOpacity(70)
    .stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group("A"));
}

function withQueries<Builder extends StatBuilder | TimeseriesBuilder>(
  builder: Builder,
  panel: Panel,
): Builder {
  const { title, description, unit, width, form, limit, queries } = panel;
  builder
    .title(title)
    .description(description)
    .unit(unit)
    .span(width)
    .height(HEIGHT[form])
    .datasource(DATASOURCE);
  builder.thresholds(
    new ThresholdsConfigBuilder()
      .mode(ThresholdsMode.Absolute)
      .steps([
        { value: null, color: "green" },
        ...(limit === undefined ? [] : [{ value: limit, color: "red" }]),
      ]),
  );
  queries.forEach(({ expr, legend }, index) => {
    const refId = String.fromCharCode("A".charCodeAt(0) + index);
    builder.withTarget(
      new DataqueryBuilder().refId(refId).datasource(DATASOURCE).expr(expr).legendFormat(legend).range(),
    );
  });
  return builder;
}
