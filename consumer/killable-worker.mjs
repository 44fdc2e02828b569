// A worker in a process of its own, for the test that kills it. Needs the build. Argument: flags as JSON.
import { loadSettings, silentLogger } from "@lastknown/shared";
import { startWorker } from "./dist/index.js";

await startWorker(loadSettings({ flags: JSON.parse(process.argv[2]) }), { logger: silentLogger });
