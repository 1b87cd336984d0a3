/** Whatever a provider does and wherever it breaks, the consumer's text is of one attempt: a prefix of it, or all of it. */

import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, FastCheck, Redacted, Stream } from "effect"
import { LlmCall, LlmError, Resilience, StreamDialect } from "effect-resilience"

interface Token {
  readonly text?: string
  readonly end?: true
  readonly error?: true
  readonly malformed?: true
}

const boom = new LlmError.ServerError({ message: "in band" })

const own = StreamDialect.make<Token>({
  content: (token) => token.text !== undefined && token.text !== "",
  text: (token) => token.text,
  end: (token) => token.end === true,
  error: (token) => (token.error ? boom : undefined)
})

const dialect: StreamDialect.StreamDialect<Token> = {
  ...own,
  read: (token) => (token.malformed ? { kind: "malformed" } : own.read(token))
}

/** How an attempt's stream stops: with its end marker or without, with an error event, or with a thrown one. */
type Stop = "whole" | "cut" | "errorEvent" | "thrown" | "thrownAfterEnd"

interface Script {
  readonly tokens: ReadonlyArray<Token>
  readonly stop: Stop
  /** Sizes of the chunks, repeated. */
  readonly sizes: ReadonlyArray<number>
}

const token: FastCheck.Arbitrary<Token> = FastCheck.oneof(
  { weight: 6, arbitrary: FastCheck.constantFrom("a", "bc", "d ").map((text): Token => ({ text })) },
  { weight: 1, arbitrary: FastCheck.constant<Token>({ text: "" }) },
  { weight: 1, arbitrary: FastCheck.constant<Token>({}) },
  { weight: 1, arbitrary: FastCheck.constant<Token>({ malformed: true }) }
)

const script: FastCheck.Arbitrary<Script> = FastCheck.record({
  tokens: FastCheck.array(token, { maxLength: 8 }),
  stop: FastCheck.constantFrom<Stop>("whole", "cut", "errorEvent", "thrown", "thrownAfterEnd"),
  sizes: FastCheck.array(FastCheck.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })
})

const delivery = FastCheck.constantFrom("incremental" as const, "buffered" as const, "restartable" as const)

/** Each attempt's text is marked with its number, so that a text of two attempts would show. */
const elementsOf = ({ stop, tokens }: Script, attempt: number): ReadonlyArray<Token> => [
  ...tokens.map((token) => (token.text ? { text: token.text.toUpperCase().replace(/\w/g, `$&${attempt}`) } : token)),
  ...(stop === "whole" || stop === "thrownAfterEnd" ? [{ end: true } as const] : []),
  ...(stop === "errorEvent" ? [{ error: true } as const, { text: "after the error" }] : [])
]

const throws = ({ stop }: Script): boolean => stop === "thrown" || stop === "thrownAfterEnd"

const textOf = (script: Script, attempt: number): string =>
  elementsOf(script, attempt)
    .slice(0, script.tokens.length)
    .map((token) => token.text ?? "")
    .join("")

const isWhole = ({ stop }: Script): boolean => stop === "whole" || stop === "thrownAfterEnd"

const asStream = (script: Script, attempt: number): Stream.Stream<Token, LlmError.LlmError> => {
  const elements = elementsOf(script, attempt)
  const chunks: Array<ReadonlyArray<Token>> = []
  for (let at = 0, i = 0; at < elements.length; i++) {
    const size = script.sizes[i % script.sizes.length] ?? 1
    chunks.push(elements.slice(at, at + size))
    at += size
  }
  const sent = Stream.flatMap(Stream.fromIterable(chunks), (chunk) => Stream.fromIterable(chunk))
  return throws(script) ? Stream.concat(sent, Stream.fail(new LlmError.ConnectionFailed({ sent: "maybe" }))) : sent
}

const asIterable = (script: Script, attempt: number): Stream.Stream<Token, LlmError.LlmError> =>
  LlmCall.tryStream({
    target: "a",
    try: async function* () {
      for (const [i, element] of elementsOf(script, attempt).entries()) {
        if (i % (script.sizes[0] ?? 1) === 0) await Promise.resolve()
        yield element
      }
      if (throws(script)) throw new LlmError.ConnectionFailed({ sent: "maybe" })
    }
  })

const consume = (
  scripts: ReadonlyArray<Script>,
  mode: "incremental" | "buffered" | "restartable",
  source: (script: Script, attempt: number) => Stream.Stream<Token, LlmError.LlmError>
) =>
  Effect.gen(function* () {
    let attempt = 0
    const texts = [{ attempt: 0, text: "" }]
    const stream = Stream.suspend(() => {
      const script = scripts[Math.min(attempt, scripts.length - 1)]!
      return source(script, ++attempt)
    })
    const result = yield* stream.pipe(
      Resilience.protectStream("a", { dialect, delivery: mode, malformed: "skip" }),
      Stream.runForEach((element) =>
        Effect.sync(() => {
          const last = texts.at(-1)!
          if (element instanceof Resilience.Restarted) texts.push({ attempt, text: "" })
          else texts.splice(-1, 1, { attempt, text: last.text + (element.text ?? "") })
        })
      ),
      Effect.either
    )
    return { texts, attempt, error: Either.isLeft(result) ? result.left : undefined }
  }).pipe(
    Effect.provide(
      Resilience.layer({ retry: { maxAttempts: 3, initialDelay: 0 }, circuitBreaker: false, deadline: false })
    )
  )

const sources = { "any stream": asStream, "an async iterable": asIterable }

describe.each(Object.entries(sources))("%s", (_name, source) => {
  it.live("S2: the text is always one attempt's own, whole after a success and a prefix after a failure", () =>
    Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(
          FastCheck.array(script, { minLength: 1, maxLength: 3 }),
          delivery,
          async (scripts, mode) => {
            const seen = await Effect.runPromise(consume(scripts, mode, source))
            const scriptOf = (attempt: number) => scripts[Math.min(attempt, scripts.length) - 1]!
            const last = seen.texts.at(-1)!
            for (const { attempt, text } of seen.texts) {
              if (attempt > 0) expect(textOf(scriptOf(attempt), attempt).startsWith(text)).toBe(true)
            }
            if (mode !== "restartable") expect(seen.texts).toHaveLength(1)
            if (seen.error === undefined) {
              expect(isWhole(scriptOf(seen.attempt))).toBe(true)
              expect(last.text).toBe(textOf(scriptOf(seen.attempt), seen.attempt))
            } else {
              expect(isWhole(scriptOf(seen.attempt))).toBe(false)
              if (mode === "buffered") expect(last.text).toBe("")
              if (seen.error._tag === "StreamInterrupted") {
                expect(seen.error.partial).toEqual(Redacted.make(last.text))
              } else expect(last.text).toBe("")
            }
          }
        ),
        { numRuns: 300 }
      )
    )
  )
})
