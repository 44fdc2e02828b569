const LIBRARY = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//;
const OURS = /\/((?:shared|producer|consumer|query|cli)\/dist\/.+)\.js$/;

/**
 * Who answers for a sample: the nearest of its callers that is a file of ours or a package. What Node does itself
 * belongs to whoever called it.
 *
 * @param {number} id of the sample's node in the profile
 * @param {ReadonlyMap<number, { callFrame: { functionName: string, url: string } }>} nodes
 * @param {ReadonlyMap<number, number>} parents
 */
export function placeOf(id, nodes, parents) {
  const { functionName } = nodes.get(id).callFrame;
  if (functionName === "(garbage collector)") return functionName;
  for (let at = id; at !== undefined; at = parents.get(at)) {
    const { url } = nodes.get(at).callFrame;
    const library = LIBRARY.exec(url);
    if (library !== null) return `package ${library[1]}`;
    const ours = OURS.exec(url);
    if (ours !== null) return ours[1].replace("/dist/", "/");
  }
  return "node itself";
}
