/**
 * Starts a gateway: one process that is all of it, or one of several workers.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as ResilienceEvent from "../../ResilienceEvent.js"
import type * as SharedState from "../../SharedState.js"
import { adminApp } from "./admin/app.js"
import { Control } from "./admin/control.js"
import { adminKey, guarded } from "./admin/guard.js"
import type { Answers, AskAll } from "./admin/siblings.js"
import { Watch } from "./admin/watch.js"
import { atTheStart } from "./config/atTheStart.js"
import type { InvalidConfig } from "./config/invalid.js"
import type { Config } from "./config/schema.js"
import { generations } from "./generations.js"
import { onRequest, type Traffic } from "./onRequest.js"
import { listen, type PortUnavailable } from "./server/listen.js"
import { stores } from "./stores.js"

/** A gateway that is running. @internal */
export interface Running {
  readonly url: string
  readonly adminUrl: string | undefined
  /** Names what differs and takes another start. */
  readonly reload: (config: Config) => Effect.Effect<ReadonlyArray<string>, InvalidConfig>
}

/** What a worker has from the process that it is a worker of. @internal */
export interface Together {
  readonly worker: number
  /** Where the workers share circuits and limits. */
  readonly backend: SharedState.Backend
  readonly askAll: AskAll
  /** Says who answers here for whoever asks all. */
  readonly answer: (answers: Answers) => Effect.Effect<void>
}

type Started = Effect.Effect<Running, InvalidConfig | PortUnavailable, Scope.Scope>

/** @internal */
export const start = (config: Config, together?: Together): Started =>
  config.admin === undefined
    ? served(config, together, undefined)
    : Effect.flatMap(Layer.build(ResilienceEvent.layer()), (hub) => Effect.provide(watched(config, together), hub))

/** Who watches hears all that the policies do, which only a gateway with an admin page pays for. */
const watched = (config: Config, together: Together | undefined) =>
  Effect.gen(function* () {
    const watch = new Watch()
    const hub = yield* ResilienceEvent.ResilienceEvents
    yield* hub.listen(watch.hear)
    return yield* served(config, together, watch)
  })

const served = (config: Config, together: Together | undefined, watch: Watch | undefined): Started =>
  Effect.gen(function* () {
    const kept = yield* stores(config, together?.backend)
    const { current, reload } = yield* generations(config, kept)
    const bounds = config.bounds ?? {}
    const { host = "127.0.0.1", port = 8787 } = config.listen ?? {}
    const traffic: Traffic = { underWay: 0 }
    const control = watch && new Control(current, watch, traffic, kept.status, together?.worker)
    if (control !== undefined) yield* together?.answer(control.answers) ?? Effect.void
    const admin = control && guarded(yield* adminKey(config), yield* adminApp(together?.askAll ?? alone(control)))
    const own = config.admin?.port
    const adminUrl =
      admin === undefined || own === undefined
        ? undefined
        : yield* listen(config.admin?.host ?? host, own, bounds, admin)
    let ending = false
    const here = adminUrl === undefined ? admin : undefined
    const handle = onRequest({ current, traffic, ending: () => ending, admin: here })
    const url = yield* listen(host, port, bounds, handle)
    // The first thing to happen when the scope closes.
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        ending = true
      })
    )
    return {
      url,
      adminUrl: admin && `${adminUrl ?? url}/admin`,
      reload: (next: Config) =>
        Effect.as(Effect.zipRight(reload(next), control?.moved ?? Effect.void), atTheStart(config, next))
    }
  })

const alone =
  ({ answers }: Control): AskAll =>
  (question) =>
    Effect.map(answers(question), (answer) => [{ worker: undefined, answer }])
