/**
 * One request under the policies: attempts behind one commit point, and a response as the client expects it.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import type * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Firsts from "../../Fallback.js"
import type { LlmError } from "../../LlmError.js"
import { isRejection } from "../../Rejection.js"
import * as Resilience from "../../Resilience.js"
import type { StreamDialect } from "../../StreamDialect.js"
import { type AnswerReader, answerReader, type Piece } from "./answerReader.js"
import { judge } from "./judge.js"
import type { Recognised } from "./modelRequest.js"
import { aimedAt, type Fallback, type Outgoing } from "./outgoing.js"
import { ownResponse } from "./ownResponse.js"
import { brokenBody, type Head, responseOf, Seen } from "./seen.js"
import { streamBody } from "./streamBody.js"

/** How a client sends: whole, or as the bytes come. `E` is what it fails with itself. @internal */
export interface Wire<E, R> {
  /** Sends the request, fills in the head, and gives the whole body. */
  readonly whole: (request: Outgoing, seen: Seen) => Effect.Effect<Uint8Array, E, R>
  /** The same, chunk by chunk. The head is there before the first. */
  readonly chunks: (request: Outgoing, seen: Seen) => Stream.Stream<Uint8Array, E, R>
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
export interface Settings {
  readonly fallbacks: ReadonlyArray<Fallback>
  readonly delivery: "incremental" | "buffered"
  /** How much may be held back for the first content. */
  readonly preambleBytes: number
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

const once: Resilience.CallOptions = { retry: false }

type Failure<E> = E | LlmError | Resilience.StreamFailures

class Exchange<E, R> {
  /** What the attempt under way, or the last one, has shown. */
  private seen = new Seen()
  private readonly own: Resilience.CallOptions

  constructor(
    private readonly asked: Asked,
    private readonly settings: Settings,
    private readonly wire: Wire<E, R>
  ) {
    this.own = asked.repeatable ? {} : once
  }

  readonly whole: Effect.Effect<Response, E, R | Resilience.Resilience> = Effect.suspend(() => {
    const [first, ...others] = this.ways((name, outgoing) =>
      Resilience.protect(
        Effect.suspend(() => this.wholeAttempt(name, outgoing)),
        name,
        this.own
      )
    )
    const call = others.length === 0 ? first.run : Firsts.firstOf([first, ...others])
    return Effect.matchEffect(call, {
      onSuccess: (seen) => Effect.sync(() => responseOf(seen.head as Head, seen.bytes as Uint8Array<ArrayBuffer>)),
      onFailure: (failure) => this.failed(failure)
    })
  })

  private wholeAttempt(target: string, outgoing: Outgoing): Effect.Effect<Seen, Failure<E>, R> {
    const seen = this.begin()
    return Effect.flatMap(
      Effect.mapError(this.wire.whole(outgoing, seen), seen.throws),
      (bytes): Effect.Effect<Seen, Failure<E>> => {
        seen.chunks = [bytes]
        seen.whole = true
        const failure = judge(this.asked.recognised, target, seen.head as Head, bytes)
        return Option.isSome(failure) ? Effect.fail(failure.value) : Effect.succeed(seen)
      }
    )
  }

  readonly streamed: Effect.Effect<Response, E, R | Resilience.Resilience> = Effect.suspend(() => {
    const [first, ...others] = this.ways((name, outgoing) => {
      let reader: AnswerReader | undefined
      // Whether an end has to come depends on what has come: each attempt may be answered in another format.
      const dialect: StreamDialect<Piece> = {
        provider: this.asked.recognised.known,
        get endMarker() {
          return reader?.endMarker ?? false
        },
        read: (piece) => piece.reading
      }
      const attempts = Stream.suspend(() => {
        const seen = this.begin()
        const own = answerReader(this.asked.recognised, name, seen, this.settings.preambleBytes)
        reader = own
        return own.read(Stream.mapError(this.wire.chunks(outgoing, seen), seen.throws))
      })
      const { delivery } = this.settings
      return Resilience.protectStream(attempts, name, { ...this.own, dialect, delivery, settle: "1 minute" })
    })
    const answer = (others.length === 0 ? first.run : Firsts.firstStreamOf([first, ...others])) as Stream.Stream<
      Piece,
      Failure<E>,
      R | Resilience.Resilience
    >
    return Effect.uninterruptibleMask((restore) =>
      Effect.gen(this, function* () {
        const scope = yield* Scope.make()
        const pull = yield* Scope.extend(Stream.toPull(answer), scope)
        const first = yield* Effect.exit(restore(pull))
        if (Exit.isSuccess(first)) {
          const runtime = yield* Effect.runtime<R | Resilience.Resilience>()
          const { seen } = this
          return responseOf(seen.head as Head, this.body(runtime, scope, first.value, pull))
        }
        yield* Scope.close(scope, first)
        const failure = Cause.failureOption(first.cause)
        if (Option.isNone(failure)) return yield* Effect.failCause(first.cause as Cause.Cause<never>)
        return Option.isNone(failure.value)
          ? responseOf(this.seen.head as Head, null)
          : yield* this.failed(failure.value.value)
      })
    )
  })

  /** The rest of a stream that has begun, at the pace of its reader. */
  private body(
    runtime: Runtime.Runtime<R | Resilience.Resilience>,
    scope: Scope.CloseableScope,
    first: Chunk.Chunk<Piece>,
    pull: Effect.Effect<Chunk.Chunk<Piece>, Option.Option<Failure<E>>, R | Resilience.Resilience>
  ): ReadableStream<Uint8Array> {
    const run = Runtime.runPromiseExit(runtime)
    return streamBody({
      first,
      next: () => run(pull),
      close: (exit) => run(Scope.close(scope, exit)),
      seen: this.seen,
      brokenBy: (failure) => this.brokenBy(failure),
      signal: this.asked.signal
    })
  }

  /** The client's own target, and the others in their order. A body that can be sent once goes to the first alone. */
  private ways<Run>(way: (name: string, outgoing: Outgoing) => Run): [Way<Run>, ...Array<Way<Run>>] {
    const { outgoing, recognised, repeatable, target } = this.asked
    const own = { name: target, run: way(target, outgoing) }
    if (!repeatable) return [own]
    return [
      own,
      ...this.settings.fallbacks.map((other) => ({
        name: other.name,
        run: way(other.name, aimedAt(recognised, outgoing, other))
      }))
    ]
  }

  private begin(): Seen {
    this.seen = new Seen()
    return this.seen
  }

  /** Nothing helped: the client gets what it would have got, or the word of the policy that ended the call. */
  private failed(failure: unknown): Effect.Effect<Response, E> {
    return Effect.suspend(() => {
      const { seen } = this
      const { head } = seen
      if (seen.thrown !== undefined) return Effect.fail(seen.thrown.error as E)
      if (head === undefined) {
        return isRejection(failure) && failure._tag !== "DeadlineExceeded"
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
    if (this.seen.thrown !== undefined) return this.seen.thrown.error
    return isTimeout(failure) ? this.wire.timedOut(failure) : new TypeError("terminated", { cause: failure })
  }
}

interface Way<Run> {
  readonly name: string
  readonly run: Run
}

const isTimeout = (failure: unknown): boolean => {
  const tag = (failure as { readonly _tag?: unknown } | null | undefined)?._tag
  return tag === "TimedOut" || tag === "DeadlineExceeded"
}
