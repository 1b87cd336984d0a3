/** What every client of the table does, in its own words. */
import type { HttpClient } from "@effect/platform"
import type { StreamDialect } from "effect-resilience"
import type * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"

export type Fetch = typeof globalThis.fetch

/** What a client is put over. */
export interface Seam {
  readonly fetch: Fetch
  /** For the clients of `@effect/ai`, which take an `HttpClient`. */
  readonly transform: (client: HttpClient.HttpClient) => HttpClient.HttpClient
}

/** Each is one call. A client that cannot do something leaves it out. */
export interface Client {
  readonly plain: (signal?: AbortSignal) => Promise<string | null | undefined>
  /** The client's own stream, as it hands it out. */
  readonly stream: (signal?: AbortSignal) => AsyncIterable<unknown> | Promise<AsyncIterable<unknown>>
  /** The same, where the model calls a tool. */
  readonly toolStream?: (signal?: AbortSignal) => AsyncIterable<unknown> | Promise<AsyncIterable<unknown>>
  /** The name of the tool that was called. */
  readonly tool?: () => Promise<string | undefined>
  readonly structured?: () => Promise<unknown>
  /** How many numbers the vector has. */
  readonly embedding?: () => Promise<number | undefined>
}

export interface Entry {
  readonly name: string
  /** A client that repeats nothing itself. */
  readonly make: (provider: MisbehavingProvider.Service, seam: Seam) => Client
  /** What the elements of `stream` are read as. */
  readonly dialect: StreamDialect.StreamDialect<unknown>
  /** The class of what the application sees of a 500, in which the status is found at `status`. */
  readonly error: {
    readonly is: abstract new (...args: never) => unknown
    readonly status: string | undefined
  }
  /** The client opens its connection by other means than `fetch`. */
  readonly ownTransport?: true
}

export const model = "gpt-5"
export const prompt = "Which model are you?"
export const messages = [{ role: "user" as const, content: prompt }]
export const sentence = `This is the embedded provider, playing the model "${model}". No real model was asked.`

/** What structured output and the tool's arguments have to look like. */
export const city = {
  type: "object" as const,
  properties: { city: { type: "string" as const } },
  required: ["city"],
  additionalProperties: false
}

/** A tool as OpenAI's chat and those that speak like it have it. */
export const weather = { type: "function" as const, function: { name: "weather", description: "", parameters: city } }

export const parsed = (text: string | null | undefined): unknown => JSON.parse(text ?? "")
