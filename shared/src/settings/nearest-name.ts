/**
 * The known name that was probably meant, or undefined where none is within `distanceMax` letters added, left
 * out or changed.
 */
export function nearestName(name: string, known: Iterable<string>, distanceMax: number): string | undefined {
  let nearest: string | undefined;
  let nearestDistance = distanceMax + 1;
  for (const candidate of known) {
    const distance = editDistance(name, candidate);
    if (distance < nearestDistance) [nearest, nearestDistance] = [candidate, distance];
  }
  return nearest;
}

/** Levenshtein's distance, row by row. */
function editDistance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const change = from[row - 1] === to[column - 1] ? 0 : 1;
      current.push(
        Math.min(at(above, column) + 1, at(current, column - 1) + 1, at(above, column - 1) + change),
      );
    }
    above = current;
  }
  return at(above, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
