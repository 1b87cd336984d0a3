/**
 * A recording that is played.
 */
import * as NodeFs from "node:fs"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Sent } from "./capture.js"
import { UnreadableRecording, UnrecordedRequest } from "./errors.js"
import { faces } from "./faces.js"
import { type Exchange, parse } from "./format.js"
import { differences, explain } from "./match.js"
import type { Checked } from "./options.js"
import { type Pace, play } from "./playback.js"
import { Redactor } from "./redact.js"
import type { Service } from "./service.js"
import { askedOf } from "./write.js"

/** @internal */
export const player = (settings: Checked, pace: Pace): Effect.Effect<Service, UnreadableRecording> => {
  const { file } = settings
  const unreadable = (reason: string): UnreadableRecording => new UnreadableRecording({ file, reason })
  const text = Effect.try({
    try: () => NodeFs.readFileSync(file, "utf8"),
    catch: (error) => unreadable((error as Error).message)
  })
  return text.pipe(
    Effect.flatMap((text) => Either.mapLeft(parse(text), unreadable)),
    Effect.map((exchanges) => playing(settings, exchanges, pace))
  )
}

const playing = (settings: Checked, exchanges: ReadonlyArray<Exchange>, pace: Pace): Service => {
  const { file, ignore } = settings
  const played = new Set<Exchange>()
  const unrecorded: Array<UnrecordedRequest> = []
  const find = (sent: Sent): Exchange => {
    const redactor = new Redactor(settings)
    redactor.learnFrom(sent.headers)
    const asked = askedOf(redactor, sent)
    const found = exchanges.find(
      (exchange) => !played.has(exchange) && differences(exchange.request, asked, ignore).length === 0
    )
    if (found !== undefined) return found
    const unknown = new UnrecordedRequest({ file, message: explain(file, asked, exchanges, played, ignore) })
    unrecorded.push(unknown)
    throw unknown
  }
  return {
    mode: "replay",
    ...faces(async ({ sent, signal }) => {
      const found = find(sent)
      played.add(found)
      return play(found, pace, signal)
    }, settings.fetch),
    size: Effect.succeed(exchanges.length),
    unplayed: Effect.sync(() => exchanges.length - played.size),
    unrecorded: Effect.sync(() => unrecorded.slice()),
    save: Effect.void
  }
}
