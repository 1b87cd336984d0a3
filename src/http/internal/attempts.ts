/**
 * One call to a model over HTTP under the policies: attempts at its targets, behind one commit point. What becomes of its
 * end, a response of `fetch` or bytes to a socket, is for others.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import type * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Firsts from "../../Fallback.js"
import type { KeyRotation } from "../../KeyRotation.js"
import type { LlmError } from "../../LlmError.js"
import type { AllTargetsFailed, CredentialsExhausted, RateLimitExceeded } from "../../Rejection.js"
import * as Resilience from "../../Resilience.js"
import type { StreamDialect } from "../../StreamDialect.js"
import { type AnswerReader, answerReader, type Piece } from "./answerReader.js"
import { type Asks, judge } from "./judge.js"
import { Seen } from "./seen.js"

/** How a request is sent: whole, or as the bytes come. `E` is what sending fails with itself. @internal */
export interface Wire<Request, E, R> {
  /** Sends the request, fills in the head, and gives the whole body. */
  readonly whole: (request: Request, seen: Seen) => Effect.Effect<Uint8Array, E, R>
  /** The same, chunk by chunk. The head is there before the first. */
  readonly chunks: (request: Request, seen: Seen) => Stream.Stream<Uint8Array, E, R>
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
export interface AttemptSettings {
  readonly delivery: "incremental" | "buffered"
  /** How much may be held back for the first content. */
  readonly preambleBytes: number
  /** What is different for this call. */
  readonly own?: Resilience.CallOptions | undefined
  /** When the next target is asked. */
  readonly walk?: Firsts.Options & Firsts.StreamOptions
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
export interface Begun<E, R> {
  readonly first: Chunk.Chunk<Piece>
  readonly pull: Effect.Effect<Chunk.Chunk<Piece>, Option.Option<Failure<E>>, R | Resilience.Resilience>
  readonly scope: Scope.CloseableScope
}

/** @internal */
export class Attempts<Request, E, R> {
  /** What the attempt under way, or the last one, has shown. */
  seen: Seen = new Seen()
  /** Which target that was. */
  target = ""
  private before: Map<string, Seen> | undefined

  constructor(
    private readonly ways: readonly [Way<Request>, ...ReadonlyArray<Way<Request>>],
    private readonly settings: AttemptSettings,
    private readonly wire: Wire<Request, E, R>
  ) {}

  /** What the target that answered has shown, its whole body included. */
  get whole(): Effect.Effect<Seen, Failure<E>, R | Resilience.Resilience> {
    const [first, ...others] = this.ways
    const { own, walk } = this.settings
    const run = (way: Way<Request>) =>
      Resilience.protect(
        Effect.suspend(() => this.wholeAttempt(way)),
        way.name,
        own ?? none
      )
    if (others.length === 0) return run(first)
    return Firsts.firstOf([targetOf(first, run), ...others.map((way) => targetOf(way, run))], walk)
  }

  private wholeAttempt(way: Way<Request>): Effect.Effect<Seen, Failure<E>, R> {
    return way.keys === undefined ? this.wholeRequest(way) : way.keys.use((key) => this.wholeRequest(way, key))
  }

  private wholeRequest(way: Way<Request>, key?: Redacted.Redacted): Effect.Effect<Seen, Failure<E>, R> {
    const seen = this.begin(way)
    return Effect.flatMap(
      Effect.mapError(this.wire.whole(way.request(key), seen), seen.throws),
      (bytes): Effect.Effect<Seen, Failure<E>> => {
        seen.chunks = [bytes]
        seen.whole = true
        const failure = judge(way, way.name, seen.headOf, bytes)
        return Option.isSome(failure) ? Effect.fail(failure.value) : Effect.succeed(seen)
      }
    )
  }

  /**
   * What is made of a stream that has begun. Fails with its failure before that, or with nothing if it ended without a
   * word. `use` cannot be interrupted where it does not ask to be, so that the scope is always somebody's.
   */
  streamed<A, E2, R2>(
    use: (
      begun: Begun<E, R>,
      restore: <B, E3, R3>(self: Effect.Effect<B, E3, R3>) => Effect.Effect<B, E3, R3>
    ) => Effect.Effect<A, E2, R2>
  ): Effect.Effect<A, Option.Option<Failure<E>> | E2, R | R2 | Resilience.Resilience> {
    const [first, ...others] = this.ways
    const run = (way: Way<Request>) => this.streamedWay(way)
    const answer = (
      others.length === 0
        ? run(first)
        : Firsts.firstStreamOf([targetOf(first, run), ...others.map((way) => targetOf(way, run))], this.settings.walk)
    ) as Stream.Stream<Piece, Failure<E>, R | Resilience.Resilience>
    return Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const pull = yield* Scope.extend(Stream.toPull(answer), scope)
        const first = yield* Effect.exit(restore(pull))
        if (Exit.isSuccess(first)) return yield* use({ first: first.value, pull, scope }, restore)
        yield* Scope.close(scope, first)
        return yield* Effect.failCause(first.cause)
      })
    )
  }

  private streamedWay(way: Way<Request>) {
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
      Stream.suspend(() => {
        const seen = this.begin(way)
        const ofThis = answerReader(way, way.name, seen, preambleBytes)
        reader = ofThis
        return ofThis.read(Stream.mapError(this.wire.chunks(way.request(key), seen), seen.throws))
      })
    const attempts = way.keys === undefined ? request() : withKeys(way.keys, request)
    return Resilience.protectStream(attempts, way.name, { ...own, dialect, delivery, settle: "1 minute" })
  }

  /** What the last attempt at a target has shown. */
  seenOf(target: string): Seen | undefined {
    return target === this.target ? this.seen : this.before?.get(target)
  }

  private begin(way: Way<Request>): Seen {
    if (this.target !== "" && this.target !== way.name) {
      this.before ??= new Map()
      this.before.set(this.target, this.seen)
    }
    this.target = way.name
    this.seen = new Seen()
    return this.seen
  }
}

const none: Resilience.CallOptions = {}

const targetOf = <Request, Run>(
  { capabilities, contextWindow, name, ...way }: Way<Request>,
  run: (way: Way<Request>) => Run
) => ({ name, capabilities, contextWindow, run: run({ name, ...way }) })

/** A key is refused before anything else has come. */
const withKeys = <A, E, R>(
  keys: KeyRotation,
  request: (key: Redacted.Redacted) => Stream.Stream<A, E, R>
): Stream.Stream<A, E | CredentialsExhausted | RateLimitExceeded, R> =>
  Stream.unwrapScoped(Effect.flatMap(Effect.scope, (scope) => keys.use((key) => opened(request(key), scope))))

/** A stream whose first elements have come. One that fails before that holds on to nothing. */
const opened = <A, E, R>(
  self: Stream.Stream<A, E, R>,
  scope: Scope.Scope
): Effect.Effect<Stream.Stream<A, E, R>, E, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const own = yield* Scope.fork(scope, ExecutionStrategy.sequential)
      const pull = yield* Scope.extend(Stream.toPull(self), own)
      const first = yield* Effect.exit(restore(pull))
      if (Exit.isSuccess(first)) {
        return Stream.concat(Stream.fromChunk(first.value), Stream.repeatEffectChunkOption(pull))
      }
      yield* Scope.close(own, first)
      const failure = Cause.failureOption(first.cause)
      if (Option.isSome(failure) && Option.isNone(failure.value)) return Stream.empty
      return yield* Effect.failCause(
        Cause.flatMap(first.cause, Option.match({ onNone: () => Cause.empty, onSome: Cause.fail }))
      )
    })
  )
