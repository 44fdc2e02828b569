const common = {
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  transform: { "^.+\\.ts$": ["@swc/jest", {}] },
  moduleNameMapper: {
    "^@lastknown/([^/]+)$": "<rootDir>/$1/src/index.ts",
    "^@lastknown/([^/]+)/([^/]+)$": "<rootDir>/$1/src/$2/index.ts",
    "^(\\.{1,2}/.+)\\.js$": ["$1.ts", "$1.js"],
  },
  modulePathIgnorePatterns: ["<rootDir>/[^/]+/dist/", "<rootDir>/.lastknown/"],
};

// `*.test.ts` needs no server; `*.it.test.ts` runs against the real stack named in the environment.
export default {
  projects: [
    { ...common, displayName: "unit", testRegex: "(?<!\\.it)\\.test\\.ts$" },
    { ...common, displayName: "servers", testRegex: "\\.it\\.test\\.ts$" },
  ],
};
