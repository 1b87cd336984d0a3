/**
 * A `fetch` without a network, whose responses a script decides.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { type Broken, brokenOff, isBroken, type Received } from "../misbehaving/memory.js"
import { misdirected, type Refusal, readRequest, refusal } from "../misbehaving/reading.js"
import { isComplaint } from "../misbehaving/Wire.js"
import { wireOf } from "../misbehaving/wires.js"
import { bodiless } from "../recording/playback.js"
import type { Player } from "./player.js"

/** Time is that of the runtime, since a promise has none of its own. @internal */
export const scriptedFetch =
  (player: Player, runtime: Runtime.Runtime<never>): typeof globalThis.fetch =>
  async (input, init) => {
    const request = new Request(input, init)
    const { headers, method, signal, url } = request
    signal.throwIfAborted()
    const asked = { method, path: new URL(url).pathname, anthropic: headers.has("anthropic-version") }
    const exit = await Runtime.runPromiseExit(runtime)(answered(player, asked, await request.text()), { signal })
    if (Exit.isSuccess(exit)) return responseTo(exit.value, url, signal, runtime)
    if (signal.aborted) throw signal.reason
    const error = Cause.squash(exit.cause)
    throw isBroken(error) ? new TypeError("fetch failed", { cause: brokenOff(error) }) : error
  }

interface Asked {
  readonly method: string
  readonly path: string
  readonly anthropic: boolean
}

interface Answered extends Pick<Received, "status" | "headers"> {
  readonly pull: Effect.Effect<Chunk.Chunk<Uint8Array>, Option.Option<Broken>>
  /** What answers goes on until then. */
  readonly scope: Scope.CloseableScope
}

const answered = (
  player: Player,
  { anthropic, method, path }: Asked,
  body: string
): Effect.Effect<Answered | Refusal, unknown> => {
  const wire = wireOf(path)
  const refused = (about: Parameters<typeof refusal>[2]) =>
    Effect.succeed(refusal({ wire, anthropic, requestId: "req_scripted" }, "invalidRequest", about))
  const wrong = misdirected(wire, method, path)
  if (wire === undefined || wrong !== undefined) return refused(wrong ?? {})
  const request = readRequest(wire, body, path)
  if (isComplaint(request)) return refused(request)
  return Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      return yield* player.play(request, wire, true).pipe(
        Effect.flatten,
        Effect.flatMap(({ body, headers, status }) =>
          Effect.map(Stream.toPull(body), (pull): Answered => ({ status, headers, pull, scope }))
        ),
        Scope.extend(scope),
        restore,
        Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
      )
    })
  )
}

const responseTo = (
  answer: Answered | Refusal,
  url: string,
  signal: AbortSignal,
  runtime: Runtime.Runtime<never>
): Response => {
  const { headers, status } = answer
  const body = "body" in answer ? answer.body : readable(answer, signal, runtime)
  const response = new Response(bodiless.has(status) ? null : body, { status, headers })
  return Object.defineProperty(response, "url", { value: url, configurable: true })
}

/** A piece is handed on when it is asked for: an error takes with it what waits to be read. */
const readable = (
  { pull, scope }: Answered,
  signal: AbortSignal,
  runtime: Runtime.Runtime<never>
): ReadableStream<Uint8Array> => {
  const over = (): void => {
    signal.removeEventListener("abort", leave)
    Runtime.runFork(runtime)(Scope.close(scope, Exit.void))
  }
  let leave = over
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        leave = () => {
          controller.error(signal.reason)
          over()
        }
        signal.addEventListener("abort", leave, { once: true })
      },
      pull: async (controller) => {
        const exit = await Runtime.runPromiseExit(runtime)(pull)
        if (signal.aborted) return
        if (Exit.isSuccess(exit)) return Chunk.forEach(exit.value, (piece) => controller.enqueue(piece))
        over()
        const error = Cause.squash(exit.cause)
        if (!Option.isOption(error)) controller.error(error)
        else if (Option.isNone(error)) controller.close()
        else controller.error(new TypeError("terminated", { cause: brokenOff(error.value as Broken) }))
      },
      cancel: over
    },
    { highWaterMark: 0 }
  )
}
