import { readFileSync } from "node:fs"
import { describe, expect, it } from "@effect/vitest"
import { Cause, ConfigProvider, Effect, Exit, Layer } from "effect"
import { LlmError, Resilience } from "effect-resilience"
import { type Variable, variables } from "../src/internal/options/environment.js"
import * as names from "../src/internal/options/names.js"
import { target, toEnd } from "./targets.js"

const from = (values: Record<string, string>) => ConfigProvider.fromMap(new Map(Object.entries(values)))

const read = (values: Record<string, string>) => Effect.withConfigProvider(Resilience.config, from(values))

const refusal = (values: Record<string, string>) =>
  Effect.map(
    Effect.exit(Layer.build(Layer.provide(Resilience.layerEnv, Layer.setConfigProvider(from(values))))),
    (exit) => (Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "fine")
  )

describe("R14: options from the environment", () => {
  it.effect("none is needed, and without any the defaults hold", () =>
    Effect.gen(function* () {
      expect(yield* read({})).toEqual({})
    })
  )

  it.scoped("they take effect", () =>
    Effect.gen(function* () {
      const { asked, run } = yield* target("down", Effect.fail(new LlmError.ServerError({})))
      const layer = Layer.provide(
        Resilience.layerEnv,
        Layer.setConfigProvider(
          from({ LLM_MAX_RETRIES: "4", LLM_RETRY_INITIAL_DELAY: "2", LLM_RETRY_JITTER: "none", LLM_DEADLINE: "off" })
        )
      )
      yield* toEnd(Effect.provide(Resilience.protect(run, "a"), layer))
      expect(yield* asked).toEqual([0, 2_000, 6_000, 14_000])
    })
  )

  it.effect("durations are words or seconds, a circuit is failures in a row, a rate, or none", () =>
    Effect.gen(function* () {
      const options = yield* read({
        LLM_DEADLINE: "90 seconds",
        LLM_ATTEMPT_TIMEOUT: "0.5",
        LLM_STREAM_IDLE: "off",
        LLM_CIRCUIT_FAILURE_RATE: "0.4",
        LLM_CIRCUIT_WINDOW: "1 minute",
        LLM_OBSERVE_ONLY: "yes"
      })
      expect(JSON.parse(JSON.stringify(options))).toMatchObject({
        deadline: { _id: "Duration", millis: 90_000 },
        attemptTimeout: { millis: 500 },
        stream: { idle: false },
        observeOnly: true,
        circuitBreaker: { tripPolicy: { _tag: "RateOver", threshold: 0.4, window: 60_000, minimumCalls: 20 } }
      })
      expect(yield* read({ LLM_CIRCUIT: "off", LLM_CIRCUIT_FAILURES: "3" })).toEqual({ circuitBreaker: false })
      expect(yield* read({ LLM_CIRCUIT_FAILURES: "3" })).toEqual({
        circuitBreaker: { tripPolicy: { _tag: "Consecutive", failures: 3 } }
      })
    })
  )

  const wrong: Record<string, ReadonlyArray<string>> = {
    duration: ["soon", "-1", "-1 seconds", ""],
    whole: ["1.5", "0", "many"],
    number: ["-1", "much", "Infinity"],
    word: ["perhaps"]
  }
  const kindOf = ({ kind }: Variable): string =>
    /duration/.test(kind.allowed)
      ? "duration"
      : /whole/.test(kind.allowed)
        ? "whole"
        : /number/.test(kind.allowed)
          ? "number"
          : "word"

  it.scoped.each(variables.map((variable) => [variable.name, variable] as const))(
    "%s: a bad value is told with the variable, the value and what is allowed",
    ([name, variable]) =>
      Effect.gen(function* () {
        for (const value of wrong[kindOf(variable)] ?? []) {
          const told = yield* refusal({ [name]: value })
          expect(told).toContain(name)
          expect(told).toContain(JSON.stringify(value))
          expect(told).toContain(variable.kind.allowed)
        }
      })
  )

  it.scoped("values that do not fit together are a ConfigError, too", () =>
    Effect.gen(function* () {
      expect(yield* refusal({ LLM_RETRY_INITIAL_DELAY: "20", LLM_RETRY_MAX_DELAY: "5" })).toMatch(/maxDelay/)
      expect(
        yield* refusal({ LLM_CIRCUIT_FAILURE_RATE: "0.5", LLM_CIRCUIT_CALLS: "10", LLM_CIRCUIT_MINIMUM_CALLS: "20" })
      ).toMatch(/minimumCalls/)
    })
  )
})

/** What takes a value of code: schedules, functions, records of targets, and what one variable would not say well. */
const ofCode = new Set([
  "retry.lastTarget",
  "retry.perError",
  "retry.whenOpen",
  "circuitBreaker.tripPolicy",
  "circuitBreaker.parking.stagger",
  "stream.buffer",
  "hedge",
  "targets",
  "provider",
  "model",
  "bulkhead",
  "rateLimit",
  "spendLimit",
  "adaptiveLimit",
  "rampUp"
])

it("every option has a variable, or is one of code", () => {
  const under = (path: string, options: object) => Object.keys(options).map((name) => `${path}${name}`)
  const holders = new Set([
    "retry",
    "circuitBreaker",
    "stream",
    "retryBudget",
    "circuitBreaker.halfOpen",
    "circuitBreaker.parking"
  ])
  const bounds = under("retryBudget.", names.boundsOptions)
  const all = [
    ...under("", names.allOptions),
    ...under("retry.", names.retryOptions),
    ...under("retryBudget.", names.budgetOptions).filter((name) => !bounds.includes(name)),
    ...under("circuitBreaker.", names.circuitOptions),
    ...under("circuitBreaker.halfOpen.", names.halfOpenOptions),
    ...under("circuitBreaker.parking.", names.parkingOptions),
    ...under("stream.", names.streamPolicy)
  ].filter((name) => !holders.has(name))
  const set = new Set(variables.map((variable) => variable.option))
  expect(all.filter((name) => !set.has(name) && !ofCode.has(name))).toEqual([])
})

it("the page on Resilience has a row for every variable, with what may stand there and the default", () => {
  const page = readFileSync("docs/resilience.md", "utf8")
  for (const { default: otherwise, kind, name } of variables) {
    const row = page.split("\n").find((line) => line.startsWith(`| \`${name}\` `)) ?? ""
    expect(row).toContain(kind.allowed)
    expect(row).toContain(otherwise)
  }
})
