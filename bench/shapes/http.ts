import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import * as ResilientFetch from "effect-resilience/http/ResilientFetch"
import { awaited } from "../loop.js"
import { measure } from "../measure.js"
import { gotChunks, gotText, undiciFetches, withFetchRetry, withKy } from "../peers/httpRetries.js"
import type { Shape } from "./shape.js"

type Fetch = typeof globalThis.fetch

const body = JSON.stringify({ model: "large", messages: [{ role: "user", content: "Why is the sky blue?" }] })
const streamBody = JSON.stringify({ ...JSON.parse(body), stream: true })
const headers = { "content-type": "application/json", authorization: "Bearer sk-test" }

const answer = JSON.stringify({
  id: "chatcmpl-1",
  object: "chat.completion",
  model: "large",
  choices: [{ index: 0, message: { role: "assistant", content: "It scatters." }, finish_reason: "stop" }],
  usage: { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 }
})

const elsewhere = "https://acme.example/v1/chat/completions"

const textOf = (fetch: Fetch, url: string) => async () => (await fetch(url, { method: "POST", headers, body })).text()

/** What stands between a client and its fetch, and nothing else. */
const calls: Shape = {
  title: "A call through fetch",
  about: "A POST whose answer is there at once, read to its end as text; nothing fails.",
  unit: "time",
  run: async (effort) => {
    const answers: Fetch = async () => new Response(answer, { headers: { "content-type": "application/json" } })
    const resilient = ResilientFetch.make({ fetch: answers })
    const untouched = "https://acme.example/files"
    const measured = await measure(
      [
        { name: "bare: a fetch that answers at once", batch: awaited(textOf(answers, elsewhere)) },
        { name: "fetch-retry", batch: awaited(textOf(withFetchRetry(answers), elsewhere)) },
        { name: "ky", batch: awaited(textOf(withKy(answers), elsewhere)) },
        { name: "ResilientFetch: the defaults", batch: awaited(textOf(resilient, elsewhere)) },
        { name: "ResilientFetch: no model API", batch: awaited(textOf(resilient, untouched)) }
      ],
      1_000,
      effort
    )
    await resilient.dispose()
    return measured
  }
}

/** The same over a socket, where those can show themselves that are a client of their own. */
const overSockets: Shape = {
  title: "A call over HTTP",
  about: "A POST to a server in the same process, whose own time is in all rows.",
  unit: "time",
  run: async (effort) => {
    const server = createServer((request, response) => {
      request.resume().on("end", () => response.setHeader("content-type", "application/json").end(answer))
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`
    const resilient = ResilientFetch.make()
    const undici = undiciFetches()
    const measured = await measure(
      [
        { name: "bare: fetch", batch: awaited(textOf(globalThis.fetch, url)) },
        { name: "fetch-retry", batch: awaited(textOf(withFetchRetry(globalThis.fetch), url)) },
        { name: "ky", batch: awaited(textOf(withKy(globalThis.fetch), url)) },
        { name: "got", batch: awaited(() => gotText(url, { body, headers })) },
        { name: "undici's fetch", batch: awaited(textOf(undici.bare, url)) },
        { name: "undici's fetch, RetryAgent", batch: awaited(textOf(undici.retrying, url)) },
        { name: "ResilientFetch: the defaults", batch: awaited(textOf(resilient, url)) }
      ],
      200,
      effort
    )
    await resilient.dispose()
    await undici.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    return measured
  }
}

const encoder = new TextEncoder()

const event = (delta: object, finish_reason: string | null): Uint8Array =>
  encoder.encode(
    `data: ${JSON.stringify({
      id: "chatcmpl-1",
      object: "chat.completion.chunk",
      created: 1,
      model: "large",
      choices: [{ index: 0, delta, finish_reason }]
    })}\n\n`
  )

const first = event({ role: "assistant", content: "" }, null)
const middle = event({ content: " scattered" }, null)
const last = event({}, "stop")
const done = encoder.encode("data: [DONE]\n\n")

/** So many events, each a chunk, given when they are asked for. */
const streaming = (events: number): Response => {
  let sent = 0
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        sent++
        controller.enqueue(sent === 1 ? first : sent < events ? middle : sent === events ? last : done)
        if (sent > events) controller.close()
      }
    },
    { highWaterMark: 0 }
  )
  return new Response(body, { headers: { "content-type": "text/event-stream" } })
}

const drained = async (fetch: Fetch, url = elsewhere): Promise<void> => {
  const response = await fetch(url, { method: "POST", headers, body: streamBody })
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  while (!(await reader.read()).done);
}

const chunks: Shape = {
  title: "A chunk of a stream through fetch",
  about: "A stream of a thousand events, each a chunk that is there when it is asked for; the time is per chunk.",
  unit: "time",
  run: async (effort) => {
    let events = 1
    const answers: Fetch = async () => streaming(events)
    const through = (fetch: Fetch) => (count: number) => {
      events = count
      return drained(fetch)
    }
    const resilient = ResilientFetch.make({ fetch: answers })
    const measured = await measure(
      [
        { name: "bare: a fetch that answers at once", batch: through(answers) },
        { name: "fetch-retry", batch: through(withFetchRetry(answers)) },
        { name: "ky", batch: through(withKy(answers)) },
        { name: "ResilientFetch: the defaults", batch: through(resilient) }
      ],
      1_000,
      effort
    )
    await resilient.dispose()
    return measured
  }
}

/** The same over a socket, each event written in a turn of the event loop of its own. */
const chunksOverSockets: Shape = {
  title: "A chunk of a stream over HTTP",
  about: "A stream of two hundred events from a server in the same process, whose own time is in all rows; per chunk.",
  unit: "time",
  run: async (effort) => {
    let events = 1
    const server = createServer((request, response) => {
      let sent = 0
      const write = (): void => {
        sent++
        response.write(sent === 1 ? first : sent < events ? middle : sent === events ? last : done)
        if (sent > events) response.end()
        else setImmediate(write)
      }
      request.resume().on("end", () => {
        response.setHeader("content-type", "text/event-stream")
        write()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`
    const through = (fetch: Fetch) => (count: number) => {
      events = count
      return drained(fetch, url)
    }
    const throughGot = async (count: number) => {
      events = count
      for await (const _ of gotChunks(url, { body: streamBody, headers }));
    }
    const resilient = ResilientFetch.make()
    const undici = undiciFetches()
    const measured = await measure(
      [
        { name: "bare: fetch", batch: through(globalThis.fetch) },
        { name: "fetch-retry", batch: through(withFetchRetry(globalThis.fetch)) },
        { name: "ky", batch: through(withKy(globalThis.fetch)) },
        { name: "got", batch: throughGot },
        { name: "undici's fetch", batch: through(undici.bare) },
        { name: "undici's fetch, RetryAgent", batch: through(undici.retrying) },
        { name: "ResilientFetch: the defaults", batch: through(resilient) }
      ],
      200,
      effort
    )
    await resilient.dispose()
    await undici.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    return measured
  }
}

export const http: ReadonlyArray<Shape> = [calls, overSockets, chunks, chunksOverSockets]
