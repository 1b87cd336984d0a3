/**
 * A recorded exchange as a response: with its original timing or at once, and with its own failure.
 */
import type { Buffer } from "node:buffer"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import { standingFor } from "./capture.js"
import { type Answered, bytesOf, type Exchange } from "./format.js"
import type { Options } from "./options.js"
import { errorOf } from "./thrown.js"

/** @internal */
export interface Pace {
  readonly now: () => number
  /** Waits until then, or is rejected with the signal's reason. */
  readonly until: (at: number, signal: AbortSignal | undefined) => Promise<void>
  /** Nothing waits but what was left by its caller, which never comes. */
  readonly immediate: boolean
}

/** @internal */
export const paceOf = (timing: Options["timing"], runtime: Runtime.Runtime<never>, now: () => number): Pace => ({
  now,
  immediate: timing === "immediate",
  until: (at, signal) =>
    Runtime.runPromise(runtime)(Effect.sleep(at - now()), signal && { signal }).catch((error) => {
      throw signal?.aborted ? signal.reason : error
    })
})

/** @internal */
export const play = async (exchange: Exchange, pace: Pace, signal: AbortSignal | undefined): Promise<Response> => {
  const { response } = exchange
  signal?.throwIfAborted()
  const start = pace.now()
  if (response._tag === "Left") return never(signal)
  if (!pace.immediate) await pace.until(start + response.after, signal)
  if (response._tag === "Failed") throw errorOf(response.error)
  const head = { status: response.status, headers: response.headers }
  const body = bodiless.has(response.status) ? null : bodyOf(response, pace, signal)
  return standingFor(new Response(body, head), exchange.request.url)
}

/** The statuses with which there is no body: with any other an empty one is a body too. @internal */
export const bodiless: ReadonlySet<number> = new Set([101, 204, 205, 304])

const bodyOf = ({ body, end }: Answered, pace: Pace, signal: AbortSignal | undefined): ReadableStream<Uint8Array> => {
  let due = pace.now()
  let next = 0
  const wait = async (after: number): Promise<void> => {
    due += after
    if (!pace.immediate && due > pace.now()) await pace.until(due, signal)
  }
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        signal?.addEventListener("abort", () => abort(controller, signal), { once: true })
      },
      pull: async (controller) => {
        const piece = body[next++]
        if (piece !== undefined) {
          await wait(piece.after)
          if (!signal?.aborted) controller.enqueue(bytesOf(piece) as Buffer<ArrayBuffer>)
        } else if (end === "complete") controller.close()
        else if (end === "left") await untilTheReaderLeaves
        else {
          await wait(end.after)
          controller.error(errorOf(end.error))
        }
      }
    },
    { highWaterMark: 0 }
  )
}

const untilTheReaderLeaves = new Promise<never>(() => {})

const abort = (controller: ReadableStreamDefaultController, signal: AbortSignal): void => {
  try {
    controller.error(signal.reason)
  } catch {
    // It has ended.
  }
}

const never = (signal: AbortSignal | undefined): Promise<never> =>
  new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason), { once: true }))
