// The table of tags in docs/errors.md is written from `LlmError.traits`: `npm run docs:errors`.
import { fileURLToPath } from "node:url"
import { writeSection } from "../bench/section.js"
import { statusOf } from "../src/internal/errors/traits.js"
import * as LlmError from "../src/LlmError.js"
import type { Rejection } from "../src/Rejection.js"

const again = { always: "yes", once: "once", lastResort: "if there is no other target", never: "no" }
const elsewhere = { any: "yes", largerWindow: "one with a larger window", onRequest: "only if asked for", never: "no" }

const row = (tag: string): string => {
  const { category, countsAgainstHealth, otherTarget, parks, sameTarget } = LlmError.traits({
    _tag: tag
  } as LlmError.LlmError | Rejection)
  const health = countsAgainstHealth ? "counts" : parks ? "parks" : "-"
  return `| \`${tag}\` | ${category} | ${again[sameTarget]} | ${health} | ${elsewhere[otherTarget]} | ${statusOf(tag)} |`
}

/** Every failure and every rejection, in the order of the table they stand in. */
export const table: string = [
  "| tag | category | same target again | its health | another target | `httpStatus` |",
  "|---|---|---|---|---|---|",
  ...Object.keys(LlmError.userMessages).map(row)
].join("\n")

if (process.argv[1] === fileURLToPath(import.meta.url)) writeSection("docs/errors.md", "tags", table)
