import { describe, expect, it } from "@effect/vitest"
import { Classifier } from "effect-resilience"

const count = 300_000

const keyed = (): object => {
  const made: Record<string, unknown> = {}
  for (let at = 0; at < count; at++) made[`k${at}`] = at
  return made
}

/** An object in which everything that is asked for is there, and is such an object. */
const endless = (): object =>
  new Proxy(
    {},
    {
      get: (_, key) => (key === Symbol.toPrimitive ? undefined : endless()),
      has: () => true,
      ownKeys: () => Array.from({ length: 20_000 }, (_, at) => `k${at}`),
      getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: 1 })
    }
  )

/** Made once: making them takes longer than reading them may. */
const large: Readonly<Record<string, unknown>> = {
  bytes: new Uint8Array(20_000_000).fill(65),
  "a Buffer": Buffer.alloc(20_000_000, "{"),
  "an ArrayBuffer": new ArrayBuffer(20_000_000),
  floats: new Float64Array(2_000_000),
  "a list of numbers": new Array(5_000_000).fill(0),
  "a list of errors": new Array(1_000_000).fill({ error: { message: "x" } }),
  keys: keyed(),
  "keys around an error": { ...keyed(), error: { message: "x" } },
  "one long duration": "1s".repeat(1_000_000),
  digits: "1".repeat(1_000_000),
  blanks: " ".repeat(2_000_000),
  "an endless proxy": endless(),
  // As much as is parsed, and of what costs most for its length.
  "just less than is counted": `{"error":{"details":[${'{"a":"b"},'.repeat(6_500)}1]}}`,
  "dense lists": `[${'[[1],{"a":1}],'.repeat(18_000)}1]`,
  "dense errors": `{"error":{"message":"x","details":[${'{"code":"a","message":"b"},'.repeat(9_500)}1]}}`,
  "dense keys": `{${Array.from({ length: 24_000 }, (_, at) => `"k${at}":1`).join(",")}}`,
  "dense strings": `[${'"a",'.repeat(65_000)}"b"]`,
  "dense nesting": `${'{"error":'.repeat(29_000)}1${"}".repeat(100)}`,
  "JSON in JSON in JSON": JSON.stringify(JSON.stringify(JSON.stringify({ error: { message: '"'.repeat(25_000) } }))),
  "dense almost-JSON": `{'error': ${"{'a': None, 'b': [True, ".repeat(10_000)}`,
  "dense events": 'data: {"error":{"code":"a"}}\n\n'.repeat(8_500)
}

/** Where it may stand. */
const places: Readonly<Record<string, (it: unknown) => unknown>> = {
  thrown: (it) => Classifier.fromUnknown(it),
  "a cause": (it) => Classifier.fromUnknown(new Error("x", { cause: it })),
  "what an error holds": (it) =>
    Classifier.fromUnknown(Object.assign(new Error("x"), { status: 429, error: it, body: it, data: it, errors: it })),
  "a body": (it) => Classifier.fromHttpResponse({ status: 429, body: it }),
  "fields of a body": (it) =>
    Classifier.fromHttpResponse({ status: 429, body: { error: { code: it, message: it, retry_after: it, type: it } } }),
  details: (it) => Classifier.fromHttpResponse({ status: 429, body: { error: { details: [{ retryDelay: it }, it] } } }),
  headers: (it) => Classifier.fromHttpResponse({ status: 429, headers: it as Record<string, string> }),
  "what a client's error holds as headers": (it) =>
    Classifier.fromUnknown(Object.assign(new Error("x"), { status: 429, headers: it, requestID: "r", error: {} })),
  "the value of a header": (it) =>
    Classifier.fromHttpResponse({ status: 429, headers: { "retry-after": it as string, date: it as string } }),
  "an event": (it) => Classifier.fromStreamEvent({ data: it }),
  "the error of an event": (it) => Classifier.fromStreamEvent({ data: { error: it, choices: it } }),
  "a finished response": (it) => Classifier.fromFinishedResponse({ body: it }),
  "the parts of a finished response": (it) =>
    Classifier.fromFinishedResponse({ body: { choices: [{ message: { content: it } }], output: it } })
}

/** The best of several: what is measured is the reading, not the machine, which may have other things to do. */
const millis = (read: () => unknown): number => {
  let best = Number.POSITIVE_INFINITY
  for (let times = 0; times < 15 && best >= 20; times++) {
    const start = performance.now()
    read()
    best = Math.min(best, performance.now() - start)
  }
  return best
}

describe("what is large is read in bounded time", () => {
  for (const [place, read] of Object.entries(places)) {
    for (const [what, value] of Object.entries(large)) {
      it(`C11: ${what} as ${place}`, () => {
        expect(millis(() => read(value))).toBeLessThan(20)
      })
    }
  }
})
