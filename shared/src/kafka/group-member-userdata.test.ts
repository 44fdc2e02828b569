import { expect, test } from "@jest/globals";
import kafkajs from "kafkajs";
import { memberMetadata, sessionTimeoutOf } from "./group-member-userdata.js";

const { MemberMetadata } = kafkajs.AssignerProtocol;
const saying = (userData: string): Buffer =>
  MemberMetadata.encode({ version: 0, topics: ["a"], userData: Buffer.from(userData) });

test("a member's session is read as it was said, beside the topics that it takes", () => {
  const metadata = memberMetadata(["a", "b"], 12_000);
  expect(sessionTimeoutOf(metadata)).toBe(12_000);
  expect(MemberMetadata.decode(metadata)).toMatchObject({ version: 0, topics: ["a", "b"] });
});

test.each([
  ["nothing, as while the group rebalances", Buffer.alloc(0)],
  ["no bytes of its own", saying("")],
  ["another's text", saying("sticky")],
  ["another's object", saying('{"generation":3}')],
  ["a session that is no number", saying('{"sessionTimeoutMs":"12 s"}')],
  ["null", saying("null")],
  ["what is no metadata", Buffer.from([0, 0, 7])],
])("a member that says %s is of an unknown session", (_what, metadata) => {
  expect(sessionTimeoutOf(metadata)).toBeUndefined();
});
