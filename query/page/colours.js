/** The style sheet's colours as they are now, for what is drawn. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Calls back when the page turns dark or light. @returns what ends that */
export function onSchemeChange(redraw) {
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", redraw);
  return () => scheme.removeEventListener("change", redraw);
}
