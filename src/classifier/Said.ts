/**
 * What is known of a failed response, as the tables and the readers of hints see it.
 */

/** @internal */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** @internal */
export interface Facts {
  /** The status that the innermost part of the body states in a field of its own, else that of the response. */
  readonly status: number
  /** In lower case. */
  readonly codes: ReadonlySet<string>
  /** In lower case. */
  readonly types: ReadonlySet<string>
  /** How a code or type in lower case was spelled. */
  readonly spelling: ReadonlyMap<string, string>
  /** The words of the failure, in lower case, on one line, without addresses. */
  readonly words: string
  /** The words as they were sent. */
  readonly message: string
  /** The words state a limit per time and a single request above it. */
  readonly oversized: boolean
  /** By its name in lower case. */
  readonly header: (name: string) => string | undefined
  /** The values of a field of the body, or of a header quoted in it; upper case, `_`, `-` and `@` do not count. */
  readonly values: (name: string) => ReadonlyArray<string>
  /** Whether a field of the body or a header has a value that looks like this. */
  readonly has: (name: string, value: RegExp) => boolean
}
