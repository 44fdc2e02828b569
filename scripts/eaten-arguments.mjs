// `npm run demo --user-column id` without `--` gives the option to npm, which swallows it.

/**
 * Options of our commands that take a value or change what is done; npm turns `-` into `_`. Not those that npm has
 * itself (`only`, `json`): others may stand in its own settings, and of `only` it drops what it does not know, without a
 * trace. So `npm run test:faults` says how to name some where it makes all faults.
 */
const OURS =
  /^npm_config_(user_column|time_column|arrival_column|event_id_column|not_identity|time_unit|zone|types|speed|rate|start|end|limit|loop|checkpoint|max_gap|live|rejects|progress|exit|fleet|unit|use_running|brokers|redis_nodes|keep|seed|short|list)$/;

/**
 * @param {NodeJS.ProcessEnv} environment
 * @returns {string[]} the options that npm took, as they were written
 */
export function eatenArguments(environment) {
  return Object.keys(environment)
    .filter((name) => OURS.test(name))
    .map((name) => `--${name.slice("npm_config_".length).replaceAll("_", "-")}`);
}

/**
 * @param {string} script its name for `npm run`
 * @returns {string | undefined} what to tell the user
 */
export function complaintAboutEatenArguments(script, environment) {
  const eaten = eatenArguments(environment);
  if (eaten.length === 0) return undefined;
  return `npm took ${eaten.join(", ")} for itself. Put -- before the arguments:  npm run ${script} -- ${eaten.join(" … ")} …`;
}
