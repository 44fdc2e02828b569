import { describe, expect, it } from "@jest/globals";
import { addresses, httpUrl, printAddress, wholeNumber } from "./parsing.js";
import { nearestName } from "./nearest-name.js";
import { Problem } from "./setting.js";

describe("addresses", () => {
  it("reads host names, IPv4 and IPv6, and prints them as they were", () => {
    const parsed = addresses("kafka-1.local:9092, 10.0.0.1:1,[fe80::1]:65535");
    if (parsed instanceof Problem) throw new Error(parsed.text);
    expect(parsed).toEqual([
      { host: "kafka-1.local", port: 9092 },
      { host: "10.0.0.1", port: 1 },
      { host: "fe80::1", port: 65_535 },
    ]);
    expect(parsed.map(printAddress)).toEqual(["kafka-1.local:9092", "10.0.0.1:1", "[fe80::1]:65535"]);
  });

  it.each(["", ",", "host", "host:", ":1", "host:0", "host:65536", "http://host:1", "a:1,b", "fe80::1:1"])(
    "refuses %j",
    (text) => {
      expect(addresses(text)).toBeInstanceOf(Problem);
    },
  );
});

describe("wholeNumber", () => {
  it.each(["", " 5", "5 ", "5.0", "1e1", "0x5", "٥", "NaN", "11", "-1"])("refuses %j", (text) => {
    expect(wholeNumber({ min: 0, max: 10 })(text)).toBeInstanceOf(Problem);
  });

  it("takes both ends of its range", () => {
    const parse = wholeNumber({ min: 0, max: 10 });
    expect([parse("0"), parse("10")]).toEqual([0, 10]);
  });
});

describe("httpUrl", () => {
  it("drops the last slashes and keeps the path", () => {
    expect(httpUrl("http://host:8081/apis/ccompat/v7/")).toBe("http://host:8081/apis/ccompat/v7");
    expect(httpUrl("https://host")).toBe("https://host");
  });

  it.each(["host:8081", "ftp://host", "http://", "http://host?x=1", "http://user:pass@host"])(
    "refuses %j",
    (text) => {
      expect(httpUrl(text)).toBeInstanceOf(Problem);
    },
  );
});

describe("nearestName", () => {
  it("finds what was left out, added, changed, and prefers the nearest", () => {
    const known = ["kafka-brokers", "query-port", "query-host"];
    expect(nearestName("kafka-broker", known, 2)).toBe("kafka-brokers");
    expect(nearestName("query-posts", known, 2)).toBe("query-port");
    expect(nearestName("colour", known, 2)).toBeUndefined();
  });
});
