import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "lmdb";
import { TEST_SKEW } from "../arrival-for-test.js";
import { describeTiedArrivals } from "../../answers/tied-arrivals.contract.js";
import { describeViewStore, type StoreUnderTest } from "../view-store.contract.js";
import { LmdbViewStore } from "./lmdb-view-store.js";

const make = async (): Promise<StoreUnderTest> => {
  const directory = await mkdtemp(join(tmpdir(), "lastknown-view-"));
  const root = open<Buffer, Buffer>({
    path: directory,
    noSync: true,
    maxDbs: 8,
    encoding: "binary",
    keyEncoding: "binary",
  });
  const store = new LmdbViewStore(root, TEST_SKEW, {
    onDamaged: () => undefined,
    onClosed: () => Promise.resolve(),
  });
  const remove = async (): Promise<void> => {
    await store.close();
    await rm(directory, { recursive: true });
  };
  return { store, remove };
};

describeViewStore("the view in LMDB", make);
describeTiedArrivals("the view in LMDB", make);
