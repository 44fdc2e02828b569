// `npm run clean`: removes what the build made. The next build starts from nothing.

import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./bootstrap.mjs";

const { workspaces } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
for (const workspace of workspaces) rmSync(join(root, workspace, "dist"), { recursive: true, force: true });
