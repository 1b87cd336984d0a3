import { expect, it } from "@effect/vitest"
import * as ResilientFetch from "effect-resilience/http/ResilientFetch"
import { afterAll, describe } from "vitest"
import { formats } from "./bytes.js"

const url = "https://api.openai.com/v1/chat/completions"
const words = Array.from({ length: 300 }, (_, i) => ` word ${i}`)
const text = formats["OpenAI's chat"]?.stream(words) ?? ""
const events = text.split(/(?<=\n\n)/)

/** What a source of one answer has been asked for. */
interface Source {
  pulls: number
  cancelled: boolean
  readonly response: () => Response
}

const sourceOf = (events: ReadonlyArray<string>): Source => {
  const encoder = new TextEncoder()
  const source = {
    pulls: 0,
    cancelled: false,
    response: () => {
      const body = new ReadableStream<Uint8Array>(
        {
          pull: (controller) => {
            const event = events[source.pulls++]
            if (event === undefined) controller.close()
            else controller.enqueue(encoder.encode(event))
          },
          cancel: () => {
            source.cancelled = true
          }
        },
        { highWaterMark: 0 }
      )
      return new Response(body, { headers: { "content-type": "text/event-stream" } })
    }
  }
  return source
}

let answer: () => Response
const one = ResilientFetch.make({ fetch: async () => answer() })
const several = ResilientFetch.make({
  fetch: async () => answer(),
  fallbacks: [{ name: "other", baseUrl: "https://other.example/v1" }]
})
const hedged = ResilientFetch.make({
  fetch: async () => answer(),
  fallbacks: [{ name: "other", baseUrl: "https://other.example/v1" }],
  across: { after: "1 minute" }
})
afterAll(() => Promise.all([one.dispose(), several.dispose(), hedged.dispose()]))

const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
}

describe.each([
  ["one target", one],
  ["a target with another behind it", several],
  ["a target with another beside it", hedged]
])("X2: a streamed body of %s", (_, fetch) => {
  const asked = async (source: Source, init: RequestInit = {}): Promise<Response> => {
    answer = source.response
    return fetch(url, { ...init, method: "POST", body: JSON.stringify({ model: "large", stream: true }) })
  }

  it("is asked for no faster than it is read", async () => {
    const source = sourceOf(events)
    const reader = ((await asked(source)).body as ReadableStream<Uint8Array>).getReader()
    await turns()
    const before = source.pulls
    // What is there within one turn of the event loop comes as one, until there is content.
    expect(before).toBeLessThan(70)
    for (let i = 0; i < before + 10; i++) await reader.read()
    await turns()
    expect(source.pulls).toBeLessThanOrEqual(before + 11)
    await reader.cancel()
    expect(source.cancelled).toBe(true)
  })

  it("answers reads that are begun beside each other in their order", async () => {
    const reader = ((await asked(sourceOf(events))).body as ReadableStream<Uint8Array>).getReader()
    const decoder = new TextDecoder()
    const read = await Promise.all(Array.from({ length: events.length + 3 }, () => reader.read()))
    expect(read.map(({ value }) => (value === undefined ? "" : decoder.decode(value))).join("")).toBe(text)
    expect(read.at(-1)?.done).toBe(true)
  })

  it("can be cloned", async () => {
    const response = await asked(sourceOf(events))
    const [a, b] = await Promise.all([response.clone().text(), response.text()])
    expect([a, b]).toEqual([text, text])
  })

  it("X5: ends with the reason of its signal, and its source is let go", async () => {
    const source = sourceOf(events)
    const leaves = new AbortController()
    const reader = ((await asked(source, { signal: leaves.signal })).body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    leaves.abort(new Error("enough"))
    await expect(reader.read()).rejects.toThrow("enough")
    await turns()
    expect(source.cancelled).toBe(true)
  })

  it("X3: that ends without its end is an error, with all that came before it", async () => {
    const reader = ((await asked(sourceOf(events.slice(0, 9)))).body as ReadableStream<Uint8Array>).getReader()
    let got = ""
    const drained = (async () => {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        got += new TextDecoder().decode(value)
      }
    })()
    await expect(drained).rejects.toThrow("terminated")
    expect(got).toBe(events.slice(0, 9).join(""))
  })
})

it.each([204, 205, 304])("a response of %s, which has no body, is itself", async (status) => {
  answer = () => new Response(null, { status, headers: { "x-mark": "1" } })
  const response = await one(url, { method: "POST", body: "{}" })
  expect([response.status, response.body, response.headers.get("x-mark")]).toEqual([status, null, "1"])
})
