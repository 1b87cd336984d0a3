/**
 * One request of a client under the policies, and a response as the client expects it.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Scope from "effect/Scope"
import * as Resilience from "../../Resilience.js"
import {
  type AttemptSettings,
  Attempts,
  type Begun,
  type PromiseWire,
  type Wire as Sending,
  type Way
} from "./attempts.js"
import type { Recognised } from "./modelRequest.js"
import { aimedAt, type Fallback, type Outgoing } from "./outgoing.js"
import { isOwn, ownResponse } from "./ownResponse.js"
import { responseOf } from "./passedOn.js"
import { brokenBody } from "./seen.js"
import { streamBody } from "./streamBody.js"

/** How a client sends. @internal */
export type Wire<E, R> = (Sending<Outgoing, E, R> | PromiseWire<Outgoing, E>) & {
  /** The failure of a call whose time is up. */
  readonly timedOut: (cause: unknown) => E
}

/** @internal */
export interface Asked {
  readonly recognised: Recognised
  readonly target: string
  readonly outgoing: Outgoing
  /** Whether the body may be sent more than once. */
  readonly repeatable: boolean
  /** The caller's own, which ends the body of a response too. */
  readonly signal: AbortSignal | undefined
}

/** @internal */
export interface Settings extends Omit<AttemptSettings, "own"> {
  readonly fallbacks: ReadonlyArray<Fallback>
}

/** @internal */
export const exchange = <E, R>(
  asked: Asked,
  settings: Settings,
  wire: Wire<E, R>
): Effect.Effect<Response, E, R | Resilience.Resilience> => {
  const one = new Exchange(asked, settings, wire)
  return asked.recognised.stream ? one.streamed : one.whole
}

const once: Resilience.CallOptions = { retry: false, hedge: false }

class Exchange<E, R> {
  private readonly attempts: Attempts<Outgoing, E, R>

  constructor(
    private readonly asked: Asked,
    settings: Settings,
    private readonly wire: Wire<E, R>
  ) {
    const own = asked.repeatable ? undefined : once
    this.attempts = new Attempts(waysOf(asked, settings.fallbacks), { ...settings, own }, wire)
  }

  readonly whole: Effect.Effect<Response, E, R | Resilience.Resilience> = Effect.flatMap(
    Resilience.Resilience,
    (policies) =>
      Effect.matchEffect(this.attempts.whole(policies), {
        onSuccess: (seen) => Effect.sync(() => responseOf(seen.headOf, seen.bytes as Uint8Array<ArrayBuffer>)),
        onFailure: (failure) => this.failed(failure)
      })
  )

  readonly streamed: Effect.Effect<Response, E, R | Resilience.Resilience> = Effect.suspend(() =>
    Effect.catchAll(
      this.attempts.streamed((begun) =>
        Effect.map(Effect.runtime<never>(), (runtime) =>
          responseOf(this.attempts.seen.headOf, this.body(runtime, begun))
        )
      ),
      (failure) =>
        Option.isNone(failure)
          ? Effect.sync(() => responseOf(this.attempts.seen.headOf, null))
          : this.failed(failure.value)
    )
  )

  /** The rest of a stream that has begun, at the pace of its reader. */
  private body(runtime: Runtime.Runtime<never>, { ask, first, scope, take }: Begun<E>): ReadableStream<Uint8Array> {
    const run = Runtime.runPromiseExit(runtime)
    const next = Effect.onExit(take, (exit) =>
      Exit.isSuccess(exit) && exit.value !== undefined ? Effect.void : Scope.close(scope, exit)
    )
    return streamBody({
      first,
      ask,
      next: () => run(next),
      close: (exit) => run(Scope.close(scope, exit)),
      seen: this.attempts.seen,
      brokenBy: (failure) => this.brokenBy(failure),
      signal: this.asked.signal
    })
  }

  /** Nothing helped: the client gets what it would have got, or the word of the policy that ended the call. */
  private failed(failure: unknown): Effect.Effect<Response, E> {
    return Effect.suspend(() => {
      const { seen } = this.attempts
      const { head } = seen
      if (seen.thrown !== undefined) return Effect.fail(seen.thrown.error as E)
      if (head === undefined) {
        return isOwn(failure) && !isTimeout(failure)
          ? Effect.succeed(ownResponse(this.asked.recognised.family, failure))
          : Effect.fail(this.wire.timedOut(failure))
      }
      if (seen.whole) return Effect.succeed(responseOf(head, seen.bytes as Uint8Array<ArrayBuffer>))
      return isTimeout(failure)
        ? Effect.fail(this.wire.timedOut(failure))
        : Effect.succeed(responseOf(head, brokenBody(seen.chunks, this.brokenBy(failure))))
    })
  }

  /** What the reader of a body that breaks off is told. */
  private brokenBy(failure: unknown): unknown {
    const { thrown } = this.attempts.seen
    if (thrown !== undefined) return thrown.error
    return isTimeout(failure) ? this.wire.timedOut(failure) : new TypeError("terminated", { cause: failure })
  }
}

/** The client's own target, and the others in their order. A body that can be sent once goes to the first alone. */
const waysOf = (
  { outgoing, recognised, repeatable, target }: Asked,
  fallbacks: ReadonlyArray<Fallback>
): [Way<Outgoing>, ...Array<Way<Outgoing>>] => {
  const { api, known } = recognised
  const own = { api, known, name: target, request: () => outgoing }
  if (!repeatable) return [own]
  return [
    own,
    // Clients that share a fetch may be each other's fallback.
    ...fallbacks
      .filter(({ name }) => name !== target)
      .map((other) => ({
        api,
        known,
        name: other.name,
        contextWindow: other.contextWindow,
        capabilities: other.capabilities,
        request: () => aimedAt(recognised, outgoing, other)
      }))
  ]
}

/** Several targets have failed for want of time if the last of them has. */
const isTimeout = (failure: unknown): boolean => {
  const { _tag, errors } = (failure ?? {}) as { readonly _tag?: unknown; readonly errors?: ReadonlyArray<unknown> }
  if (_tag === "AllTargetsFailed") return isTimeout(errors?.at(-1))
  return _tag === "TimedOut" || _tag === "DeadlineExceeded"
}
