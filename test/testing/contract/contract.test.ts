/**
 * One contract for every back end of the test kit: what a step does to a program over a socket, through the clients that
 * people have, it does on replay of a recording, through a scripted provider and in a scripted model.
 */
import * as NodeFs from "node:fs"
import * as NodeOs from "node:os"
import * as NodePath from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Exit, Redacted } from "effect"
import { Classifier, LlmError, Resilience, Telemetry } from "effect-resilience"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import * as Recording from "effect-resilience/testing/Recording"
import * as ScriptedModel from "effect-resilience/testing/ScriptedModel"
import * as ScriptedProvider from "effect-resilience/testing/ScriptedProvider"
import * as Simulation from "effect-resilience/testing/Simulation"
import { type Client, clients, key, ofModel, type Place } from "./clients.js"

const { Script, Step } = MisbehavingProvider

const reply = { text: "one two three four five" }
const again = "Success"

interface Row {
  readonly name: string
  readonly step: MisbehavingProvider.Step.Step
  /** The attempts under policies of two attempts: of a whole answer, and of a stream. Left out where clients differ. */
  readonly attempts?: readonly [whole: ReadonlyArray<string>, streamed: ReadonlyArray<string>]
  /** Nobody is told anything without policies. */
  readonly hangs?: boolean
  /** Where it breaks off depends on the bytes, and so on the dialect. */
  readonly byBytes?: boolean
}

const row = (
  name: string,
  step: MisbehavingProvider.Step.Step,
  whole: ReadonlyArray<string>,
  streamed: ReadonlyArray<string> = whole
): Row => ({ name, step, attempts: [whole, streamed] })

const malformed = ["MalformedResponse", again]
const interrupted = ["StreamInterrupted"]

const rows: ReadonlyArray<Row> = [
  row("an answer", Step.answer({ reply }), [again]),
  row(
    "an answer that is cut within its characters",
    Step.answer({ boundaries: "anywhere", reply: { text: "Grüße, 世界! 🎉" } }),
    [again]
  ),
  row("429 with a hint", Step.rateLimited({ retryAfter: "1 minute" }), ["RateLimited"]),
  row("429 without one", Step.rateLimited(), ["RateLimited", again]),
  row("overload", Step.overloaded(), ["Overloaded", again]),
  row("500", Step.serverError(), ["ServerError", again]),
  row("no credit", Step.quotaExhausted(), ["QuotaExhausted"]),
  row("a long prompt", Step.contextLengthExceeded(), ["ContextLengthExceeded"]),
  row("a filtered prompt", Step.contentFiltered(), ["ContentFiltered"]),
  row("a filtered answer", Step.contentFiltered({ by: "completion", reply }), ["ContentFiltered"], interrupted),
  row("a wrong key", Step.invalidKey(), ["AuthenticationFailed"]),
  row("an unknown model", Step.modelNotFound(), ["ModelNotFound"]),
  row("a proxy's page", Step.proxyPage(), ["ServerError", again]),
  row("a reset", Step.reset(), ["ConnectionFailed", again]),
  row("a close", Step.close(), ["ConnectionFailed", again]),
  { ...row("silence", Step.stall(), ["TimedOut", again]), hangs: true },
  { ...row("silence after the headers", Step.stallAfterHeaders(), ["TimedOut", again]), hangs: true },
  // The vendors' clients tell of a broken connection, and those of Effect of a body that cannot be read.
  { name: "a cut before the first content", step: Step.cutBody({ reply, after: 0 }) },
  { name: "a cut after two pieces", step: Step.cutBody({ reply, after: 2 }) },
  row("an end after two pieces", Step.cutBody({ reply, after: 2, by: "end" }), malformed, interrupted),
  { ...row("half a body", Step.truncatedBody({ reply }), malformed, interrupted), byBytes: true },
  // Some pass over it. Those who fail take with them what came in the same packet.
  { name: "an event that is no JSON", step: Step.malformedEvent({ reply, at: 1, betweenChunks: "50 millis" }) },
  row("no end marker", Step.omitEndMarker({ reply }), malformed, interrupted),
  row("an error before the first content", Step.errorInStream({ reply, after: 0 }), ["Overloaded", again]),
  row("an error after two pieces", Step.errorInStream({ reply, after: 2 }), ["Overloaded", again], interrupted),
  row("an error within 200", Step.errorBodyIn200(), ["ServerError", again], malformed),
  row("no body", Step.emptyBody(), malformed),
  row("noise", Step.noise({ bytes: 10_000 }), ["ServerError", again]),
  row("an error by name", Step.fail(new LlmError.Overloaded()), ["Overloaded", again])
]

/** What a user sees of a call: the text or the failure, and the trail. */
interface Told {
  readonly answer: unknown
  readonly trail: ReadonlyArray<string>
}

const tell = (exit: Exit.Exit<string, unknown>): unknown => {
  if (Exit.isSuccess(exit)) return exit.value
  if (exit.cause._tag !== "Fail") return exit.cause._tag
  const error = Classifier.fromUnknown(exit.cause.error)
  const { code, message, partial, retryAfter, status } = error as unknown as {
    readonly [name: string]: unknown
    readonly partial?: Redacted.Redacted<string>
    readonly retryAfter?: Duration.Duration
  }
  return {
    tag: error._tag,
    code,
    status,
    message: String(message).replace(/req_\w+/g, "the id of the request"),
    partial: partial && Redacted.value(partial),
    retryAfter: retryAfter && Duration.toMillis(retryAfter)
  }
}

const policies = ({ hangs }: Row) =>
  Resilience.layer({
    ...(hangs && { attemptTimeout: "500 millis" }),
    retry: { initialDelay: 1, jitter: "none", maxAttempts: 2, maxRetryAfter: "1 second" }
  })

/** Asks in every way there is, each time with the step before it. */
const told = (
  client: Client,
  row: Row,
  script: (script: MisbehavingProvider.Script.Script) => Effect.Effect<void, unknown>
): Effect.Effect<ReadonlyArray<Told>, unknown> =>
  Effect.forEach([...(row.hangs ? [] : client.bare), ...client.guarded], (ask) =>
    Effect.gen(function* () {
      yield* script(Script.inOrder([row.step], { afterwards: "answer" }))
      const { exit, trail } = yield* Telemetry.withTrail(Effect.provide(ask, policies(row)))
      return { answer: tell(exit), trail: trail.map(({ outcome }) => outcome) }
    })
  )

const inVirtualTime = <A, E>(self: Effect.Effect<A, E>) =>
  Effect.map(Simulation.virtually(self, "1 day"), (ended) => ended ?? "not over in a day")

const nothing = () => Effect.void

describe.each(Object.entries(clients))("V2: %s", (name, make) => {
  const transform: Place["transform"] = (client) => client
  /** Each client is recorded where it can be: at its `fetch`, or at its `HttpClient`. */
  const through = (recording: Recording.Service) =>
    name.startsWith("@effect/") ? { ...recording, fetch: globalThis.fetch } : { ...recording, transform }

  it.scopedLive.each(rows)("is told the same of $name over a socket, of a recording and by a script", (row) =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make()
      const file = NodePath.join(NodeFs.mkdtempSync(NodePath.join(NodeOs.tmpdir(), "recording-")), "recording.json")
      const overSockets = yield* Effect.scoped(
        Effect.flatMap(Recording.make({ file, mode: "record" }), (recording) =>
          told(make({ ...provider, ...through(recording) }), row, provider.script)
        )
      )
      const attempts = overSockets.slice(-2).map(({ trail }) => trail)
      expect(attempts).toEqual(row.attempts ?? attempts)

      expect(NodeFs.readFileSync(file, "utf8")).not.toContain(key.slice(3))
      const asked = (yield* provider.awaitSettled).length
      const replayed = Effect.flatMap(Recording.make({ file }), (recording) =>
        Effect.zipLeft(
          told(make({ ...provider, ...through(recording) }), row, nothing),
          Effect.map(recording.unplayed, (unplayed) => expect(unplayed).toBe(0))
        )
      )
      expect(yield* inVirtualTime(Effect.scoped(replayed))).toEqual(overSockets)
      // It took no network.
      expect(yield* provider.attempts).toHaveLength(asked)

      const scripted = Effect.flatMap(ScriptedProvider.make(), ({ fetch, script }) =>
        told(make({ ...provider, fetch, transform }), row, script)
      )
      expect(yield* inVirtualTime(scripted)).toEqual(overSockets)

      const of = models[name]
      if (of === undefined) return
      const model = Effect.flatMap(ScriptedModel.make(of), ({ layer, script }) => told(ofModel(layer), row, script))
      const { byBytes } = row
      expect(inShort(yield* inVirtualTime(model), byBytes)).toEqual(inShort(overSockets, byBytes))
    })
  )
})

/** The clients of Effect's own interface, which a scripted model stands for. */
const models: Readonly<Record<string, ScriptedModel.Options>> = {
  "@effect/ai-openai": { provider: "openai", name: "gpt-5" },
  "@effect/ai-anthropic": { provider: "anthropic", name: "claude" }
}

/** A scripted model fails in words of its own. */
const inShort = (all: ReadonlyArray<Told> | string, trailOnly = false): unknown =>
  typeof all === "string"
    ? all
    : all.map(({ answer, trail }) => ({
        answer: trailOnly ? "" : typeof answer === "object" ? (answer as { readonly tag: string }).tag : answer,
        trail
      }))
