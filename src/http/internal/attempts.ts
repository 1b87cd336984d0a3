/**
 * One call to a model over HTTP under the policies: attempts at its targets, behind one commit point. What becomes of its
 * end, a response of `fetch` or bytes to a socket, is for others.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { promiseCall } from "../../internal/call/promiseCall.js"
import { CurrentEstimate, type Estimate, none as noEstimate } from "../../internal/load/rateLimit.js"
import { isInRate, isReserving } from "../../internal/load/reserving.js"
import { inContext, opened, type Take } from "../../internal/stream/fromTake.js"
import type { AskNext } from "../../internal/stream/reader.js"
import type { KeyRotation } from "../../KeyRotation.js"
import type { LlmError } from "../../LlmError.js"
import type { AllTargetsFailed, CredentialsExhausted, RateLimitExceeded } from "../../Rejection.js"
import * as Resilience from "../../Resilience.js"
import type { StreamDialect } from "../../StreamDialect.js"
import { AnswerReader, type Piece } from "./answerReader.js"
import { type Asks, judge } from "./judge.js"
import { pieces } from "./pieces.js"
import * as pushed from "./pushed.js"
import { rateHeaders } from "./rateHeaders.js"
import { Seen } from "./seen.js"
import { firstOf, firstStreamOf, type WalkSettings } from "./walk.js"
import { withKeys } from "./withKeys.js"

/** How a request is sent as the bytes come. `E` is what sending fails with itself. @internal */
interface Chunks<Request, E, R> {
  /** Sends the request, fills in the head, and gives the body chunk by chunk. The head is there before the first. */
  readonly chunks: (request: Request, seen: Seen) => Stream.Stream<Uint8Array, E, R>
}

/** How a request is sent. @internal */
export interface Wire<Request, E, R> extends Chunks<Request, E, R> {
  /** The same, and the whole body at once. */
  readonly whole: (request: Request, seen: Seen) => Effect.Effect<Uint8Array, E, R>
}

/** How it is sent where the whole body is a promise. @internal */
export interface PromiseWire<Request, E> extends Chunks<Request, E, never> {
  /** What it rejects with is what sending has failed with. */
  readonly promise: (request: Request, seen: Seen, signal: AbortSignal) => Promise<Uint8Array>
}

/** How it is sent by a transport that pushes what it gets. @internal */
export interface PushWire<Request, E> extends Chunks<Request, E, never> {
  readonly start: (request: Request, seen: Seen, sink: pushed.Sink<E>) => pushed.Sending
}

/** One target, and the request as it is sent there. It is made when the target is asked. @internal */
export interface Way<Request> extends Asks {
  readonly name: string
  readonly request: (key?: Redacted.Redacted) => Request
  /** Where there are several keys for it: a request that one of them is refused is made with the next at once. */
  readonly keys?: KeyRotation | undefined
  readonly contextWindow?: number | undefined
  readonly capabilities?: ReadonlyArray<string> | undefined
}

/** @internal */
export interface AttemptSettings extends WalkSettings {
  readonly delivery: "incremental" | "buffered"
  /** How much may be held back for the first content. */
  readonly preambleBytes: number
  /** What is different for this call. */
  readonly own?: Resilience.CallOptions | undefined
  /** What the call is expected to use, for targets that are limited by it. */
  readonly estimate?: (() => Estimate) | undefined
}

/** @internal */
export type Failure<E> =
  | E
  | LlmError
  | AllTargetsFailed
  | CredentialsExhausted
  | RateLimitExceeded
  | Resilience.StreamFailures

/** A stream whose first content has come. The scope is its reader's to close. @internal */
export interface Begun<E> {
  readonly first: Chunk.Chunk<Piece>
  readonly take: Take<Piece, Failure<E>>
  /** The same without a fiber, as far as it goes. */
  readonly ask: AskNext<Piece> | undefined
  readonly scope: Scope.CloseableScope
}

type Policies = Context.Tag.Service<Resilience.Resilience>

/** @internal */
export class Attempts<Request, E, R> {
  /** What the attempt has shown whose stream is handed on, or else the one that failed last, or the last that was begun. */
  seen: Seen = new Seen()
  private readonly seenAt = new Map<string, Seen>()

  constructor(
    private readonly ways: readonly [Way<Request>, ...ReadonlyArray<Way<Request>>],
    private readonly settings: AttemptSettings,
    private readonly wire: Wire<Request, E, R> | PromiseWire<Request, E> | PushWire<Request, E>
  ) {}

  /** Whose attempt that was. */
  get target(): string {
    return this.seen.target
  }

  /** What the last attempt at a target has shown. */
  seenOf(target: string): Seen | undefined {
    return this.seenAt.get(target)
  }

  /** What the target that answered has shown, its whole body included. */
  whole(policies: Policies): Effect.Effect<Seen, Failure<E>, R> {
    const run = (way: Way<Request>) => {
      // Answers by callback have to show that they are such: the policies then need no fiber to end one that is late.
      const attempt =
        way.keys === undefined && !("whole" in this.wire)
          ? this.wholeRequest(way, policies)
          : Effect.suspend(() => this.wholeAttempt(way, policies))
      return policies.protect(way.name, attempt, this.settings.own)
    }
    const answer = firstOf(policies, this.ways, run, this.settings)
    const estimate = this.estimateFor(policies)
    return (estimate === undefined ? answer : Effect.mapInputContext(answer, expecting(estimate))) as Effect.Effect<
      Seen,
      Failure<E>,
      R
    >
  }

  private wholeAttempt(way: Way<Request>, policies: Policies): Effect.Effect<Seen, Failure<E>, R> {
    return way.keys === undefined
      ? this.wholeRequest(way, policies)
      : way.keys.use((key) => this.wholeRequest(way, policies, key))
  }

  private wholeRequest(
    way: Way<Request>,
    policies: Policies,
    key?: Redacted.Redacted
  ): Effect.Effect<Seen, Failure<E>, R> {
    if ("start" in this.wire) return this.wholePushed(way, this.wire, policies, key)
    if ("promise" in this.wire) return this.wholePromise(way, this.wire, policies, key)
    const seen = this.begin(way)
    return Effect.matchEffect(this.wire.whole(way.request(key), seen), {
      onFailure: (error) => this.told(policies, seen, Exit.fail(seen.throws(error))),
      onSuccess: (bytes) => this.judged(way, policies, seen, [bytes])
    })
  }

  private wholePushed(
    way: Way<Request>,
    { start }: PushWire<Request, E>,
    policies: Policies,
    key?: Redacted.Redacted
  ): Effect.Effect<Seen, Failure<E>> {
    return pushed.whole<Seen, E, Failure<E>>(() => {
      const seen = this.begin(way)
      return {
        start: (sink) => start(way.request(key), seen, sink),
        done: (chunks) => this.judged(way, policies, seen, chunks),
        failed: (thrown) => this.told(policies, seen, Exit.fail(seen.throws(thrown)))
      }
    })
  }

  private wholePromise(
    way: Way<Request>,
    { promise }: PromiseWire<Request, E>,
    policies: Policies,
    key?: Redacted.Redacted
  ): Effect.Effect<Seen, Failure<E>> {
    return promiseCall<Seen, Failure<E>>(
      async (signal) => {
        const seen = this.begin(way)
        try {
          seen.chunks = [await promise(way.request(key), seen, signal)]
        } catch (thrown) {
          seen.throws(thrown)
        }
        return seen
      },
      (thrown) => thrown as E,
      (seen) =>
        Effect.suspend(() =>
          seen.thrown === undefined
            ? this.judged(way, policies, seen, seen.chunks)
            : this.told(policies, seen, Exit.fail(seen.thrown.error as E))
        )
    )
  }

  private judged(
    way: Way<Request>,
    policies: Policies,
    seen: Seen,
    chunks: Array<Uint8Array>
  ): Effect.Effect<Seen, Failure<E>> {
    seen.chunks = chunks
    seen.whole = true
    const failure = judge(way, way.name, seen)
    return this.told(policies, seen, Option.isSome(failure) ? Exit.fail(failure.value) : Exit.succeed(seen))
  }

  private told(policies: Policies, seen: Seen, exit: Exit.Exit<Seen, Failure<E>>): Effect.Effect<Seen, Failure<E>> {
    const limits = this.limitsTold(policies, seen)
    if (Exit.isFailure(exit)) this.seen = seen
    return limits === undefined ? exit : Effect.zipRight(limits, exit)
  }

  /**
   * What is made of a stream that has begun. Fails with its failure before that, or with nothing if it ended without a
   * word. `use` cannot be interrupted where it does not ask to be, so that the scope is always somebody's.
   */
  streamed<A, E2, R2>(
    use: (
      begun: Begun<E>,
      restore: <B, E3, R3>(self: Effect.Effect<B, E3, R3>) => Effect.Effect<B, E3, R3>
    ) => Effect.Effect<A, E2, R2>
  ): Effect.Effect<A, Option.Option<Failure<E>> | E2, R | R2 | Resilience.Resilience> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.gen(this, function* () {
        const answer = this.answer(yield* Resilience.Resilience)
        const scope = yield* Scope.make()
        const take = yield* opened(answer, scope)
        const first = yield* Effect.exit(restore(take))
        if (Exit.isSuccess(first) && first.value !== undefined) {
          this.seen = Option.match(Chunk.head(first.value), { onNone: () => this.seen, onSome: ({ seen }) => seen })
          return yield* use({ first: first.value, take, ask: this.seen.ask, scope }, restore)
        }
        yield* Scope.close(scope, first)
        return yield* Effect.failCause(
          Exit.isSuccess(first) ? Cause.fail(Option.none<Failure<E>>()) : Cause.map(first.cause, Option.some)
        )
      })
    )
  }

  private answer(policies: Policies): Stream.Stream<Piece, Failure<E>, R | Resilience.Resilience> {
    const run = (way: Way<Request>) => this.streamedWay(way, policies)
    const answer = firstStreamOf(policies, this.ways, run, this.settings)
    const estimate = this.estimateFor(policies)
    const estimated = estimate === undefined ? answer : inContext(answer, expecting(estimate))
    return estimated as Stream.Stream<Piece, Failure<E>, R | Resilience.Resilience>
  }

  private streamedWay(way: Way<Request>, policies: Policies) {
    let reader: AnswerReader | undefined
    // Whether an end has to come depends on what has come: each attempt may be answered in another format.
    const dialect: StreamDialect<Piece> = {
      provider: way.known,
      get endMarker() {
        return reader?.endMarker ?? false
      },
      read: (piece) => piece.reading
    }
    const { delivery, own, preambleBytes } = this.settings
    const request = (key?: Redacted.Redacted) =>
      pieces(
        () => {
          const seen = this.begin(way)
          const answer = new AnswerReader(way, seen, preambleBytes)
          reader = answer
          return {
            answer,
            chunks: this.wire.chunks(way.request(key), seen) as Stream.Stream<Uint8Array, E, R>,
            onHead: () => this.limitsTold(policies, seen),
            onFailure: (failure: E) => {
              this.seen = seen
              return seen.throws(failure)
            },
            onJudged: () => {
              this.seen = seen
            },
            readBy: (ask: AskNext<Piece>) => {
              seen.ask = ask
            }
          }
        },
        "start" in this.wire
      )
    const attempts = way.keys === undefined ? request() : withKeys(way.keys, request)
    return policies.protectStream(way.name, { ...own, dialect, delivery, settle: "1 minute" }, attempts)
  }

  private begin(way: Way<Request>): Seen {
    this.seen = new Seen(way.name)
    this.seenAt.set(way.name, this.seen)
    return this.seen
  }

  /** What the provider says is left of its own limits, for the target's own. */
  private limitsTold(policies: Policies, { head, target }: Seen): Effect.Effect<void> | undefined {
    if (head === undefined || !isInRate(policies, target)) return undefined
    const told = rateHeaders(head.headers)
    // A store that fails keeps its word to itself: the call is not to hear of it.
    return told && Effect.ignore(policies.rateLimit.observe(target, told))
  }

  /** The estimate is made when a limit asks for it, and only once. */
  private estimateFor(policies: Policies): Estimate | undefined {
    const { estimate } = this.settings
    if (estimate === undefined || !this.ways.some(({ name }) => isReserving(policies, name))) return undefined
    return new LazyEstimate(estimate)
  }
}

class LazyEstimate implements Estimate {
  private made: Estimate | undefined

  constructor(private readonly make: () => Estimate) {}

  private get estimate(): Estimate {
    this.made ??= this.make()
    return this.made
  }

  get inputTokens(): number | undefined {
    return this.estimate.inputTokens
  }

  get outputTokens(): number | undefined {
    return this.estimate.outputTokens
  }

  get cost(): number | undefined {
    return this.estimate.cost
  }
}

/** What the caller says itself is better. */
const expecting =
  (estimate: Estimate) =>
  <R>(context: Context.Context<R>): Context.Context<R> =>
    Context.get(context, CurrentEstimate) === noEstimate ? Context.add(context, CurrentEstimate, estimate) : context
