/**
 * A recording that is being made.
 */
import * as NodeFs from "node:fs"
import * as NodePath from "node:path"
import * as Effect from "effect/Effect"
import { captured, type Draft } from "./capture.js"
import { SecretInRecording } from "./errors.js"
import { faces } from "./faces.js"
import { print } from "./format.js"
import type { Checked } from "./options.js"
import { Redactor } from "./redact.js"
import type { Service } from "./service.js"
import { thrownOf } from "./thrown.js"
import { exchangeOf, learn, suspectIn } from "./write.js"

/** @internal */
export const recorder = (settings: Checked, now: () => number): Service => {
  const drafts: Array<Draft> = []
  return {
    mode: "record",
    ...faces(async ({ send, sent, signal }) => {
      const draft: Draft = { sent, at: now(), pieces: [] }
      drafts.push(draft)
      try {
        return captured(await send(), draft, now, signal)
      } catch (error) {
        if (signal?.aborted) draft.left = { at: now() }
        else draft.failed = { at: now(), error: thrownOf(error) }
        throw error
      }
    }, settings.fetch),
    size: Effect.sync(() => drafts.length),
    unplayed: Effect.succeed(0),
    unrecorded: Effect.succeed([]),
    save: Effect.suspend(() => write(settings, drafts))
  }
}

const write = (settings: Checked, drafts: ReadonlyArray<Draft>): Effect.Effect<void, SecretInRecording> => {
  const { file } = settings
  const redactor = new Redactor(settings)
  learn(redactor, drafts)
  const exchanges = drafts.map((draft) => exchangeOf(redactor, draft))
  for (const [i, exchange] of exchanges.entries()) {
    const suspect = suspectIn(redactor, exchange)
    if (suspect !== undefined) return Effect.fail(new SecretInRecording({ file, exchange: i + 1, ...suspect }))
  }
  return Effect.sync(() => {
    NodeFs.mkdirSync(NodePath.dirname(file), { recursive: true })
    NodeFs.writeFileSync(file, print(exchanges))
  })
}
