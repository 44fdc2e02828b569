const ROOT = new URL("../../", import.meta.url);

/**
 * A built module that its package keeps to itself: what is measured is one function of it, not the way to it.
 * @param {string} packageName @param {string} file below the package's src, with the ending .js
 */
export async function built(packageName, file) {
  return await import(new URL(`${packageName}/dist/${file}`, ROOT));
}
