import type { RootDatabase } from "lmdb";

/** Has LMDB undo each transaction from now on, with an error of this code. */
export function failTransactions(root: RootDatabase<Buffer, Buffer>, code: number): void {
  const transactionSync = root.transactionSync.bind(root);
  root.transactionSync = (inTransaction) =>
    transactionSync(() => {
      inTransaction();
      throw Object.assign(new Error("MDB_BAD_TXN: said by LMDB\n"), { code });
    });
}
