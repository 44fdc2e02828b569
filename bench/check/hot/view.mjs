// What the query service does of each audit entry, and of a question.

import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  AuditEntryEncoder,
  auditEntryKey,
  decodeEventHead,
  newFleetRecord,
  schemaCopyKey,
  silentLogger,
  unframe,
} from "@lastknown/shared";
import { drainUser } from "../../drain-events.mjs";
import { built } from "../built.mjs";
import { fetchedRecords, PARTITIONS } from "../sample-events.mjs";

const RECORDS_PER_FOLD = 500;
const AUDIT_SCHEMA_ID = 7;
const QUESTIONS = 200;
const USERS = 400;

/** @param {string} folder for views on disk @returns {Promise<{ name: string, run: () => unknown }[]>} */
export async function viewFunctions(sample, folder) {
  const { AuditFolder } = await built("query", "folding/audit-folder.js");
  const { MemoryViewStore } = await built("query", "view/memory/memory-view-store.js");
  const { openLmdbView } = await built("query", "view/lmdb/open-lmdb-view.js");
  const { ViewAnswers } = await built("query", "answers/view-answers.js");
  const fleet = newFleetRecord(PARTITIONS, 5 * 60 * 1e6);
  const audit = auditOf(sample);
  const fold = (store, slices = audit) => {
    const observer = { folded: () => undefined, failed: () => undefined, unreadable: requireReadable };
    const folder = new AuditFolder({ store, fleet, auditTopic: "audit", observer, logger: silentLogger });
    folder.fold(
      slices.map(({ partition, records }) => ({ partition, records, nextOffset: records.at(-1).offset + 1 })),
    );
    return store;
  };
  const openOnDisk = async () => {
    const dataDirectory = await mkdtemp(join(folder, "view-"));
    return { dataDirectory, store: await openLmdbView({ dataDirectory, fleet, logger: silentLogger }) };
  };
  const kept = await openOnDisk();
  const answers = new ViewAnswers({ store: fold(kept.store), fleet, eventsTopic: "events" });
  return [
    { name: "view in memory: fold audit entries", run: () => fold(new MemoryViewStore()) },
    {
      name: "view on disk: fold audit entries",
      run: async () => {
        const { store, dataDirectory } = await openOnDisk();
        await fold(store, audit.slice(0, PARTITIONS / 2)).close();
        await rm(dataDirectory, { recursive: true });
      },
    },
    {
      name: "view on disk: states as of a moment",
      run: () => askAll(answers),
      end: () => kept.store.close(),
    },
  ];
}

async function askAll(answers) {
  for (let question = 0; question < QUESTIONS; question++) {
    const at = Date.UTC(2024, 0, 1, 0, 0, question % 40) * 1000;
    await answers.state(drainUser((question * 7919) % USERS), { at });
  }
}

function requireReadable(reason) {
  throw new Error(`an entry of the sample cannot be read: ${reason}`);
}

/** The audit's records that a worker would make, in the slices that the service folds at a time. */
function auditOf({ records, schemaId, text }) {
  const encoder = new AuditEntryEncoder(AUDIT_SCHEMA_ID);
  const slices = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const entries = fetchedRecords(records, partition).map(({ offset, appendedAtMs, value }) => {
      const event = unframe(value).body;
      const { user, eventId } = decodeEventHead(event);
      return {
        key: auditEntryKey(user, partition, offset, eventId),
        value: encoder.encode({ partition, offset, appendedAtMs, schemaId, event }),
      };
    });
    const all = [{ key: schemaCopyKey(schemaId), value: Buffer.from(text) }, ...entries].map(
      (record, offset) => {
        return { ...record, offset, appendedAtMs: 0, headers: {} };
      },
    );
    for (let first = 0; first < all.length; first += RECORDS_PER_FOLD)
      slices.push({ partition, records: all.slice(first, first + RECORDS_PER_FOLD) });
  }
  return slices;
}
