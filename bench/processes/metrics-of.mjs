const REQUEST_BOUND_MS = 5000;

/**
 * The metrics of a process by the address of its operations port, as `name{labels}` → value.
 * @returns {Promise<Map<string, number>>} empty while nobody listens there
 */
export async function metricsOf(port) {
  const text = await textAt(`http://127.0.0.1:${port}/metrics`);
  return new Map(
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => {
        const space = line.lastIndexOf(" ");
        return [line.slice(0, space), Number(line.slice(space + 1))];
      }),
  );
}

async function textAt(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_BOUND_MS) });
    return await response.text();
  } catch (error) {
    // fetch tells a refused connection and a time-out by errors of these names.
    if (error.name === "TypeError" || error.name === "TimeoutError") return "";
    throw error;
  }
}
