import { describeSchemaCopies } from "../schema-copies.contract.js";
import { MemorySchemaCopies } from "./memory-schema-copies.js";

describeSchemaCopies("memory", () => {
  const copies = new MemorySchemaCopies();
  return {
    copies,
    seenByAnother: copies,
    lose: () => {
      copies.lose();
      return Promise.resolve();
    },
  };
});
