import { describeFleetRecordCell } from "./fleet-record-cell.contract.js";
import { MemoryFleetRecordCell } from "./memory-fleet-record-cell.js";

describeFleetRecordCell("MemoryFleetRecordCell", async () => {
  const cell = new MemoryFleetRecordCell();
  return { cell, seenByAnother: cell, close: () => Promise.resolve() };
});
