/**
 * What a provider's client traces ends with the failure as the client has it: an `AiError` holds the provider's whole
 * body, and an exporter writes that down. Here the spans below a turn end with the failure as the policies read it.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import * as Classifier from "../../Classifier.js"

/** Nobody exports the spans of Effect's own tracer, so there they may stay as they are. */
const own = Context.get(DefaultServices.liveServices, Tracer.Tracer)

const cleaned = (tracer: Tracer.Tracer, target: string): Tracer.Tracer =>
  Tracer.make({
    span: (...made) => {
      const span = tracer.span(...made)
      const end = span.end
      // On the very span, as a tracer knows its own by their class.
      span.end = (at, exit) =>
        end.call(
          span,
          at,
          Exit.isSuccess(exit)
            ? exit
            : Exit.failCause(Cause.map(exit.cause, (error) => Classifier.fromUnknown(error, { target })))
        )
      return span
    },
    context: (work, fiber) => tracer.context(work, fiber)
  })

/** @internal */
export const effect = <A, E, R>(target: string, asked: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.tracerWith((tracer) => (tracer === own ? asked : Effect.withTracer(asked, cleaned(tracer, target))))

/** What is pulled is traced, and not what its consumer does in between. @internal */
export const stream = <A, E, R>(target: string, asked: Stream.Stream<A, E, R>): Stream.Stream<A, E, R> =>
  Stream.unwrap(
    Effect.tracerWith((tracer) =>
      Effect.succeed(
        tracer === own
          ? asked
          : Stream.fromPull(
              Effect.map(Stream.toPull(asked), (pull) => Effect.withTracer(pull, cleaned(tracer, target)))
            )
      )
    )
  )
