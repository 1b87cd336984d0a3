/** What the standard's `fetch` does, `ResilientFetch` does too: each case is asked of both, over a socket, and compared. */
import { createHash } from "node:crypto"
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import { Readable } from "node:stream"
import * as Zlib from "node:zlib"
import { expect, it } from "@effect/vitest"
import * as ResilientFetch from "effect-resilience/http/ResilientFetch"
import { afterAll, beforeAll, describe } from "vitest"
import { formats } from "./bytes.js"

type Answer = (request: Http.IncomingMessage, response: Http.ServerResponse) => void
type Case = readonly [what: string, ask: () => readonly [RequestInfo | URL, Init?], answer?: Answer]
/** What Node's `fetch` takes besides, and the type of the standard does not have. */
type Init = Omit<RequestInit, "body"> & { readonly body?: unknown; readonly duplex?: "half" }

const asked = JSON.stringify({ model: "m", messages: [{ role: "user", content: "hé 🙂" }] })
const streamAsked = JSON.stringify({ model: "m", stream: true, messages: [] })
const json = JSON.stringify({
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", content: "héllo 🙂" }, finish_reason: "stop" }]
})
const events = formats["OpenAI's chat"]?.stream(["héllo", " 🙂"]) ?? ""

const withJson: Answer = (_, response) => response.writeHead(200, { "content-type": "application/json" }).end(json)
const withEvents =
  (text = events): Answer =>
  (_, response) =>
    response.writeHead(200, { "content-type": "text/event-stream" }).end(text)

let answer: Answer = withJson
let received: Array<{ readonly headers: string; readonly body: string }> = []
const server = Http.createServer(async (request, response) => {
  const chunks: Array<Buffer> = []
  try {
    for await (const chunk of request) chunks.push(chunk)
  } catch {
    return
  }
  const apart = (text: string) => text.replace(/-{4}formdata-undici-\d+/g, "boundary")
  received.push({ headers: apart(request.rawHeaders.join("|")), body: apart(Buffer.concat(chunks).toString()) })
  answer(request, response)
})
let url = ""
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`
})
const fetch = ResilientFetch.make({ retry: { maxAttempts: 2, initialDelay: 1 }, circuitBreaker: false })
afterAll(async () => {
  await fetch.dispose()
  server.close()
  server.closeAllConnections()
})

const causeOf = ({ cause }: { readonly cause?: { readonly code?: string; readonly message?: string } }) =>
  cause?.code ?? cause?.message

const seenBy = async (send: typeof globalThis.fetch, ask: Case[1]) => {
  received = []
  const answered = await Promise.resolve()
    .then(() => send(...(ask() as Parameters<typeof globalThis.fetch>)))
    .then(partsOf, (error) => ({ threw: String(error), because: causeOf(error ?? {}) }))
  return { answered, sent: received[0] }
}

const partsOf = async (response: Response) => {
  const { ok, redirected, status, statusText, type, url } = response
  const twin = response.clone()
  const head = {
    ...{ ok, redirected, status, statusText, type, url },
    headers: [...response.headers].filter(([name]) => name !== "date"),
    cookies: response.headers.getSetCookie(),
    bodiless: response.body === null
  }
  const text = await response.text()
  const again = await response.text().catch(String)
  const ofTwin = { ok: twin.ok, redirected: twin.redirected, status: twin.status, type: twin.type, url: twin.url }
  return { ...head, used: response.bodyUsed, text, again, twin: { ...ofTwin, text: await twin.text() } }
}

const post = (more: Init = {}): Init => ({
  method: "POST",
  headers: { "content-type": "application/json", "X-My-Header": "1" },
  body: asked,
  ...more
})
const form = (): FormData => {
  const form = new FormData()
  form.append("model", "m")
  form.append("file", new Blob(["abc"]), "a.txt")
  return form
}
const bytes = new TextEncoder().encode(`..${asked}`)
const request = (more: Init = {}): Request => new Request(url, post(more) as RequestInit)
const digest = (text: string): string => `sha256-${createHash("sha256").update(text).digest("base64")}`

const bodies: ReadonlyArray<Case> = [
  ["none", () => [url, { method: "POST" }]],
  ["null", () => [url, post({ body: null })]],
  ["an empty text", () => [url, post({ body: "" })]],
  ["a text without a type", () => [url, { method: "POST", body: "hi" }]],
  ["no JSON", () => [url, post({ body: "{" })]],
  ["a form", () => [url, { method: "POST", body: form() }]],
  ["parameters", () => [url, { method: "POST", body: new URLSearchParams({ model: "m", q: "ä" }) }]],
  ["a Blob with a type", () => [url, { method: "POST", body: new Blob([asked], { type: "application/x-mine" }) }]],
  ["a Blob beyond the bound", () => [url, { method: "POST", body: new Blob(["x".repeat(1_200_000)]) }]],
  ["a buffer", () => [url, post({ body: bytes.slice(2).buffer })]],
  ["a part of an array", () => [url, post({ body: bytes.subarray(2) })]],
  ["a view", () => [url, post({ body: new DataView(bytes.buffer, 2) })]],
  ["what is none", () => [url, post({ body: { a: 1 } })]]
]

const inputs: ReadonlyArray<Case> = [
  ["a text", () => [url, post()]],
  ["a URL", () => [new URL(url), post()]],
  ["what becomes a text", () => [{ toString: () => url } as URL, post()]],
  ["a Request", () => [request()]],
  ["a Request with a form", () => [new Request(url, { method: "POST", body: form() })]],
  ["a Request with another body", () => [request(), { body: streamAsked }]],
  ["a Request with other headers", () => [request(), { headers: { a: "b" } }]],
  ["a Request of another method", () => [request(), { method: "GET" }]],
  ["a query and a fragment", () => [`${url}?api-version=1#x`, post()]],
  ["credentials in the address", () => [url.replace("//", "//me:secret@"), post()]],
  ["no address", () => ["/v1/chat/completions", post()]],
  ["another scheme", () => ["ftp://127.0.0.1/v1/chat/completions", post()]],
  ["a port that is closed to fetch", () => ["http://127.0.0.1:25/v1/chat/completions", post()]],
  ["a port where nobody listens", () => ["http://127.0.0.1:1/v1/chat/completions", post()]]
]

const options: ReadonlyArray<Case> = [
  ["post in small letters", () => [url, post({ method: "post" })]],
  ["HEAD", () => [url, { method: "HEAD" }]],
  ["GET with a body", () => [url, post({ method: "GET" })]],
  [
    "headers as pairs, one repeated",
    () => [url, post({ headers: [...[["a", "1"]], ["a", "2"]] as Array<[string, string]> })]
  ],
  ["Headers", () => [url, post({ headers: new Headers({ A: "1" }) })]],
  ["a header that is none", () => [url, post({ headers: { "no header": "x" } })]],
  ["a header of two lines", () => [url, post({ headers: { a: "x\ny" } })]],
  ["keepalive", () => [url, post({ keepalive: true })]],
  ["a mode of the cache", () => [url, post({ cache: "no-store" })]],
  ["a mode that is none", () => [url, post({ mode: "navigate" })]],
  ["a mode of a Request", () => [request({ mode: "no-cors" })]],
  ["integrity", () => [url, post({ integrity: digest(json) })]],
  ["integrity of something else", () => [url, post({ integrity: digest("x") })]],
  ["integrity of a Request", () => [request({ integrity: digest("x") })]],
  ["a referrer", () => [url, post({ referrer: "about:client", referrerPolicy: "no-referrer" })]],
  ["no signal", () => [url, post({ signal: null })]]
]

const signals: ReadonlyArray<Case> = [
  ["without a reason", () => [url, post({ signal: AbortSignal.abort() })]],
  ["with a reason", () => [url, post({ signal: AbortSignal.abort(new Error("mine")) })]],
  ["with a reason that is no Error", () => [url, post({ signal: AbortSignal.abort("mine") })]],
  ["of a Request", () => [request({ signal: AbortSignal.abort(new Error("mine")) })]],
  [
    "with a body that never comes",
    () => [url, post({ signal: AbortSignal.abort(new Error("mine")), body: new ReadableStream({}), duplex: "half" })]
  ],
  ["of a stream", () => [url, post({ signal: AbortSignal.abort(new Error("mine")), body: streamAsked })]]
]

const redirected =
  (status: number): Answer =>
  (request, response) =>
    request.url === "/v1/chat/completions"
      ? response.writeHead(status, { location: "/v1/other" }).end("moved")
      : withJson(request, response)

const redirects: ReadonlyArray<Case> = [
  ...[301, 302, 303, 307, 308].map((status): Case => [`${status}`, () => [url, post()], redirected(status)]),
  ["that are not followed", () => [url, post({ redirect: "manual" })], redirected(307)],
  ["that a Request does not follow", () => [request({ redirect: "manual" })], redirected(302)],
  ["that are refused", () => [url, post({ redirect: "error" })], redirected(307)],
  ["to nowhere", () => [url, post()], (_, response) => response.writeHead(302).end("nowhere")],
  [
    "in a circle",
    () => [url, post()],
    (_, response) => response.writeHead(307, { location: "/v1/chat/completions" }).end()
  ]
]

const encoded =
  (name: string, encode: (data: Buffer) => Buffer, text = json, type = "application/json"): Answer =>
  (_, response) =>
    response.writeHead(200, { "content-type": type, "content-encoding": name }).end(encode(Buffer.from(text)))

const encodings: ReadonlyArray<Case> = [
  ...(
    [
      ["gzip", Zlib.gzipSync],
      ["x-gzip", Zlib.gzipSync],
      ["br", Zlib.brotliCompressSync],
      ["deflate", Zlib.deflateSync],
      ["deflate", Zlib.deflateRawSync],
      ["gzip, br", (data: Buffer) => Zlib.brotliCompressSync(Zlib.gzipSync(data))],
      ["none-such", (data: Buffer) => data]
    ] as const
  ).flatMap(
    ([name, encode]): ReadonlyArray<Case> => [
      [name, () => [url, post()], encoded(name, encode)],
      [
        `${name}, streamed`,
        () => [url, post({ body: streamAsked })],
        encoded(name, encode, events, "text/event-stream")
      ]
    ]
  ),
  [
    "gzip, flushed event by event",
    () => [url, post({ body: streamAsked })],
    (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" })
      const gzip = Zlib.createGzip()
      gzip.pipe(response)
      for (const event of events.split(/(?<=\n\n)/)) {
        gzip.write(event)
        gzip.flush()
      }
      gzip.end()
    }
  ]
]

const streamed = (what: string, text: string, type?: string): Case => [
  what,
  () => [url, post({ body: streamAsked })],
  (_, response) => response.writeHead(200, type === undefined ? {} : { "content-type": type }).end(text)
]

const sse = "text/event-stream"
const streams: ReadonlyArray<Case> = [
  streamed("with lines that end with CR", events.replaceAll("\n", "\r"), sse),
  streamed("with lines that end with CRLF", events.replaceAll("\n", "\r\n"), sse),
  streamed("with a byte order mark", `\uFEFF${events}`, sse),
  streamed(
    "with comments, retry, ids and empty events",
    `:hi\n\nretry: 9\n\nid: 5\ndata\n\ndata:\n\nevent: ping\n\n${events}`,
    sse
  ),
  streamed("without a last blank line", events.trimEnd(), sse),
  streamed("without spaces", events.replaceAll("data: ", "data:"), sse),
  streamed("of a type with a charset", events, "Text/Event-Stream;charset=UTF-8"),
  streamed("of no type", events),
  streamed("of a plain text's type", events, "text/plain"),
  streamed("of any bytes' type", events, "application/octet-stream"),
  streamed("of JSON's type", events, "application/json"),
  streamed("that is a plain answer", json, "application/json")
]

const statuses = [201, 202, 203, 204, 205, 206, 300, 304, 400, 401, 404, 409, 418, 422, 500, 505, 599, 600, 999]
const heads: ReadonlyArray<Case> = [
  ...statuses.flatMap((status) =>
    [asked, streamAsked].map(
      (body): Case => [
        `${status}${body === asked ? "" : ", streamed"}`,
        () => [url, post({ body })],
        (_, response) => {
          response.writeHead(status, "My Words", { "x-a": "1", "content-type": "application/json" })
          response.end([204, 205, 304].includes(status) ? "" : status < 300 ? json : `{"error":{"message":"no"}}`)
        }
      ]
    )
  ),
  ...[asked, streamAsked].map((body): Case => {
    const isPlain = body === asked
    const headers = {
      "Set-Cookie": ["a=1; Path=/", "b=2, c"],
      "X-CaSe": "V",
      "X-Many": ["1", "2"],
      "content-type": isPlain ? "application/json" : sse,
      trailer: "x-trailer"
    }
    return [
      `cookies and trailers${isPlain ? "" : ", streamed"}`,
      () => [url, post({ body })],
      (_, response) => {
        response.writeHead(200, headers).write(isPlain ? json : events)
        response.addTrailers({ "x-trailer": "1" })
        response.end()
      }
    ]
  }),
  [
    "an interim response",
    () => [url, post()],
    (request, response) => {
      response.writeEarlyHints({ link: "</a>; rel=preload" })
      withJson(request, response)
    }
  ],
  [
    "no body",
    () => [url, post()],
    (_, response) => response.writeHead(200, { "content-type": "application/json" }).end()
  ],
  ["what is no HTTP", () => [url, post()], (request) => request.socket.end("garbage\r\n\r\n")],
  ["a socket that is closed", () => [url, post()], (request) => request.socket.destroy()]
]

describe.each([
  ["a body", bodies],
  ["an input", inputs],
  ["an option", options],
  ["a signal that is aborted", signals],
  ["redirects", redirects],
  ["an encoding", encodings],
  ["a stream", streams],
  ["an answer", heads]
] as ReadonlyArray<readonly [string, ReadonlyArray<Case>]>)("X1: %s", (_, cases) => {
  for (const [what, ask, how = withJson] of cases) {
    it(`${what}: as without`, async () => {
      answer = how
      const without = await seenBy(globalThis.fetch, ask)
      expect(await seenBy(fetch, ask)).toEqual(without)
    })
  }
})

describe("X6: bodies that can be read once", () => {
  const once: ReadonlyArray<readonly [string, () => unknown]> = [
    ["a stream", () => new Blob([asked]).stream()],
    [
      "a stream of texts",
      () =>
        new ReadableStream({
          start: (controller) => {
            controller.enqueue(asked)
            controller.close()
          }
        })
    ],
    [
      "a generator",
      async function* () {
        yield new TextEncoder().encode(asked)
      }
    ],
    ["a stream of Node's", () => Readable.from([Buffer.from(asked)])]
  ]
  it.each(once)("%s is sent again, whole", async (_, body) => {
    let first = true
    answer = (request, response) => {
      if (!first) return withJson(request, response)
      first = false
      response.writeHead(500).end()
    }
    received = []
    const init = post({ body: body(), duplex: "half" }) as RequestInit
    expect((await fetch(url, init)).status).toBe(200)
    expect(received.map(({ body }) => body)).toEqual([asked, asked])
  })

  it.each(once)("%s follows a redirect", async (_, body) => {
    answer = redirected(307)
    const response = await fetch(url, post({ body: body(), duplex: "half" }) as RequestInit)
    expect([response.status, response.redirected]).toEqual([200, true])
    expect(received.at(-1)?.body).toBe(asked)
  })

  it("that fail are told as fetch tells them", async () => {
    const failing = () =>
      [
        url,
        post({
          body: new ReadableStream({ start: (controller) => controller.error(new Error("mine")) }),
          duplex: "half"
        })
      ] as const
    const { answered } = await seenBy(fetch, failing)
    expect(answered).toEqual((await seenBy(globalThis.fetch, failing)).answered)
  })

  it.each([
    ["a generator", true],
    ["a stream", false]
  ])("%s is let go of when the caller leaves", async (_, isGenerator) => {
    let left = false
    const leaves = new AbortController()
    const generator = async function* () {
      try {
        yield new TextEncoder().encode("{")
        await new Promise((resolve) => setTimeout(resolve, 20))
        yield new TextEncoder().encode("}")
      } finally {
        left = true
      }
    }
    const stream = new ReadableStream({
      cancel: () => {
        left = true
      }
    })
    const body = isGenerator ? generator() : stream
    const asking = fetch(url, post({ body, duplex: "half", signal: leaves.signal }) as RequestInit)
    await new Promise((resolve) => setTimeout(resolve, 5))
    leaves.abort(new Error("enough"))
    await expect(asking).rejects.toThrow("enough")
    await expect.poll(() => left).toBe(true)
  })
})

describe("a streamed body read into the reader's own buffer", () => {
  const read = async (body: ReadableStream<Uint8Array> | null, size: number): Promise<string> => {
    const reader = (body as ReadableStream<Uint8Array>).getReader({ mode: "byob" })
    const chunks: Array<Uint8Array> = []
    let buffer = new Uint8Array(size)
    for (;;) {
      const { done, value } = await reader.read(buffer)
      if (done) return Buffer.concat(chunks).toString()
      expect(value.length).toBeLessThanOrEqual(size)
      chunks.push(value.slice())
      buffer = new Uint8Array(value.buffer)
    }
  }

  it.each([1, 7, 65_536])("has the same bytes, %s at a time", async (size) => {
    answer = withEvents()
    expect(await read((await fetch(url, post({ body: streamAsked }) as RequestInit)).body, size)).toBe(events)
  })

  it("goes on where another reader has stopped", async () => {
    answer = withEvents()
    const body = (await fetch(url, post({ body: streamAsked }) as RequestInit)).body as ReadableStream<Uint8Array>
    const byob = body.getReader({ mode: "byob" })
    const { value } = await byob.read(new Uint8Array(5))
    byob.releaseLock()
    const rest = body.getReader()
    let text = new TextDecoder().decode(value)
    for (let next = await rest.read(); !next.done; next = await rest.read())
      text += new TextDecoder().decode(next.value)
    expect(text).toBe(events)
  })

  it("lets go of its socket when it is cancelled", async () => {
    let closed = false
    answer = (_, response) => {
      response.on("close", () => {
        closed = true
      })
      response.writeHead(200, { "content-type": sse }).write(events.slice(0, events.indexOf("[DONE]") - 200))
    }
    const body = (await fetch(url, post({ body: streamAsked }) as RequestInit)).body as ReadableStream<Uint8Array>
    const reader = body.getReader({ mode: "byob" })
    await reader.read(new Uint8Array(5))
    await reader.cancel()
    await expect.poll(() => closed).toBe(true)
  })

  it("fails as any other where it breaks off", async () => {
    answer = withEvents(events.slice(0, events.indexOf("🙂")))
    const { body } = await fetch(url, post({ body: streamAsked }) as RequestInit)
    await expect(read(body, 9)).rejects.toThrow("terminated")
  })
})
