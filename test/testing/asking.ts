/** A client that hides nothing: what came over the socket, how the response ended, and with which error. */
import * as Http from "node:http"
import { Effect, Either } from "effect"
import type * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"

export interface Seen {
  readonly status: number | undefined
  readonly headers: Http.IncomingHttpHeaders
  readonly chunks: ReadonlyArray<Buffer>
  readonly body: string
  /** `end` for a proper end, otherwise the code of the error. */
  readonly ended: string
}

export const request = (
  url: string,
  options: Http.RequestOptions & { readonly body?: string | Buffer } = {}
): Effect.Effect<Seen> =>
  Effect.async((resume) => {
    const chunks: Array<Buffer> = []
    let response: Http.IncomingMessage | undefined
    const done = (ended: string) =>
      resume(
        Effect.succeed({
          status: response?.statusCode,
          headers: response?.headers ?? {},
          chunks,
          body: Buffer.concat(chunks).toString("utf8"),
          ended
        })
      )
    const sent = Http.request(url, { method: "POST", agent: false, ...options }, (incoming) => {
      response = incoming
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk))
      incoming.on("end", () => done("end"))
      incoming.on("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
    })
    sent.on("error", (error: NodeJS.ErrnoException) => done(`${error.code}: ${error.message}`))
    sent.end(options.body)
    return Effect.sync(() => sent.destroy())
  })

const messages = [{ role: "user", content: "hello" }]

/** A small call in each dialect. */
export const dialects = {
  "openai-chat": { path: "/v1/chat/completions", body: { messages } },
  "openai-responses": { path: "/v1/responses", body: { input: "hello" } },
  anthropic: { path: "/v1/messages", body: { messages, max_tokens: 100 } }
} as const

export const call = (
  provider: MisbehavingProvider.Service,
  options: {
    readonly dialect?: keyof typeof dialects
    readonly model?: string
    readonly stream?: boolean
    readonly headers?: Http.OutgoingHttpHeaders
    readonly agent?: Http.Agent
  } = {}
): Effect.Effect<Seen> => {
  const { body, path } = dialects[options.dialect ?? "openai-chat"]
  return request(`${provider.url}${path}`, {
    headers: { "content-type": "application/json", ...options.headers },
    ...(options.agent !== undefined && { agent: options.agent }),
    body: JSON.stringify({ model: options.model ?? "gpt-5", stream: options.stream ?? false, ...body })
  })
}

/** The data of each server-sent event, parsed where it is JSON. */
export const events = (seen: Seen): ReadonlyArray<unknown> =>
  seen.body
    .split("\n\n")
    .flatMap((event) => event.split("\n").filter((line) => line.startsWith("data: ")))
    .map((line) => line.slice("data: ".length))
    .map((data) =>
      Either.getOrElse(
        Either.try((): unknown => JSON.parse(data)),
        () => data
      )
    )

interface Delta {
  readonly choices?: ReadonlyArray<{ readonly delta: { readonly content?: string } }>
  readonly delta?: string | { readonly text?: string }
}

/** The pieces of text that reached the reader of a stream. */
export const texts = (seen: Seen): ReadonlyArray<string> =>
  (events(seen) as ReadonlyArray<Delta>)
    .map(({ choices, delta }) => (typeof delta === "string" ? delta : (delta?.text ?? choices?.[0]?.delta?.content)))
    .filter((text) => text !== undefined && text !== "") as ReadonlyArray<string>
