/**
 * A target whose name is typed once.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { LlmError, RequestTooLarge, TimedOut } from "../../LlmError.js"
import type { BufferExceeded } from "../../Rejection.js"
import type { MarkerOf, protect, protectStream, ReadBy, Resilience } from "../../Resilience.js"
import { invalid } from "../options/check.js"
import { refuseUnknown, targetOptions } from "../options/names.js"
import type { StreamOptions } from "../stream/options.js"
import type { CallOptions } from "./callOptions.js"
import type { Rejections } from "./failures.js"
import * as LlmCall from "./llmCall.js"
import type { Options, TargetOptions } from "./types.js"

type Ask<Options extends { readonly try: unknown }> = Options["try"] | Omit<Options, "target">

/**
 * A target that calls are made to by the constant that holds it, so that its name stands in one place and a misspelt one
 * does not compile.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Target<out Name extends string = string> {
  readonly name: Name
  /** What is different for this target. The layer has to be told of it: `Resilience.layer({ targets: [target] })`. */
  readonly options: TargetOptions | undefined
  /** Makes a call of a function that returns a promise, as `LlmCall.tryPromise`, under the policies. */
  readonly call: <A, const Own extends CallOptions = {}>(
    ask: Ask<LlmCall.Options<A>>,
    options?: Own
  ) => Effect.Effect<A, LlmError | Rejections, Resilience>
  /** Makes a stream of a function that returns an async iterable, as `LlmCall.tryStream`, under the policies. */
  readonly stream: <A, const Own extends StreamOptions<A> = {}>(
    ask: Ask<LlmCall.StreamOptions<A>>,
    options?: Own
  ) => Stream.Stream<A | MarkerOf<Own>, LlmError | Rejections | BufferExceeded, Resilience>
  /** Makes any effect a call to this target, as `Resilience.protect`: `effect.pipe(target.protect)`. */
  readonly protect: <A, E, R, const Own extends CallOptions = {}>(
    self: Effect.Effect<A, E, R>,
    options?: Own
  ) => Effect.Effect<A, E | ReadBy<Own> | TimedOut | RequestTooLarge | Rejections, R | Resilience>
  /** Makes any stream one of this target, as `Resilience.protectStream`: `stream.pipe(target.protectStream)`. */
  readonly protectStream: <A, E, R, const Own extends StreamOptions<A> = {}>(
    self: Stream.Stream<A, E, R>,
    options?: Own
  ) => Stream.Stream<A | MarkerOf<Own>, E | LlmError | Rejections | BufferExceeded, R | Resilience>
  /** The policies of a program that has this one target, with the defaults for all that `options` do not say. */
  readonly layer: Layer.Layer<Resilience>
}

interface Operators {
  readonly protect: typeof protect
  readonly protectStream: typeof protectStream
  readonly layer: (options: Options) => Layer.Layer<Resilience>
  /** Dies where the policies have not been told of the target's options. */
  readonly told: (target: Target) => Effect.Effect<void, never, Resilience>
}

/** @internal */
export const handle = <Name extends string>(
  name: Name,
  options: TargetOptions | undefined,
  { layer, protect, protectStream, told }: Operators
): Target<Name> => {
  if (typeof name !== "string") throw invalid("Resilience.target", "the target", name, "a name")
  if (options !== undefined) refuseUnknown("Resilience.target", "", options, targetOptions)
  const protectIt = (self: AnyEffect, own?: CallOptions) => {
    const call = protect(self, name, own)
    return options === undefined ? call : Effect.zipRight(told(target), call)
  }
  const protectItsStream = (self: AnyStream, own?: StreamOptions<unknown>) => {
    const stream = protectStream(self, name, own)
    return options === undefined ? stream : Stream.unwrap(Effect.as(told(target), stream))
  }
  const operators = {
    call: (ask: Ask<LlmCall.Options<unknown>>, own?: CallOptions) =>
      protectIt(LlmCall.tryPromise(askedOf(name, ask)), own),
    stream: (ask: Ask<LlmCall.StreamOptions<unknown>>, own?: StreamOptions<unknown>) =>
      protectItsStream(LlmCall.tryStream(askedOf(name, ask)), own),
    protect: protectIt,
    protectStream: protectItsStream
  } as unknown as Pick<Target, "call" | "stream" | "protect" | "protectStream">
  const policies = Layer.suspend(() => layer({ targets: [target] }))
  const target: Target<Name> = { name, options, ...operators, layer: policies }
  return target
}

const askedOf = <Options extends { readonly try: unknown }>(target: string, ask: Ask<Options>): Options =>
  ({ ...(typeof ask === "function" ? { try: ask } : (ask as object)), target }) as unknown as Options

type AnyEffect = Effect.Effect<unknown, unknown, unknown>

type AnyStream = Stream.Stream<unknown, unknown, unknown>

/** What is different for each target, by its name. @internal */
export const differingOf = (targets: Options["targets"]): Readonly<Record<string, TargetOptions>> => {
  if (targets === undefined) return {}
  if (typeof targets !== "object" || targets === null) {
    throw invalid("Resilience", "targets", targets, "an object with options by name, or a list of targets")
  }
  if (!isList(targets)) return targets
  const named = new Map<string, TargetOptions>()
  targets.forEach((target, index) => {
    if (typeof target?.name !== "string") {
      throw invalid("Resilience", `targets[${index}]`, target, "made by Resilience.target")
    }
    if (named.has(target.name)) throw new RangeError(`Resilience: targets names "${target.name}" twice`)
    named.set(target.name, target.options ?? {})
  })
  return Object.fromEntries(named)
}

const isList = (targets: Options["targets"]): targets is ReadonlyArray<Target> => Array.isArray(targets)
