/**
 * When a configuration has to be read again.
 *
 * @internal
 */
import { basename, dirname, resolve } from "node:path"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/**
 * When the file changes, and when the process is told to look again. Begins at once, so that what happens until somebody
 * listens is not lost.
 *
 * @internal
 */
export const changes = (path: string): Effect.Effect<Stream.Stream<void>, never, FileSystem.FileSystem | Scope.Scope> =>
  Effect.gen(function* () {
    const seen = yield* Queue.sliding<void>(1)
    const all = Stream.merge(Stream.debounce(written(path), "200 millis"), hangups)
    yield* Effect.forkScoped(Stream.runForEach(all, () => Queue.offer(seen, undefined)))
    return Stream.fromQueue(seen)
  })

/** Where the file stands, and where it is, if that is only a link. */
const written = (path: string): Stream.Stream<unknown, never, FileSystem.FileSystem> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const real = yield* Effect.orElseSucceed(files.realPath(path), () => path)
      const places = Array.from(new Set([resolve(path), resolve(real)]), (place) => writtenAt(files, place))
      return Stream.mergeAll(places, { concurrency: "unbounded" })
    })
  )

/**
 * What is watched is the folder: many replace a file by another one, and who watches the file watches the one that is gone.
 * A folder that Kubernetes mounts is changed by a link in it whose name begins with two points.
 */
const writtenAt = (files: FileSystem.FileSystem, place: string): Stream.Stream<unknown> =>
  files.watch(dirname(place)).pipe(
    Stream.filter(({ path }) => basename(path) === basename(place) || basename(path).startsWith("..")),
    Stream.catchAllCause((cause) =>
      Stream.zipRight(
        Stream.fromEffect(
          Console.error(`Whether ${place} changes cannot be seen; SIGHUP has it read again: ${Cause.pretty(cause)}`)
        ),
        Stream.never
      )
    )
  )

const hangups: Stream.Stream<void> = Stream.async((emit) => {
  const told = (): void => {
    emit.single(undefined)
  }
  process.on("SIGHUP", told)
  return Effect.sync(() => process.off("SIGHUP", told))
})
