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

// `*.test.ts` needs no server; `*.it.test.ts` runs against the real stack named in the environment, `*.k8s.test.ts` on
// the API server of `npm run test:k8s`.
export default {
  // What a test says is never about speed; a busy machine must not make it fail.
  testTimeout: 60_000,
  projects: [
    { ...common, displayName: "unit", testRegex: "(?<!\\.it|\\.k8s)\\.test\\.ts$" },
    { ...common, displayName: "servers", testRegex: "\\.it\\.test\\.ts$" },
    { ...common, displayName: "k8s", testRegex: "\\.k8s\\.test\\.ts$" },
  ],
};
