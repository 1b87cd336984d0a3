/**
 * A response without a socket: what a step writes is read as it comes, by whoever asked.
 *
 * @internal
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Take from "effect/Take"
import type { Responding } from "./Exchange.js"

/** The connection has broken: with a RST, or with a FIN before the end. @internal */
export type Broken = "reset" | "close"

/** @internal */
export const isBroken = (u: unknown): u is Broken => u === "reset" || u === "close"

/** What a client reports of it. @internal */
export const brokenOff = (how: Broken): Error =>
  how === "reset"
    ? Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" })
    : Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" })

/** @internal */
export interface Received {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Stream.Stream<Uint8Array, Broken>
}

/**
 * Runs what answers until the scope is closed, and gives the response once its headers are there. What answers may die of a
 * reply function of the test's own: whoever reads does too.
 *
 * @internal
 */
export const receive = (
  answering: (exchange: Responding) => Effect.Effect<void>
): Effect.Effect<Received, Broken, Scope.Scope> =>
  Effect.gen(function* () {
    const head = yield* Deferred.make<Received, Broken>()
    const chunks = yield* Queue.unbounded<Take.Take<Uint8Array, Broken>>()
    const body = Stream.flattenTake(Stream.fromQueue(chunks))
    const broken = (how: Broken): Effect.Effect<void> =>
      Effect.andThen(Deferred.fail(head, how), Queue.offer(chunks, Take.fail(how)))
    const exchange: Responding = {
      writeHead: (status, headers) => Deferred.succeed(head, { status, headers, body }),
      write: (bytes) => Queue.offer(chunks, Take.of(bytes)),
      end: Queue.offer(chunks, Take.end),
      respond: (status, headers, body) =>
        exchange.writeHead(status, headers).pipe(Effect.andThen(exchange.write(body)), Effect.andThen(exchange.end)),
      close: broken("close"),
      reset: broken("reset")
    }
    yield* Effect.forkScoped(
      Effect.catchAllDefect(answering(exchange), (defect) =>
        Effect.andThen(Deferred.die(head, defect), Queue.offer(chunks, Take.die(defect)))
      )
    )
    return yield* Deferred.await(head)
  })
