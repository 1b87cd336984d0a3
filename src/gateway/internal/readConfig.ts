/**
 * A configuration from its file.
 *
 * @internal
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import { InvalidConfig } from "./config/invalid.js"

/** @internal */
export const readConfig = (path: string): Effect.Effect<unknown, InvalidConfig, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const text = yield* Effect.mapError(files.readFileString(path), (error) =>
      mistake(`${path} cannot be read: ${(error._tag === "SystemError" && reasons[error.reason]) || error.message}`)
    )
    if (/\.json$/i.test(path)) {
      return yield* Effect.try({
        try: () => JSON.parse(text) as unknown,
        catch: (error) => mistake(`${path} is no JSON: ${(error as Error).message}`)
      })
    }
    const yaml = yield* Effect.tryPromise({
      try: () => import("yaml"),
      catch: () => mistake(`${path} is read as YAML, for which the package yaml has to be installed`)
    })
    return yield* Effect.try({
      try: () => yaml.parse(text) as unknown,
      catch: (error) => mistake(`${path} is no YAML: ${(error as Error).message}`)
    })
  })

const reasons: Readonly<Record<string, string>> = {
  NotFound: "there is no such file",
  PermissionDenied: "whoever runs the gateway may not read it"
}

const mistake = (message: string): InvalidConfig => new InvalidConfig({ mistakes: [{ path: "", message }] })
