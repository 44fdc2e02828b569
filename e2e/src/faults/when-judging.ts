import type { BuildChange } from "../negative-controls/product-copy.js";

const FROM = "const hash = murmur2(key);";

/** Workers that do something more with each record of one user whenever they judge it. */
export function whenJudging(user: string, statement: string): BuildChange {
  return {
    file: "consumer/dist/pipeline/event-judge.js",
    from: FROM,
    to: `${FROM} if (key.toString() === ${JSON.stringify(user)}) { ${statement} }`,
  };
}
