/**
 * From a request to its step: finds the dialect, reads the request, asks the script, and keeps the log.
 */
import { Buffer } from "node:buffer"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Exchange } from "./Exchange.js"
import { forPages } from "./forPages.js"
import { type Attempt, type Log, withoutSecrets } from "./Log.js"
import type { Particulars, Problem } from "./Problem.js"
import { perform } from "./perform.js"
import type { ProviderRequest, Reply } from "./Reply.js"
import { misdirected, readRequest, refusal } from "./reading.js"
import type { Scripts } from "./Scripts.js"
import { isComplaint } from "./Wire.js"
import { waits } from "./waits.js"
import { wireOf } from "./wires.js"

/** @internal */
export interface Setup {
  readonly log: Log
  readonly scripts: Scripts
  readonly reply: (request: ProviderRequest) => Reply
  readonly seed: string | number
  readonly maxBodyBytes: number
  readonly cors: boolean
  readonly models: ReadonlyArray<string>
}

const nothing = new Uint8Array(0)

/** @internal */
export const make =
  (setup: Setup) =>
  (asked: Exchange, connection: Attempt["connection"]): Effect.Effect<void> =>
    Effect.suspend(() => {
      const exchange = setup.cors ? forPages(asked) : asked
      if (setup.cors && asked.request.method === "OPTIONS") return exchange.respond(204, {}, nothing)
      const method = exchange.request.method ?? "GET"
      const path = (exchange.request.url ?? "/").replace(/[?#].*$/s, "")
      const page = pages[path]
      if (page !== undefined && (method === "GET" || method === "HEAD")) return page(exchange, setup)
      return attempt(setup, exchange, connection, method, path)
    })

const attempt = (
  setup: Setup,
  exchange: Exchange,
  connection: Attempt["connection"],
  method: string,
  path: string
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const at = yield* Clock.currentTimeMillis
    const entry = setup.log.open({
      at,
      endedAt: undefined,
      method,
      path,
      dialect: wireOf(path)?.dialect,
      model: undefined,
      streaming: false,
      headers: withoutSecrets(exchange.request.headers),
      step: undefined,
      status: undefined,
      bytesSent: 0,
      clientLeft: false,
      connection
    })
    const served = Effect.as(serve(setup, exchange, { entry, method, path, created: Math.floor(at / 1000) }), false)
    yield* Effect.raceFirst(served, Effect.as(exchange.clientGone, true)).pipe(
      Effect.onExit((exit) =>
        Effect.map(Clock.currentTimeMillis, (endedAt) =>
          setup.log.change(entry, {
            endedAt,
            status: exchange.status(),
            bytesSent: exchange.bytesSent(),
            clientLeft: Exit.isSuccess(exit) && exit.value
          })
        )
      )
    )
  })

interface Arrival {
  readonly entry: number
  readonly method: string
  readonly path: string
  readonly created: number
}

const serve = (setup: Setup, exchange: Exchange, arrival: Arrival): Effect.Effect<void> => {
  const { entry, method, path } = arrival
  const requestId = `req_embedded${entry}`
  const wire = wireOf(path)
  const refuse = (
    problem: Problem,
    about: Particulars & { readonly status?: number },
    more: Readonly<Record<string, string>> = {}
  ) => {
    const { body, headers, status } = refusal({ wire, anthropic: isAnthropic(exchange), requestId }, problem, about)
    return exchange.respond(status, { ...headers, ...more }, Buffer.from(body))
  }
  const wrong = misdirected(wire, method, path)
  if (wire === undefined || wrong !== undefined) {
    return refuse("invalidRequest", wrong ?? {})
  }
  return Effect.gen(function* () {
    const body = yield* exchange.readBody(setup.maxBodyBytes)
    if (body === "cut") return yield* Effect.never
    if (body === "tooLarge") return yield* refuse("requestTooLarge", {}, { connection: "close" })
    const request = readRequest(wire, body.toString("utf8"), path)
    if (isComplaint(request)) return yield* refuse("invalidRequest", request)
    const step = yield* setup.scripts.next(request)
    const index = setup.log.change(entry, { model: request.model, streaming: request.streaming, step })
    const call = {
      exchange,
      wire,
      request,
      index,
      requestId,
      created: arrival.created,
      reply: () => setup.reply(request),
      seed: setup.seed,
      pause: waits(`${setup.seed}/${index}`)
    }
    yield* perform(call, step).pipe(
      Effect.catchAllDefect((defect) =>
        exchange.status() === undefined
          ? refuse("serverError", { message: `The reply function failed: ${String(defect)}` })
          : exchange.reset
      )
    )
  })
}

const isAnthropic = ({ request }: Exchange): boolean => request.headers["anthropic-version"] !== undefined

const json = (
  exchange: Exchange,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {}
): Effect.Effect<void> =>
  exchange.respond(status, { "content-type": "application/json", ...headers }, Buffer.from(JSON.stringify(body)))

/** What can be asked besides calls. These are no attempts: they are not in the log and no script concerns them. */
const pages: Readonly<Record<string, (exchange: Exchange, setup: Setup) => Effect.Effect<void>>> = {
  "/health": (exchange) => json(exchange, 200, { status: "ok" }),
  "/v1/models": (exchange, { models }) =>
    json(
      exchange,
      200,
      isAnthropic(exchange)
        ? {
            data: models.map((id) => ({
              type: "model",
              id,
              display_name: id,
              created_at: "2026-01-01T00:00:00Z"
            })),
            has_more: false,
            first_id: models[0],
            last_id: models[models.length - 1]
          }
        : {
            object: "list",
            data: models.map((id) => ({ id, object: "model", created: 1_767_225_600, owned_by: "effect-resilience" }))
          }
    )
}
