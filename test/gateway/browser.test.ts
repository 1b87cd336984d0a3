/**
 * OpenAI's own client in a page of another origin, in a real browser.
 */
import { existsSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import * as GatewayConfig from "effect-resilience/gateway/GatewayConfig"
import { build } from "esbuild"
import puppeteer from "puppeteer-core"
import { configOf, start } from "./asking.js"

const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync)

/** Asks for a plain answer, a stream and a model that is not here, and tells what came of each. */
const page = `
  import OpenAI from "openai"
  const messages = [{ role: "user", content: "Hello" }]
  globalThis.ask = async (url) => {
    const client = new OpenAI({ baseURL: url + "/v1", apiKey: "key-of-the-page", dangerouslyAllowBrowser: true, maxRetries: 0 })
    const plain = async () => {
      const { data, response } = await client.chat.completions.create({ model: "main", messages }).withResponse()
      return [data.choices[0].message.content, response.headers.get("x-effect-resilience-target")]
    }
    const streamed = async () => {
      let text = ""
      for await (const { choices } of await client.chat.completions.create({ model: "main", messages, stream: true })) {
        text += choices[0]?.delta.content ?? ""
      }
      return text
    }
    const unknown = () => client.chat.completions.create({ model: "who", messages })
    const told = (call) => call().catch(({ constructor, requestID, status }) => [constructor.name, status ?? 0, requestID != null])
    return [await told(plain), await told(streamed), await told(unknown)]
  }
`

const site = Effect.acquireRelease(
  Effect.promise(async () => {
    const { outputFiles } = await build({
      stdin: { contents: page, resolveDir: import.meta.dirname },
      bundle: true,
      format: "iife",
      platform: "browser",
      keepNames: true,
      write: false
    })
    const code = outputFiles[0]?.text
    const server = createServer(({ url }, response) => {
      const isCode = url === "/page.js"
      response.setHeader("content-type", isCode ? "text/javascript" : "text/html")
      response.end(isCode ? code : '<!doctype html><title>page</title><script src="/page.js"></script>')
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
  }),
  ({ server }) => Effect.sync(() => server.close())
)

const browser = Effect.acquireRelease(
  Effect.promise(() => puppeteer.launch({ executablePath: chromium as string, args: ["--headless", "--no-sandbox"] })),
  (browser) => Effect.promise(() => browser.close())
)

interface Asking {
  ask(url: string): Promise<ReadonlyArray<unknown>>
}

describe.skipIf(chromium === undefined)("in Chromium", () => {
  it.scopedLive(
    "a page of an origin that is named asks as any client does, and one of another is let read nothing",
    () =>
      Effect.gen(function* () {
        const { origin } = yield* site
        const clients = [{ name: "page", key: "PAGE" }] as const
        const text = "Why, hello"
        const reply = { text, usage: { inputTokens: 1, outputTokens: 2 } }
        const { gateway, provider } = yield* start({ reply }, () => ({ clients, cors: { origins: [origin] } }))
        const opened = yield* Effect.flatMap(browser, (browser) => Effect.promise(() => browser.newPage()))
        yield* Effect.promise(() => opened.goto(origin))
        const told = Effect.promise(() =>
          opened.evaluate((url) => (globalThis as unknown as Asking).ask(url), gateway.url)
        )
        const [plain, streamed, unknown] = yield* told
        expect([plain, streamed, unknown]).toEqual([[text, "openai/main"], text, ["NotFoundError", 404, true]])
        const others = configOf(provider, { clients, cors: { origins: ["https://app.example"] } })
        yield* gateway.reload(yield* GatewayConfig.decode(others))
        const unread = ["APIConnectionError", 0, false]
        expect(yield* told).toEqual([unread, unread, unread])
      }).pipe(Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["PAGE", "key-of-the-page"]])))),
    60_000
  )
})
