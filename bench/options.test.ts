import { describe, expect, it } from "@jest/globals";
import { parseOptions, PHASES, USAGE, UsageError } from "./options.mjs";
import { PEER_NAMES } from "./peers/peer-names.mjs";

describe("the phases that are asked for", () => {
  it("are all where none is named", () => {
    expect(parseOptions([]).phases).toEqual(PHASES);
  });

  it("are one, or several between commas, each once and in their order", () => {
    expect(parseOptions(["--phase", "floor"]).phases).toEqual(["floor"]);
    expect(parseOptions(["--phase", "floor,drain-few-two,floor"]).phases).toEqual(["floor", "drain-few-two"]);
  });

  it.each(["flor", "", "drain,,floor", "drain, floor"])("cannot be %j", (text) => {
    const parse = () => parseOptions(["--phase", text]);
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(PHASES.join(","));
  });

  it("are all in the usage", () => {
    for (const phase of PHASES) expect(USAGE).toMatch(new RegExp(`^ +${phase}  `, "m"));
  });
});

it("takes peers in the same way", () => {
  expect(parseOptions(["--peers", "streams,plain"]).peers).toEqual(["streams", "plain"]);
  expect(() => parseOptions(["--peers", "stream"])).toThrow(PEER_NAMES.join(","));
});
