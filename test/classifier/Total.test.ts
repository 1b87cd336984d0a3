import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import { Effect, FastCheck as fc } from "effect"
import { Classifier, LlmError } from "effect-resilience"

const hostile: ProxyHandler<object> = Object.fromEntries(
  Object.getOwnPropertyNames(Reflect).map((trap) => [
    trap,
    () => {
      throw new Error(`trap ${trap}`)
    }
  ])
)

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** The names that a reader looks for, so that generated objects are looked into. */
const key = fc.constantFrom(
  ...["cause", "errors", "error", "lastError", "reason", "status", "statusCode", "headers", "response", "data", "body"],
  ...["message", "code", "name", "_tag", "$metadata", "$response", "$fault", "requestID", "issue", "issues", "actual"],
  ...["responseBody", "responseHeaders", "syscall", "stack", "constructor", "__proto__", "type", "finishReason"]
)

const words = fc.constantFrom(
  ...["AI_APICallError", "ApiError", "ResponseError", "HttpResponseError", "ParseError", "StatusCode", "ECONNRESET"],
  ...[
    "AbortError",
    '{"error":{"message":"x","type":"overloaded_error"}}',
    "[{",
    '{"error":',
    "Transport",
    "constructor"
  ]
)

/** Values are generated as recipes, since some of them cannot even be looked at by the generator. */
type Recipe = () => unknown

const leaf: fc.Arbitrary<Recipe> = fc.oneof(
  fc.constantFrom<Recipe>(
    ...[() => null, () => undefined, () => Number.NaN, () => Symbol("s"), () => () => {}, () => class {}, () => 0n],
    ...[() => new Map([[{}, 1]]), () => new Date(Number.NaN), () => Object.create(null), () => new WeakRef({})]
  ),
  fc.constantFrom<Recipe>(
    ...[() => new Proxy({}, hostile), () => new Proxy(() => {}, hostile), () => new Proxy([], hostile), revoked]
  ),
  fc.oneof(fc.integer({ min: 90, max: 610 }), fc.string({ maxLength: 40 }), words, fc.anything()).map((v) => () => v),
  fc.constantFrom(200, 2_000, 20_000).map((length) => () => "429 ".repeat(length / 4))
)

const recipe = fc.letrec<{
  value: Recipe
  array: Recipe
  object: Recipe
  error: Recipe
  throwing: Recipe
  cyclic: Recipe
}>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, leaf, tie("array"), tie("object"), tie("error"), tie("throwing"), tie("cyclic")),
  array: fc.array(tie("value"), { maxLength: 4 }).map((made) => () => made.map((make) => make())),
  object: fc.dictionary(key, tie("value"), { maxKeys: 6 }).map((fields) => () => define({}, fields)),
  error: fc.tuple(fc.string(), fc.dictionary(key, tie("value"), { maxKeys: 6 })).map(
    ([message, fields]) =>
      () =>
        define(traced(message), fields)
  ),
  throwing: fc.array(key, { maxLength: 4 }).map((keys) => () => {
    const get = (): never => {
      throw new Error("getter")
    }
    return Object.defineProperties(
      {},
      Object.fromEntries(keys.map((name) => [name, { get, enumerable: true, configurable: true }]))
    )
  }),
  cyclic: fc.tuple(tie("error"), key).map(([make, name]) => () => {
    const error = make() as object
    return define(error, { [name]: () => error })
  })
})).value

/** An error whose trace is made before its parts are replaced by what the maker of traces would stumble over. */
const traced = (message: string): Error => {
  const error = new Error(message)
  return error.stack === undefined ? new Error() : error
}

const define = (object: object, fields: Readonly<Record<string, Recipe>>): object => {
  for (const [name, make] of Object.entries(fields)) {
    Object.defineProperty(object, name, { value: make(), enumerable: true, configurable: true, writable: true })
  }
  return object
}

describe("fromUnknown is total", () => {
  // Nobody reads the traces of ten thousand errors, and making them takes most of the time.
  const limit = Error.stackTraceLimit
  beforeAll(() => {
    Error.stackTraceLimit = 0
  })
  afterAll(() => {
    Error.stackTraceLimit = limit
  })

  it("C11: turns any of 10 000 generated values into an LlmError that can be printed and encoded", () => {
    fc.assert(
      fc.property(recipe, (make) => {
        const failure = Classifier.fromUnknown(make(), { target: "t" })
        expect(LlmError.isLlmError(failure)).toBe(true)
        JSON.stringify(failure)
        LlmError.userMessage(failure)
        Classifier.fromStreamEvent({ data: make() })
        Classifier.fromFinishedResponse({ body: make() })
      }),
      { numRuns: 10_000 }
    )
  }, 120_000)

  it("C11: ends at a bounded depth and width", () => {
    let deep: unknown = Object.assign(new Error("deepest"), { code: "ECONNRESET" })
    for (let depth = 0; depth < 10_000; depth++) deep = Object.assign(new Error(`at ${depth}`), { cause: deep })
    expect(Classifier.fromUnknown(deep)._tag).toBe("Unclassified")
    const wide = new AggregateError(Array.from({ length: 100_000 }, (_, n) => new Error(`no ${n}`)))
    expect(Classifier.fromUnknown(wide)._tag).toBe("Unclassified")
    const cyclic = new Error("round and round")
    cyclic.cause = new Error("again", { cause: cyclic })
    expect(Classifier.fromUnknown(cyclic)._tag).toBe("Unclassified")
  })

  it.effect("C11: reads what an Effect left behind", () =>
    Effect.gen(function* () {
      const failure = new LlmError.Overloaded({})
      const rejected = yield* Effect.promise(() => Effect.runPromise(Effect.fail(failure)).catch((error) => error))
      expect(Classifier.fromUnknown(rejected)).toBe(failure)
      const cause = yield* Effect.sandbox(Effect.interrupt).pipe(Effect.flip)
      expect(Classifier.fromUnknown(cause)).toMatchObject({ _tag: "Unclassified", code: "ABORT_ERR" })
    })
  )
})
