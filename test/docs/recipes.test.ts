/** The recipes: what the page shows is what is run, in no time, and each fails without the policy that it shows. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Cause, Effect, Exit, TestContext } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { written } from "../../.ci/recipes.js"

const folder = fileURLToPath(new URL("../recipes/", import.meta.url))
const changed = fileURLToPath(new URL("../recipes/.changed/", import.meta.url))
const names = readdirSync(folder).filter((name) => name.endsWith(".test.ts"))

/** What is taken away from each, and what then stands in its place. */
const policies: Readonly<Record<string, readonly [policy: string | RegExp, none: string]>> = {
  "01-rate-limit": ["Resilience.layer()", "Resilience.layer({ retry: false })"],
  "02-outage": [/circuitBreaker: \{[^}]*\}/, "circuitBreaker: false"],
  "03-slow-first-token": ['stream: { firstToken: "20 seconds" }', "stream: { firstToken: false }"],
  "04-stream-cut": [', delivery: "buffered"', ""],
  "05-fallback": [/,\n\s+\{ name: "anthropic\/claude", model: claude.layer \}/, ""],
  "06-hedge": [/,\n\s+hedge: \{ after: "3 seconds" \}/, ""],
  "07-tool-called-twice": [
    'LanguageModel.generateText({ prompt: "Pay!", toolkit })',
    'Effect.replicateEffect(LanguageModel.generateText({ prompt: "Pay!", toolkit }), 2)'
  ],
  "08-deadline": ['deadline: "1 minute"', "deadline: false"],
  "09-shutdown": ["yield* Fiber.interrupt(asking)", ""],
  "10-cold-start": ["yield* (yield* CircuitBreaker.CircuitBreaker).restore(snapshot)", ""],
  "11-two-tenants": [/,\n\s+Bulkhead.withTenant\(tenant\)/, ""],
  "12-cost-limit": [/\{ spendLimit: \{.*\} \} \}/, ""]
}

/** Collects the one test of a file, in place of running it. */
const collector = `
export { expect } from "vitest"
export const collected = []
export const it = { effect: (_, test) => collected.push(test) }
`

const testOf = async (name: string, code: string): Promise<Effect.Effect<unknown, unknown>> => {
  mkdirSync(changed, { recursive: true })
  writeFileSync(`${changed}${name}.collector.mjs`, collector)
  writeFileSync(`${changed}${name}.ts`, code.replace('"@effect/vitest"', JSON.stringify(`./${name}.collector.mjs`)))
  await import(/* @vite-ignore */ `${changed}${name}.ts`)
  const { collected } = await import(/* @vite-ignore */ `${changed}${name}.collector.mjs`)
  return (collected[0] as () => Effect.Effect<unknown, unknown>)()
}

const run = (test: Effect.Effect<unknown, unknown>) =>
  Effect.runPromiseExit(Effect.provide(test, TestContext.TestContext))

const bound = 50

/** Something that takes a quiet machine 10 ms. */
const reference = (): number => {
  const before = performance.now()
  for (let round = 0; round < 60; round++) {
    const items = Array.from({ length: 200 }, (_, i) => ({ i, text: `a text ${i}`, list: [i] }))
    JSON.stringify(JSON.parse(JSON.stringify(items)))
  }
  return performance.now() - before
}

/**
 * The milliseconds that a test which passes takes a quiet machine: the best of some runs, since the first ones compile what
 * is run, each by what else the machine has to do just then.
 */
const timeOf = async (test: Effect.Effect<unknown, unknown>): Promise<number> => {
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < 15 && best >= bound; i++) {
    const slowness = Math.max(1, reference() / 10)
    const before = performance.now()
    const exit = await run(test)
    best = Math.min(best, (performance.now() - before) / slowness)
    if (Exit.isFailure(exit)) throw new Error(Cause.pretty(exit.cause))
  }
  return best
}

describe("docs/recipes.md", () => {
  afterAll(() => rmSync(changed, { recursive: true, force: true }))

  it("shows the tests that are run", () => {
    expect(readFileSync(new URL("../../docs/recipes.md", import.meta.url), "utf8")).toBe(written())
    expect(names.map((name) => name.replace(".test.ts", ""))).toEqual(Object.keys(policies))
  })

  it.each(Object.entries(policies))(
    "V1: %s passes in less than 50 ms, and fails without its policy",
    async (name, [policy, none]) => {
      const code = readFileSync(`${folder}${name}.test.ts`, "utf8")
      const test = await testOf(`${name}.as-it-is`, code)
      expect(await timeOf(test)).toBeLessThan(bound)

      const without = code.replace(policy, none)
      expect(without).not.toBe(code)
      expect(Exit.isFailure(await run(await testOf(`${name}.without`, without)))).toBe(true)
    }
  )
})
