import type * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import type { CallOptions } from "../call/callOptions.js"
import { invalid, millis, number } from "../options/check.js"
import { refuseUnknown, streamOptions } from "../options/names.js"
import type { Delivery } from "./commit.js"
import type { StreamDialect } from "./dialect/dialect.js"
import type { StreamOptions as Compiled } from "./protectStream.js"

/**
 * What holds for the streams of a target. Each limit is fresh for every attempt, and `false` leaves it out.
 *
 * @since 0.1.0
 * @category Models
 */
export interface StreamPolicy {
  /**
   * From the start of an attempt to its first content. What is no content (headers, keep-alives, a role, an empty delta)
   * does not count. Default: the `attemptTimeout`.
   */
  readonly firstToken?: Duration.DurationInput | false | undefined
  /** How long the provider may be silent between two pieces of content. The consumer's own time does not count. Default
   * 2 minutes. */
  readonly idle?: Duration.DurationInput | false | undefined
  /** From the start of an attempt to its end, the consumer's own time included. Default: none but the call's deadline. */
  readonly total?: Duration.DurationInput | false | undefined
  /**
   * How long a complete answer waits for what may follow it, such as usage, before the stream ends by itself. Default 1
   * second.
   */
  readonly settle?: Duration.DurationInput | undefined
  /**
   * What the model's thinking aloud is: `life` (default) is held back with the preamble and keeps the limits of silence
   * from running out, `ignored` is held back and is no sign of life, `content` is delivered at once and commits the
   * stream. `total` and the call's deadline hold for thinking too.
   */
  readonly reasoning?: "ignored" | "life" | "content" | undefined
  /** What an element that cannot be read is: a `MalformedResponse` (default), or left out with a `StreamEventSkipped`. */
  readonly malformed?: "skip" | "fail" | undefined
  /**
   * How much may be held back. Beyond it a `buffered` stream fails with `BufferExceeded`, and a long preamble is
   * delivered, which commits the stream. Default 100 000 elements and 4 000 000 characters of text.
   */
  readonly buffer?: { readonly elements?: number | undefined; readonly characters?: number | undefined } | undefined
}

/**
 * How one stream is read and delivered, and what is different from the policy of its target.
 *
 * @since 0.1.0
 * @category Models
 */
export interface StreamOptions<in A> extends StreamPolicy, CallOptions {
  /** How the elements are read. Left out, the first element tells; an element of no known format is content, and told of
   * by a `StreamFormatUnknown` event. Strings are words, unless the first is a line of server-sent events. */
  readonly dialect?: StreamDialect<A> | undefined
  /**
   * What happens to a failure after the first content.
   *
   * - `incremental` (default): elements come as they are; the stream fails with `StreamInterrupted`.
   * - `buffered`: elements come when the answer is complete; until then the stream is retried like any call.
   * - `restartable`: elements come as they are; the stream is retried, and a `Restarted` says so.
   */
  readonly delivery?: Delivery | undefined
}

const where = "Resilience.protectStream"

const bufferOptions = { elements: true, characters: true } as const

/** @internal */
export const compile = <A>(options: StreamOptions<A>, attemptMillis: number): Compiled<A> => {
  refuseUnknown(where, "", options, streamOptions)
  if (options.buffer !== undefined) refuseUnknown(where, "buffer", options.buffer, bufferOptions)
  const { buffer, delivery = "incremental", malformed = "fail", reasoning = "life" } = options
  return {
    dialect: dialectOf(options.dialect),
    delivery: oneOf("delivery", delivery, ["incremental", "buffered", "restartable"]),
    reasoning: oneOf("reasoning", reasoning, ["ignored", "life", "content"]),
    malformed: oneOf("malformed", malformed, ["skip", "fail"]),
    buffer: {
      elements: number(where, "buffer.elements", buffer?.elements ?? 100_000, 1),
      characters: number(where, "buffer.characters", buffer?.characters ?? 4_000_000, 1)
    },
    limits: {
      firstToken: limit("firstToken", options.firstToken, attemptMillis),
      idle: limit("idle", options.idle, 120_000),
      total: limit("total", options.total, Number.POSITIVE_INFINITY),
      settle: limit("settle", options.settle, 1000)
    }
  }
}

const dialectOf = <A>(dialect: StreamOptions<A>["dialect"]): StreamOptions<A>["dialect"] => {
  if (dialect === undefined || Predicate.isFunction(dialect.read)) return dialect
  throw invalid(where, "dialect", dialect, "one of StreamDialect, such as StreamDialect.openAiChat")
}

const limit = (field: string, input: Duration.DurationInput | false | undefined, otherwise: number): number => {
  if (input === undefined) return otherwise
  return input === false ? Number.POSITIVE_INFINITY : millis(where, field, input)
}

const oneOf = <const A extends string>(field: string, value: A, allowed: ReadonlyArray<A>): A => {
  if (allowed.includes(value)) return value
  throw invalid(where, field, value, `one of ${allowed.join(", ")}`)
}
