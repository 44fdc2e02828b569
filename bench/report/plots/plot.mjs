// The picture of a session: what one would rather look at than read. The table and the JSON have every figure.

import { DRAIN_PHASES } from "../../options.mjs";
import { machineLines } from "../machine-lines.mjs";
import { othersLines, runsText } from "../run-rows.mjs";
import { pageOf } from "./page.mjs";
import { allInPlots } from "./phases/all-in-plots.mjs";
import { answersPlots } from "./phases/answers-plots.mjs";
import { burstPlots } from "./phases/burst-plots.mjs";
import { drainPlots } from "./phases/drain-plots.mjs";
import { floorPlots } from "./phases/floor-plots.mjs";
import { growthPlots } from "./phases/growth-plots.mjs";
import { idlePlots } from "./phases/idle-plots.mjs";
import { latencyPlots } from "./phases/latency-plots.mjs";
import { peersPlots } from "./phases/peers-plots.mjs";
import { scalingPlots } from "./phases/scaling-plots.mjs";
import { wirePlots } from "./phases/wire-plots.mjs";

const SPREAD_WORDS = "a bar or a dot is the median, its whisker goes from min to max";
/**
 * Phases that are drawn together, in the order of the page. Of the phases and the options each makes a `title`,
 * `panels`, what was `measured`: all that has a cost, which tells what else the machine did meanwhile; and `notes`
 * where the panels need words.
 */
const PLOTS = [
  [DRAIN_PHASES, drainPlots],
  [["peers"], peersPlots],
  [["all-in"], allInPlots],
  [["latency"], latencyPlots],
  [["answers"], answersPlots],
  [["idle"], idlePlots],
  [["burst"], burstPlots],
  [["scaling"], scalingPlots],
  [["growth"], growthPlots],
  [["wire"], wirePlots],
  [["floor"], floorPlots],
];

/** @returns {string} an SVG */
export function plotOf(results) {
  const { name, dataSet, options, phases, machine, isProfiled } = results;
  const head = {
    title: `lastknown bench, ${name}${isProfiled ? " (PROFILED: slower than life)" : ""}`,
    lines: [...machineLines(machine), `${dataSet}, ${runsText(options, SPREAD_WORDS)}`],
    panels: [],
  };
  const drawn = PLOTS.filter(([names]) => names.some((phase) => phases[phase] !== undefined)).map(
    ([, plotsOf]) => plotsOf(phases, options),
  );
  const sections = drawn.map(({ title, notes = [], panels, measured }) => ({
    title,
    lines: [...notes, ...loadLines(measured)],
    panels,
  }));
  return pageOf([head, ...sections]);
}

function loadLines(measured) {
  return measured.length === 0 ? [] : othersLines(measured);
}
