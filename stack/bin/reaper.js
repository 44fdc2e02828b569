#!/usr/bin/env node
// Started by the stack's owner with one argument, the order as JSON; see ../src/lifetime/reap.ts.
import { reap } from "../dist/lifetime/reap.js";

await reap(JSON.parse(process.argv[2] ?? ""), process.stdin);
process.exit(0);
