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
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  section { border-top: 1px solid #8884; padding: 1rem 0; }
  h2 { font: 600 1.1rem ui-monospace, monospace; margin: 0; }
  label { display: grid; grid-template-columns: 8rem 1fr; gap: .5rem; margin: .3rem 0; }
  label span { font-family: ui-monospace, monospace; }
  small { grid-column: 2; color: #777; }
  pre { background: #8882; padding: .8rem; overflow: auto; max-height: 30rem; white-space: pre-wrap; }
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
      if (parameter.in === "path") url = url.replace("{" + parameter.name + "}", encodeURIComponent(input.value));
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
    output.textContent = ["GET " + url, response.status, ...headers, "", shown].join("\\n");
  };
  const show = (path, operation) => {
    const section = make("section", "", document.querySelector("main"));
    make("h2", "GET " + path, section);
    make("p", operation.summary ?? "", section);
    const form = make("form", "", section);
    const inputs = (operation.parameters ?? []).map((parameter) => {
      const label = make("label", "", form);
      make("span", parameter.name, label);
      const input = make("input", "", label);
      input.required = parameter.required === true;
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
