/**
 * What a vendor's client makes of a response, without the client: the JSON of an answer, the events of a stream.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { fromFinishedResponse } from "../../classifier/FinishedResponse.js"
import { fromHttpResponse } from "../../classifier/HttpResponse.js"
import { fromStreamEvent } from "../../classifier/StreamEvent.js"
import { fromUnknown } from "../../classifier/Unknown.js"
import { isLlmError, type LlmError, MalformedResponse } from "../../LlmError.js"
import { eventStreamPayloads, eventStreamType } from "../misbehaving/eventStream.js"
import { type Broken, brokenOff, type Received } from "../misbehaving/memory.js"
import { readRequest, refusal } from "../misbehaving/reading.js"
import { isComplaint, type Wire } from "../misbehaving/Wire.js"
import { wireOf } from "../misbehaving/wires.js"
import type { Player } from "./player.js"

type Body = Readonly<Record<string, unknown>>

/** @internal */
export const answer = (player: Player, path: string, body: Body): Effect.Effect<unknown, LlmError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const received = yield* asked(player, path, { ...body, stream: false })
      const json = yield* parsed(yield* textOf(received))
      const failure = fromFinishedResponse({ body: json, status: received.status, headers: received.headers })
      return Option.isSome(failure) ? yield* failure.value : json
    })
  )

/** @internal */
export const chunks = (player: Player, path: string, body: Body): Stream.Stream<unknown, LlmError> =>
  Stream.unwrapScoped(
    Effect.map(asked(player, path, { ...body, stream: true }), (received) =>
      elements(received.body.pipe(Stream.mapError(broken)), wireOf(path)).pipe(
        Stream.mapEffect(({ data, event }) =>
          Option.match(fromStreamEvent({ data, event }), {
            onNone: () => Effect.succeed(data),
            onSome: Effect.fail
          })
        )
      )
    )
  )

interface Element {
  readonly data: unknown
  readonly event?: string | undefined
}

const elements = (
  body: Stream.Stream<Uint8Array, LlmError>,
  wire: Wire | undefined
): Stream.Stream<Element, LlmError> =>
  wire?.streamType === eventStreamType
    ? Stream.map(
        eventStreamPayloads(body, () => new MalformedResponse()),
        (data) => ({ data })
      )
    : body.pipe(
        Stream.decodeText(),
        events,
        Stream.takeWhile(({ data }) => data !== "[DONE]"),
        Stream.mapEffect(({ data, event }) => Effect.map(parsed(data), (data) => ({ data, event })))
      )

const asked = (player: Player, path: string, body: Body): Effect.Effect<Received, LlmError, Scope.Scope> =>
  Effect.gen(function* () {
    const wire = wireOf(path)
    const refused = (about: Parameters<typeof refusal>[2]) =>
      Effect.fail(
        fromHttpResponse(refusal({ wire, anthropic: false, requestId: "req_scripted" }, "invalidRequest", about))
      )
    if (wire === undefined) return yield* refused({ status: 404, message: `Invalid URL (POST ${path})` })
    const request = readRequest(wire, JSON.stringify(body), path)
    if (isComplaint(request)) return yield* refused(request)
    const received = yield* Effect.mapError(yield* player.play(request, wire), (failure) =>
      isLlmError(failure) ? failure : broken(failure)
    )
    if (received.status < 400) return received
    const { headers, status } = received
    // A body that breaks off leaves what the status and the headers say.
    const said = yield* Effect.orElseSucceed(textOf(received), () => "")
    return yield* fromHttpResponse({ status, headers, body: said })
  })

const textOf = ({ body }: Received): Effect.Effect<string, LlmError> =>
  body.pipe(Stream.mapError(broken), Stream.decodeText(), Stream.mkString)

const broken = (how: Broken): LlmError => fromUnknown(new TypeError("fetch failed", { cause: brokenOff(how) }))

const parsed = (text: string): Effect.Effect<unknown, LlmError> =>
  Effect.try({ try: (): unknown => JSON.parse(text), catch: () => new MalformedResponse() })

/** Server-sent events, and lines of JSON where they are none. What comes after the last end is none. */
const events = <E>(
  self: Stream.Stream<string, E>
): Stream.Stream<{ readonly data: string; readonly event: string | undefined }, E> =>
  self.pipe(
    Stream.mapAccum("", (before, text) => {
      const lines = (before + text).split("\n")
      return [lines.pop() ?? "", lines]
    }),
    Stream.mapConcat((lines) => lines),
    Stream.mapAccum(undefined as string | undefined, (event, line) => {
      if (line.startsWith("event: ")) return [line.slice(7), undefined]
      const data = line.startsWith("data: ") ? line.slice(6) : line.startsWith("{") ? line : undefined
      return [line === "" ? undefined : event, data === undefined ? undefined : { data, event }]
    }),
    Stream.filter((found) => found !== undefined)
  )
