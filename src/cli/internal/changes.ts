/**
 * When a configuration has to be read again.
 *
 * @internal
 */
import { realpathSync, watch } from "node:fs"
import { basename, dirname, resolve } from "node:path"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/**
 * When the file changes, and when the process is told to look again. It is watched from here on, and not only from when the
 * stream is run: what happens between this and the reading of the file is not lost.
 *
 * @internal
 */
export const changes = (path: string): Effect.Effect<Stream.Stream<void>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const seen = yield* Queue.sliding<void>(1)
    const see = (): void => {
      seen.unsafeOffer(undefined)
    }
    yield* Effect.forEach(placesOf(path), (place) => watched(place, see), { discard: true })
    yield* Effect.acquireRelease(
      Effect.sync(() => process.on("SIGHUP", see)),
      () => Effect.sync(() => process.off("SIGHUP", see))
    )
    return Stream.debounce(Stream.fromQueue(seen), "200 millis")
  })

/** Where the file stands, and where it is, if that is only a link. */
const placesOf = (path: string): ReadonlySet<string> => {
  const stands = resolve(path)
  try {
    return new Set([stands, realpathSync(stands)])
  } catch {
    return new Set([stands])
  }
}

/**
 * What is watched is the folder: many replace a file by another one, and who watches the file watches the one that is gone.
 * A folder that Kubernetes mounts is changed by a link in it whose name begins with two points.
 */
const watched = (place: string, see: () => void): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const run = Runtime.runFork(yield* Effect.runtime<never>())
    const opened = Effect.try(() => {
      const watcher = watch(dirname(place), (_, name) => {
        if (name === null || name === basename(place) || name.startsWith("..")) see()
      })
      return watcher.on("error", (error) => run(unseen(place, error)))
    })
    yield* Effect.acquireRelease(opened, (watcher) => Effect.sync(() => watcher.close()))
  }).pipe(Effect.catchAll(({ error }) => unseen(place, error)))

const unseen = (place: string, error: unknown): Effect.Effect<void> =>
  Console.error(`Whether ${place} changes cannot be seen; SIGHUP has it read again: ${String(error)}`)
