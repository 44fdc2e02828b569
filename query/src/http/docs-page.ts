/**
 * The page at /docs: it reads /openapi.json and makes of each path a form to try it with. All in one file, so
 * that it works on a machine without a way out. Texts are set as text, never as HTML.
 */
export const DOCS_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>lastknown</title>
<style>
  :root { color-scheme: light dark; --line: #8884; --quiet: light-dark(#5b6470, #a3acb8); --accent: light-dark(#0b62c4, #6cb0ff); }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  a { color: var(--accent); }
  section { border: 1px solid var(--line); border-radius: .5rem; padding: 1rem 1.2rem; margin: 1rem 0; }
  h2 { font: 600 1.05rem ui-monospace, monospace; margin: 0; overflow-wrap: anywhere; }
  h2 b { color: var(--accent); margin-right: .6rem; }
  section p { margin: .3rem 0 .8rem; }
  label { display: grid; grid-template-columns: 8rem 1fr; gap: 0 .8rem; margin: .5rem 0; align-items: baseline; }
  label span { font-family: ui-monospace, monospace; }
  label.required span::after { content: " *"; color: #c33; }
  input, select, button { font: inherit; padding: .3rem .5rem; border: 1px solid var(--line); border-radius: .3rem; }
  button { margin-top: .4rem; padding: .3rem 1rem; cursor: pointer; color: var(--accent); border-color: var(--accent); background: none; }
  small { grid-column: 2; color: var(--quiet); }
  pre { background: #8882; border-radius: .3rem; padding: .8rem; overflow: auto; max-height: 30rem; white-space: pre-wrap; overflow-wrap: anywhere; }
  @media (max-width: 40rem) { label { grid-template-columns: 1fr; } small { grid-column: 1; } }
</style>
<h1>lastknown</h1>
<p id="about"></p>
<p>The description for programs: <a href="/openapi.json">/openapi.json</a></p>
<main></main>
<script>
  const make = (tag, text, parent) => {
    const element = document.createElement(tag);
    element.textContent = text;
    parent.append(element);
    return element;
  };
  const tryIt = async (path, inputs, output) => {
    let url = path;
    const query = new URLSearchParams();
    for (const { parameter, input } of inputs) {
      // In a URL these two are steps of its path, encoded or not: they are asked for as ?id=.
      const isStep = parameter.in === "path" && (input.value === "." || input.value === "..");
      if (isStep) query.set("id", input.value);
      if (parameter.in === "path")
        url = url.replace("{" + parameter.name + "}", isStep ? "-" : encodeURIComponent(input.value));
      else if (input.value !== "") query.set(parameter.name, input.value);
    }
    if (query.size > 0) url += "?" + query;
    const response = await fetch(url);
    const headers = ["x-data-source", "x-data-lag-seconds", "retry-after"]
      .filter((name) => response.headers.has(name))
      .map((name) => name + ": " + response.headers.get(name));
    const body = await response.text();
    let shown = body;
    try { shown = JSON.stringify(JSON.parse(body), null, 2); } catch { shown = body; }
    output.textContent = ["GET " + url, response.status + " " + response.statusText, ...headers, "", shown].join("\\n");
  };
  const show = (path, operation) => {
    const section = make("section", "", document.querySelector("main"));
    const title = make("h2", "", section);
    make("b", "GET", title);
    title.append(path);
    make("p", operation.summary ?? "", section);
    const form = make("form", "", section);
    const isInPath = (parameter) => parameter.in === "path";
    const given = operation.parameters ?? [];
    const parameters = [...given.filter(isInPath), ...given.filter((parameter) => !isInPath(parameter))];
    const inputs = parameters.map((parameter) => {
      const label = make("label", "", form);
      make("span", parameter.name, label);
      const words = parameter.schema?.enum;
      const input = make(words === undefined ? "input" : "select", "", label);
      for (const word of words === undefined ? [] : ["", ...words]) make("option", word, input);
      input.name = parameter.name;
      input.required = parameter.required === true;
      label.classList.toggle("required", input.required);
      make("small", parameter.description ?? parameter.schema?.description ?? "", label);
      return { parameter, input };
    });
    make("button", "Try it", form);
    const output = make("pre", "", section);
    output.hidden = true;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      output.hidden = false;
      tryIt(path, inputs, output).catch((error) => { output.textContent = String(error); });
    });
  };
  const start = async () => {
    const api = await (await fetch("/openapi.json")).json();
    document.querySelector("#about").textContent = api.info.description;
    for (const [path, item] of Object.entries(api.paths)) show(path, item.get);
  };
  start().catch((error) => { document.querySelector("#about").textContent = String(error); });
</script>
</html>
`;
