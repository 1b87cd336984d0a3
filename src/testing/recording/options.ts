/**
 * How a recording is made or played.
 */
import type * as Redacted from "effect/Redacted"
import { invalid } from "../../internal/options/check.js"
import { refuseUnknown } from "../../internal/options/names.js"

/**
 * How a recording is made or played.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Options {
  /** Where it is kept. */
  readonly file: string
  /**
   * `replay` plays the file, and needs no network. `record` sends the requests, and writes the file anew. `auto` records
   * where there is no file yet. Default `replay`.
   */
  readonly mode?: "replay" | "record" | "auto" | undefined
  /** With the original waits, by the `Clock` and so in virtual time under a `TestClock`, or `immediate`. Default `immediate`. */
  readonly timing?: "recorded" | "immediate" | undefined
  /** Fields of the requests' bodies that may differ on replay, such as `"metadata.user_id"`. Default none. */
  readonly ignore?: ReadonlyArray<string> | undefined
  /** What else is a secret, and is removed. Default none. */
  readonly secrets?: ReadonlyArray<string | RegExp | Redacted.Redacted<string>> | undefined
  /** What looks like a secret, and is none. Default none. */
  readonly allow?: ReadonlyArray<RegExp> | undefined
  /** What requests are sent with while recording. Default: the global `fetch` at the time of the request. */
  readonly fetch?: typeof globalThis.fetch | undefined
}

const names = { file: true, mode: true, timing: true, ignore: true, secrets: true, allow: true, fetch: true } as const

/** @internal */
export type Checked = { readonly [name in Exclude<keyof Options, "fetch">]-?: NonNullable<Options[name]> } & {
  readonly fetch: Options["fetch"]
}

/** @internal */
export const checked = (options: Options): Checked => {
  refuseUnknown("Recording", "", options, names)
  const { allow = [], fetch, file, ignore = [], mode = "replay", secrets = [], timing = "immediate" } = options
  if (typeof file !== "string" || file === "") throw invalid("Recording", "file", file, "the path of a file")
  if (!["replay", "record", "auto"].includes(mode)) {
    throw invalid("Recording", "mode", mode, '"replay", "record" or "auto"')
  }
  if (!["recorded", "immediate"].includes(timing)) {
    throw invalid("Recording", "timing", timing, '"recorded" or "immediate"')
  }
  return { allow, fetch, file, ignore, mode, secrets, timing }
}
