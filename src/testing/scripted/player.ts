/**
 * Plays a script without sockets, and remembers what was asked.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { LlmError } from "../../LlmError.js"
import { defaultReply } from "../misbehaving/defaultReply.js"
import { type Broken, type Received, receive } from "../misbehaving/memory.js"
import { check, type InvalidProviderOption, ReplyFunction } from "../misbehaving/Options.js"
import { perform } from "../misbehaving/perform.js"
import { type ProviderRequest, Reply } from "../misbehaving/Reply.js"
import * as Script from "../misbehaving/Script.js"
import * as Scripts from "../misbehaving/Scripts.js"
import type * as Step from "../misbehaving/Step.js"
import type { Wire } from "../misbehaving/Wire.js"
import { waits } from "../misbehaving/waits.js"

/** @internal */
export const shared = {
  /** What happens to calls. Default: all are answered. */
  script: Schema.optional(Script.Script),
  /** What is answered where a step has no reply of its own. Default: a sentence, or a value that follows the schema. */
  reply: Schema.optional(Schema.Union(ReplyFunction, Reply)),
  /** The seed of the times that `Step.latency` draws, and of where `boundaries: "anywhere"` cuts. Default 0. */
  seed: Schema.optional(Schema.Union(Schema.String, Schema.Number))
}

const Shared = Schema.Struct(shared)

/**
 * What was asked, and what became of it.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Asked extends ProviderRequest {
  /** Its place among all calls since the start or the last reset, from 0. */
  readonly index: number
  /** When it came, in milliseconds of the `Clock`. */
  readonly at: number
  /** When it was over; `undefined` while it is under way. */
  readonly endedAt: number | undefined
  /** What the script had in store for it. */
  readonly step: Step.Step
  /** Whether whoever asked has gone before the end. */
  readonly left: boolean
}

/** @internal */
export interface Player {
  readonly asked: Effect.Effect<ReadonlyArray<Asked>>
  readonly script: (script: Script.Script) => Effect.Effect<void, InvalidProviderOption>
  readonly reset: Effect.Effect<void>
  /**
   * Takes the next step for a request: the response in the dialect of the wire, or the error that the script names, or
   * what comes nearest to it on the wire. What answers is given up with the scope.
   */
  readonly play: (request: ProviderRequest, wire: Wire, onTheWire?: boolean) => Effect.Effect<Response>
}

/** @internal */
export type Response = Effect.Effect<Received, Broken | LlmError, Scope.Scope>

/** @internal */
export const make = ({ reply, script, seed = 0 }: typeof Shared.Type): Effect.Effect<Player> =>
  Effect.map(Scripts.make(script), (scripts) => {
    let all: Array<Asked> = []
    const replyTo = Predicate.isFunction(reply) ? reply : reply === undefined ? defaultReply : () => reply
    return {
      asked: Effect.sync(() => [...all]),
      script: (script) =>
        Effect.flatMap(check(Script.Script, "script", "scripted model")(script), (script) =>
          scripts.set(script, undefined)
        ),
      reset: Effect.andThen(
        scripts.reset,
        Effect.sync(() => {
          all = []
        })
      ),
      play: (request, wire, onTheWire = false) =>
        Effect.gen(function* () {
          const at = yield* Clock.currentTimeMillis
          const step = yield* scripts.next(request)
          const log = all
          const index = log.length
          log.push({ ...request, index, at, endedAt: undefined, step, left: false })
          const ends = (left: boolean) =>
            Effect.map(Clock.currentTimeMillis, (endedAt) => {
              const asked = log[index]
              if (asked?.endedAt === undefined) log[index] = { ...asked!, endedAt, left }
            })
          const pause = waits(`${seed}/${index}`)
          const ended = <A, E>(exit: Exit.Exit<A, E>) => ends(Exit.isInterrupted(exit))
          if (step._tag === "Fail" && !onTheWire) {
            return Effect.onExit(Effect.andThen(pause(step.delay), Effect.fail(step.error)), ended) as Response
          }
          return receive((exchange) => {
            const requestId = `req_scripted${index}`
            const created = Math.floor(at / 1_000)
            const call = {
              exchange,
              wire,
              request,
              index,
              requestId,
              created,
              reply: () => replyTo(request),
              seed,
              pause
            }
            return Effect.onExit(perform(call, step), ended)
          })
        })
    }
  })
