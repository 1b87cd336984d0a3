import { createHash } from "node:crypto"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { expect, it } from "@effect/vitest"
import { Chunk, Effect, FastCheck, Layer, Stream } from "effect"
import * as ResilientFetch from "effect-resilience/http/ResilientFetch"
import * as ResilientHttpClient from "effect-resilience/http/ResilientHttpClient"
import { afterAll, describe } from "vitest"
import { apis } from "../../src/http/internal/apis.js"
import { Decoder } from "../../src/http/internal/decoder.js"
import { elementReader, framingOf } from "../../src/http/internal/elements.js"
import * as StreamDialect from "../../src/StreamDialect.js"
import { cut, embeddings, formats } from "./bytes.js"

const encoder = new TextEncoder()

/** The words that come back are those that were given to it last. */
let chunks: ReadonlyArray<Uint8Array> = []
let contentType = ""
const answering = async (): Promise<Response> => {
  let next = 0
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const chunk = chunks[next++]
      if (chunk === undefined) controller.close()
      else controller.enqueue(chunk)
    }
  })
  return new Response(body, { headers: { "content-type": contentType } })
}
const resilient = ResilientFetch.make({ fetch: answering })
afterAll(() => resilient.dispose())

const streamed = { model: "large", stream: true }

const through = async (url: string, asked: object = streamed): Promise<ReadonlyArray<Uint8Array>> => {
  const body = JSON.stringify(asked)
  const response = await resilient(url, { method: "POST", body })
  const received: Array<Uint8Array> = []
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) received.push(chunk)
  return received
}

const transform = ResilientHttpClient.transform()

const throughClient = (url: string, asked: object = streamed): Promise<ReadonlyArray<Uint8Array>> =>
  Effect.flatMap(HttpClient.HttpClient, (client) =>
    Effect.flatMap(
      transform(client).execute(HttpClientRequest.post(url).pipe(HttpClientRequest.bodyUnsafeJson(asked))),
      (response) => Effect.map(Stream.runCollect(response.stream), Chunk.toReadonlyArray)
    )
  ).pipe(
    Effect.provide(Layer.provide(FetchHttpClient.layer, Layer.succeed(FetchHttpClient.Fetch, answering))),
    Effect.runPromise
  )

const hashOf = (all: ReadonlyArray<Uint8Array>): string =>
  all.reduce((hash, chunk) => hash.update(chunk), createHash("sha256")).digest("hex")

const word = FastCheck.oneof(
  FastCheck.constantFrom(" scattered", "sky", '"quoted"', "\\", "\n", "é", "🙂", "data: {", "[DONE]", '"error"'),
  FastCheck.string({ minLength: 1 })
)
const words = FastCheck.array(word, { minLength: 1, maxLength: 12 })
const cuts = FastCheck.array(FastCheck.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { maxLength: 12 })

describe.each(Object.entries(formats))("X2: %s", (_, format) => {
  it("is the same bytes in the same chunks, whatever is said and wherever it is cut", async () => {
    await FastCheck.assert(
      FastCheck.asyncProperty(words, cuts, async (words, cuts) => {
        chunks = cut(encoder.encode(format.stream(words)), cuts)
        contentType = format.contentType
        const received = await through(format.url)
        // Neither split nor joined, but for what was held back before the first content.
        expect(hashOf(received)).toBe(hashOf(chunks))
        expect(received.map((chunk) => chunk.length)).toEqual(chunks.map((chunk) => chunk.length))
      }),
      { numRuns: 40 }
    )
  })

  it("is the same bytes through an HttpClient", async () => {
    await FastCheck.assert(
      FastCheck.asyncProperty(words, cuts, async (words, cuts) => {
        chunks = cut(encoder.encode(format.stream(words)), cuts)
        contentType = format.contentType
        expect(hashOf(await throughClient(format.url))).toBe(hashOf(chunks))
      }),
      { numRuns: 20 }
    )
  })

  it("that is longer than what may be held back before the first content ends well", async () => {
    contentType = format.contentType
    chunks = cut(
      encoder.encode(format.stream(Array.from({ length: 40 }, (_, i) => "x".repeat(i % 2 === 0 ? 9_000 : 9_001)))),
      Array.from({ length: 30 }, (_, i) => i / 30)
    )
    expect(hashOf(await through(format.url))).toBe(hashOf(chunks))
  })

  it("says the same whether its events are known by the one before or parsed", () => {
    const api = apis.find(({ path }) => path.test(new URL(format.url).pathname))
    const dialect = api?.stream as StreamDialect.StreamDialect<unknown>
    const framing = framingOf(format.contentType)
    if (framing !== "sse") return
    FastCheck.assert(
      FastCheck.property(words, cuts, (words, cuts) => {
        const bytes = encoder.encode(format.stream(words))
        const reader = elementReader(framing, dialect)
        const known = [...cut(bytes, cuts).map((chunk) => reader.feed(chunk)), reader.end()]
        const decoder = new Decoder({ maxEventSize: 1_000_000 })
        const parsed = [...decoder.feed(bytes), ...decoder.end()].map(StreamDialect.sse(dialect).read)
        const textOf = (readings: ReadonlyArray<StreamDialect.Reading>) =>
          readings.map(({ text }) => text ?? "").join("")
        const said = (readings: ReadonlyArray<StreamDialect.Reading>) => ({
          text: textOf(readings),
          content: readings.some(({ kind }) => kind === "content"),
          malformed: readings.some(({ kind }) => kind === "malformed"),
          ends: readings.some(({ end }) => end === true),
          error: readings.find(({ error }) => error !== undefined)?.error?._tag,
          output: readings
            .map(({ usage }) => usage?.outputTokens)
            .filter((tokens) => tokens !== undefined)
            .at(-1)
        })
        expect(said(known)).toEqual(said(parsed))
      }),
      { numRuns: 300 }
    )
  })
})

const vector = FastCheck.array(FastCheck.double({ noNaN: true, noDefaultInfinity: true }), {
  minLength: 1,
  maxLength: 400
})

describe.each(Object.entries(embeddings))("X2: embeddings, %s", (_, { contentType: type, plain, url }) => {
  it("are the same bytes through either, whatever is in them and wherever they are cut", async () => {
    contentType = type
    await FastCheck.assert(
      FastCheck.asyncProperty(vector, FastCheck.constantFrom(0, 2), cuts, async (vector, indent, cuts) => {
        const asked = { model: "embed", input: "hello" }
        const body = encoder.encode(JSON.stringify(plain(vector), undefined, indent))
        chunks = cut(body, cuts)
        const whole = hashOf([body])
        expect(hashOf(await through(url, asked))).toBe(whole)
        expect(hashOf(await throughClient(url, asked))).toBe(whole)
      }),
      { numRuns: 20 }
    )
  })
})
