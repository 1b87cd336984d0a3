/**
 * What the provider saw: one entry for each attempt, written when it arrives and completed when it ends.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Dialect } from "./Reply.js"
import type { Step } from "./Step.js"

/**
 * One attempt as the provider saw it.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Attempt {
  /** Its place among all attempts since the start or the last reset, from 0. */
  readonly index: number
  /** When it arrived, in milliseconds of the `Clock`. */
  readonly at: number
  /** When the provider was done with it, in milliseconds of the `Clock`; `undefined` while it is under way. */
  readonly endedAt: number | undefined
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** `undefined` where the path belongs to no dialect. */
  readonly dialect: Dialect | undefined
  /** `undefined` where the body could not be read. */
  readonly model: string | undefined
  readonly streaming: boolean
  /** In lower case. Of a header that can hold a secret there is only `"present"`. */
  readonly headers: Readonly<Record<string, string>>
  /** What the script had in store for it; `undefined` where the request itself was wrong. */
  readonly step: Step | undefined
  /** The status that was sent, if one was. */
  readonly status: number | undefined
  /** The bytes of the response's body that were sent. */
  readonly bytesSent: number
  /** Whether the client went away before the response had its end. */
  readonly clientLeft: boolean
  /** Connections are numbered from 0; one that carried an attempt before is `reused`. */
  readonly connection: { readonly index: number; readonly reused: boolean }
}

/** @internal */
export interface Log {
  /** Answers with a handle by which the attempt can be changed. */
  readonly open: (attempt: Omit<Attempt, "index">) => number
  /** Answers with the attempt's index. */
  readonly change: (handle: number, change: Partial<Attempt>) => number
  readonly attempts: Effect.Effect<ReadonlyArray<Attempt>>
  readonly changes: Stream.Stream<Attempt>
  readonly awaitAttempts: (count: number) => Effect.Effect<ReadonlyArray<Attempt>>
  readonly awaitSettled: Effect.Effect<ReadonlyArray<Attempt>>
  readonly clear: Effect.Effect<void>
}

/** A log of the last `keep` attempts. @internal */
export const make = (keep: number): Effect.Effect<Log, never, Scope.Scope> =>
  Effect.map(Effect.acquireRelease(PubSub.unbounded<Change>(), PubSub.shutdown), (published) => {
    let kept: Array<Attempt> = []
    let seen = 0
    let revision = 0
    // Attempts that were under way when the log was cleared must not write into the new one.
    let first = 0

    const publish = (attempt?: Attempt): void => {
      revision++
      published.unsafeOffer({ revision, attempt })
    }

    const waitUntil = (enough: () => boolean): Effect.Effect<ReadonlyArray<Attempt>> =>
      Effect.scoped(
        Effect.flatMap(PubSub.subscribe(published), (queue) =>
          Effect.whileLoop({ while: () => !enough(), body: () => Queue.take(queue), step: () => {} })
        )
      ).pipe(Effect.map(() => [...kept]))

    return {
      open: (attempt) => {
        const handle = first + seen
        const opened = { index: seen++, ...attempt }
        kept.push(opened)
        if (kept.length > keep) kept.shift()
        publish(opened)
        return handle
      },
      change: (handle, change) => {
        const index = handle - first
        const at = kept.findLastIndex((attempt) => attempt.index === index)
        const attempt = kept[at]
        if (attempt === undefined) return index
        const changed = { ...attempt, ...change }
        kept[at] = changed
        publish(changed)
        return index
      },
      attempts: Effect.sync(() => [...kept]),
      // Whatever was written between subscribing and looking is in what was seen; it is not shown again.
      changes: Stream.unwrapScoped(
        Effect.map(PubSub.subscribe(published), (queue) => {
          const known = revision
          return Stream.concat(
            Stream.fromIterable([...kept]),
            Stream.filterMap(Stream.fromQueue(queue), (change) =>
              change.revision > known ? Option.fromNullable(change.attempt) : Option.none()
            )
          )
        })
      ),
      awaitAttempts: (count) => waitUntil(() => seen >= count),
      awaitSettled: waitUntil(() => kept.every((attempt) => attempt.endedAt !== undefined)),
      clear: Effect.sync(() => {
        first += seen
        kept = []
        seen = 0
        publish()
      })
    }
  })

interface Change {
  readonly revision: number
  readonly attempt: Attempt | undefined
}

const secrets = new Set([
  "authorization",
  "proxy-authorization",
  "x-api-key",
  "api-key",
  "x-goog-api-key",
  "cookie",
  "openai-organization",
  "openai-project"
])

/** Headers as the log may keep them. @internal */
export const withoutSecrets = (
  headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, isSecret(name) ? "present" : String(value)]]
    )
  )

/** Whoever made up the name of another header for a key most likely called it one of these. */
const isSecret = (name: string): boolean => secrets.has(name) || /token|secret|password|(api|access)[-_]?key/.test(name)
