/**
 * One of the workers of a gateway: a process that serves on the port that they share, and asks its primary for the rest.
 *
 * @internal
 */
import Process from "node:process"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import type { Backend, Kept, Listener, Swapped } from "../../../SharedState.js"
import type { Answers, AskAll } from "../admin/siblings.js"
import type { InvalidConfig } from "../config/invalid.js"
import type { Config } from "../config/schema.js"
import { type Running, start, type Together } from "../start.js"
import { environmentOfWorkers, type FromPrimary, type FromWorker, type Reloaded } from "./messages.js"
import { Pending } from "./pending.js"

/** Whether this process is one. @internal */
export const isWorker = (): boolean => Process.env[environmentOfWorkers] !== undefined && Process.send !== undefined

const say = (message: FromWorker): void => {
  // Without a primary it has nobody to tell, and ends.
  if (Process.connected) Process.send?.(message, undefined, undefined, () => {})
}

type Decode = (config: unknown) => Effect.Effect<Config, InvalidConfig>

/** Serves what the primary tells it to, until the scope closes. Only the primary decides when that is. @internal */
export const worker = (decode: Decode): Effect.Effect<never, never, Scope.Scope> =>
  Effect.gen(function* () {
    const runtime = yield* Effect.runtime()
    const run = Runtime.runFork(runtime)
    const pending = new Pending()
    const listeners = new Set<Listener>()
    let answers: Answers | undefined
    let running: Running | undefined

    const answered = (id: number, answer: Effect.Effect<unknown>): void => {
      run(Effect.map(answer, (answer) => say({ say: "answer", id, answer })))
    }
    const first = Effect.async<Extract<FromPrimary, { readonly say: "start" }>>((resume) => {
      Process.on("message", (message: FromPrimary) => {
        switch (message.say) {
          case "start":
            return resume(Effect.succeed(message))
          case "reload":
            return answered(message.id, inForce(message.config))
          case "ask":
            return answered(message.id, answers?.(message.question) ?? Effect.void)
          case "told":
            for (const { told } of listeners) told(message.key, message.version, message.text)
            return
          case "kept":
            return pending.told(message.id, message.kept)
          case "answers":
            return pending.told(message.id, message.answers)
        }
      })
      // A terminal tells all processes of it, and the primary then tells its workers.
      for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) Process.on(signal, () => {})
      say({ say: "here" })
    })

    const inForce = (config: unknown): Effect.Effect<Reloaded> =>
      Effect.match(
        Effect.flatMap(decode(config), (config) => running?.reload(config) ?? Effect.succeed([])),
        {
          onFailure: ({ message }): Reloaded => ({ refused: message }),
          onSuccess: (atTheStart): Reloaded => ({ atTheStart })
        }
      )

    const backend: Backend = {
      read: (key) => pending.ask<Kept>((id) => say({ say: "read", id, key })),
      swap: (key, swap) => pending.ask<Swapped>((id) => say({ say: "swap", id, key, swap })),
      listen: (listener) =>
        Effect.asVoid(
          Effect.acquireRelease(
            Effect.sync(() => {
              listeners.add(listener)
              listener.began()
            }),
            () => Effect.sync(() => listeners.delete(listener))
          )
        )
    }

    const { config, orders, worker } = yield* first
    const together: Together = {
      worker,
      backend,
      askAll: ((question) => pending.ask((id) => say({ say: "askAll", id, question }))) as AskAll,
      answer: (given) =>
        Effect.sync(() => {
          answers = given
        })
    }
    const started = Effect.flatMap(decode(config), (config) => start(config, together))
    yield* Effect.matchEffect(started, {
      onFailure: ({ message }) => Effect.sync(() => say({ say: "cannot", message })),
      onSuccess: (begun) =>
        Effect.gen(function* () {
          running = begun
          for (const order of orders) yield* answers?.(order) ?? Effect.void
          say({ say: "listening", url: begun.url, adminUrl: begun.adminUrl })
        })
    })
    return yield* Effect.never
  })
