/**
 * The process whose workers are a gateway: it starts them, puts another in the place of one that dies, and has what they
 * share. It answers no request itself.
 *
 * @internal
 */
import Cluster, { type Worker } from "node:cluster"
import * as Console from "effect/Console"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import { makeMemoryBackend } from "../../../SharedState.js"
import type { Question } from "../admin/siblings.js"
import { InvalidConfig } from "../config/invalid.js"
import { environmentOfWorkers, type FromPrimary, type FromWorker, type Reloaded } from "./messages.js"
import { Orders } from "./orders.js"
import { Pending } from "./pending.js"

/** @internal */
export interface Options {
  /** The configuration as it is written, which has been found to be one. */
  readonly config: unknown
  readonly workers: number
  /** How long workers may take to end. */
  readonly shutdownTime: Duration.Duration
}

/** @internal */
export interface Workers {
  readonly url: string
  readonly adminUrl: string | undefined
  /** Takes a configuration as it is written. Names what differs and takes another start. */
  readonly reload: (config: unknown) => Effect.Effect<ReadonlyArray<string>, InvalidConfig>
}

/** A place for a worker, and whoever has it. */
interface Place {
  readonly number: number
  process: Worker
  since: number
  /** What it was told to serve, and whether it does. */
  config: unknown
  serving: boolean
  /** How many in a row died young here. */
  deaths: number
}

/** Who gives no answer within this is left out. */
const patience = "3 seconds"

/** A configuration takes longer, for its connections. */
const reloadPatience = "10 seconds"

/** A worker that dies older than this, in milliseconds, is replaced at once. */
const oldEnough = 10_000
const firstPause = 100
const longestPause = 10_000

/** Fails if the first workers cannot serve the configuration. @internal */
export const primary = ({
  config,
  shutdownTime,
  workers
}: Options): Effect.Effect<Workers, InvalidConfig, Scope.Scope> =>
  Effect.gen(function* () {
    const run = Runtime.runFork(yield* Effect.runtime())
    const clock = yield* Effect.clock
    const backend = yield* makeMemoryBackend
    const places: Array<Place> = []
    const orders = new Orders()
    const pending = new Pending()
    const begun = yield* Deferred.make<Omit<Workers, "reload">, InvalidConfig>()
    const ended = yield* Deferred.make<void>()
    let inForce = config
    let hasBegun = false
    let ending = false

    const tell = ({ process }: Place, message: FromPrimary): void => {
      if (process.isConnected()) process.send(message, undefined, () => {})
    }

    const said = (place: Place, message: FromPrimary) => Effect.sync(() => tell(place, message))
    // `Worker.kill` would take the channel away first, over which its connections come.
    const ends = ({ process }: Place, signal: NodeJS.Signals) => Effect.sync(() => process.process.kill(signal))

    const askAll = (
      question: Question
    ): Effect.Effect<Array<{ readonly worker: number; readonly answer: unknown }>> => {
      orders.given(question)
      const asked = Effect.forEach(
        places.filter(({ serving }) => serving),
        (place) =>
          pending
            .ask((id) => tell(place, { say: "ask", id, question }))
            .pipe(
              Effect.map((answer) => [{ worker: place.number, answer }]),
              Effect.timeoutTo({ duration: patience, onSuccess: (answer) => answer, onTimeout: () => [] })
            ),
        { concurrency: "unbounded" }
      )
      return Effect.map(asked, (answers) => answers.flat())
    }

    const hear = (place: Place, message: FromWorker): Effect.Effect<unknown, unknown> => {
      switch (message.say) {
        case "here":
          place.config = inForce
          return said(place, { say: "start", worker: place.number, config: inForce, orders: orders.standing })
        case "listening": {
          place.serving = true
          const { adminUrl, url } = message
          const all = places.every(({ serving }) => serving) ? Deferred.succeed(begun, { adminUrl, url }) : Effect.void
          // Another configuration may have come into force meanwhile.
          return place.config === inForce ? all : Effect.zipRight(all, reloadAt(place, inForce))
        }
        case "cannot":
          return Effect.zipRight(
            hasBegun ? Console.error(message.message) : Deferred.fail(begun, mistake(message.message)),
            ends(place, "SIGTERM")
          )
        case "answer":
          return Effect.sync(() => pending.told(message.id, message.answer))
        case "askAll":
          return Effect.flatMap(askAll(message.question), (answers) =>
            said(place, { say: "answers", id: message.id, answers })
          )
        case "read":
          return Effect.flatMap(backend.read(message.key), (kept) => said(place, { say: "kept", id: message.id, kept }))
        case "swap":
          return Effect.flatMap(backend.swap(message.key, message.swap), (kept) =>
            said(place, { say: "kept", id: message.id, kept })
          )
      }
    }

    const reloadAt = (place: Place, config: unknown): Effect.Effect<ReadonlyArray<string>, InvalidConfig> =>
      pending
        .ask<Reloaded>((id) => tell(place, { say: "reload", id, config }))
        .pipe(
          Effect.timeoutFail({
            duration: reloadPatience,
            onTimeout: () => mistake(`worker ${place.number} did not say whether it can`)
          }),
          Effect.flatMap((reloaded) =>
            "refused" in reloaded ? mistake(reloaded.refused) : Effect.succeed(reloaded.atTheStart)
          ),
          Effect.tap(() =>
            Effect.sync(() => {
              place.config = config
            })
          )
        )

    const fill = (place: Place): void => {
      place.since = clock.unsafeCurrentTimeMillis()
      place.serving = false
      place.process = Cluster.fork({ [environmentOfWorkers]: String(place.number) })
      place.process.on("message", (message: FromWorker) => run(Effect.ignoreLogged(hear(place, message))))
      place.process.on("error", () => {})
      place.process.once("exit", (code, signal) => run(gone(place, signal ?? `code ${code}`)))
    }

    const gone = (place: Place, how: string): Effect.Effect<unknown> =>
      Effect.suspend(() => {
        place.serving = false
        if (ending) {
          if (places.every(({ process }) => process.isDead())) Deferred.unsafeDone(ended, Effect.void)
          return Effect.void
        }
        const isOld = clock.unsafeCurrentTimeMillis() - place.since >= oldEnough
        place.deaths = isOld ? 0 : place.deaths + 1
        const pause = isOld ? 0 : Math.min(longestPause, firstPause * 2 ** (place.deaths - 1))
        const replaced = Console.error(`worker ${place.number} has ended (${how}); another takes its place`).pipe(
          Effect.zipRight(Effect.sleep(pause)),
          Effect.zipRight(
            Effect.sync(() => {
              if (!ending) fill(place)
            })
          )
        )
        // One that has not come so far once would not the next time either.
        return hasBegun
          ? replaced
          : Deferred.fail(begun, mistake(`worker ${place.number} has ended (${how}) before it served`))
      })

    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        ending = true
        const alive = places.filter(({ process }) => !process.isDead())
        if (alive.length === 0) return Effect.void
        const end = (signal: NodeJS.Signals) => Effect.forEach(alive, (place) => ends(place, signal), { discard: true })
        return Effect.zipRight(
          end("SIGTERM"),
          Effect.timeoutTo(Deferred.await(ended), {
            duration: shutdownTime,
            onSuccess: (): Effect.Effect<void> => Effect.void,
            onTimeout: () => end("SIGKILL")
          }).pipe(Effect.flatten)
        )
      })
    )
    yield* backend.listen({
      told: (key, version, text) => {
        for (const place of places) if (place.serving) tell(place, { say: "told", key, version, text })
      },
      began: () => {}
    })
    // Workers take their connections themselves: one that Node hands on to a worker that dies at that moment hangs for ever.
    Cluster.schedulingPolicy = Cluster.SCHED_NONE
    for (let number = 1; number <= workers; number++) {
      const place: Place = { number, process: undefined as never, since: 0, config, serving: false, deaths: 0 }
      places.push(place)
      fill(place)
    }
    const { adminUrl, url } = yield* Deferred.await(begun)
    hasBegun = true

    const oneAtATime = yield* Effect.makeSemaphore(1)
    const reload = (config: unknown) =>
      Effect.gen(function* () {
        const [first, ...others] = places.filter(({ serving }) => serving)
        // What the first one refuses the others would refuse as well.
        const differs = first === undefined ? [] : yield* reloadAt(first, config)
        inForce = config
        yield* Effect.forEach(others, (place) => Effect.ignore(reloadAt(place, config)), { concurrency: "unbounded" })
        return differs
      }).pipe(oneAtATime.withPermits(1))
    return { url, adminUrl, reload }
  })

const mistake = (message: string): InvalidConfig => new InvalidConfig({ mistakes: [{ path: "", message }] })
