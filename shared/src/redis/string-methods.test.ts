import { setFlagsFromString } from "node:v8";
import { expect, it } from "@jest/globals";
import { restoreStringMethods } from "./string-methods.js";

setFlagsFromString("--allow-natives-syntax");
// oxlint-disable-next-line typescript/no-implied-eval -- V8's own word is no JavaScript, so no file can hold it.
const isFast = new Function("return %HasFastProperties(String.prototype)") as () => boolean;

it("strings' methods are fast again behind ioredis, which makes a dictionary of their prototype", () => {
  restoreStringMethods();
  expect(isFast()).toBe(true);
});
