/** What "Your client" shows is run, block by block and unchanged, against a provider that misbehaves. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Exit, ManagedRuntime, Scope, Stream } from "effect"
import { LlmError, Resilience } from "effect-resilience"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { afterAll, beforeAll, vi } from "vitest"
import type { Entry } from "../http/clients/Client.js"
import { entries } from "../http/clients/index.js"
import { always, at, faults, once, thrownBy } from "../http/clients/matrix.js"

const { Step } = MisbehavingProvider

const page = readFileSync(new URL("../../docs/your-client.md", import.meta.url), "utf8")
const folder = fileURLToPath(new URL("./.blocks/", import.meta.url))

/** What a block exports: an effect or a promise, a stream or an async iterable. */
type Shown = Partial<Record<"ask" | "words" | "vector", (text: string) => unknown>>

interface Block {
  readonly client: string
  readonly code: string
  readonly title: string
}

/** The blocks under each client's heading; the first, above all of them, only provides the policies. */
const blocks: ReadonlyArray<Block> = page
  .split(/^## /m)
  .slice(1)
  .flatMap((section) => {
    const client = section.slice(0, section.indexOf("\n"))
    return [...section.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = ""], index) => ({
      client,
      code,
      title: `${client}, block ${index + 1}`
    }))
  })

const entryOf: Readonly<Record<string, string>> = {
  openai: "openai, responses",
  "@anthropic-ai/sdk": "anthropic",
  "ai (Vercel)": "Vercel AI SDK",
  Bedrock: "@aws-sdk/client-bedrock-runtime"
}

const named = (client: string): Entry | undefined => entries.find(({ name }) => name === (entryOf[client] ?? client))

const text = "one two three"

/** A stall takes as long as its limit; the tables of clients have it. */
const helped = Object.entries(faults).filter(([, fault]) => fault._tag !== "Stall")

/** What LangChain makes of an error in a 200 is a bug of its own, as the page says. */
const unhelped = "LangChain, block 2"

let provider: MisbehavingProvider.Service
const scope = Effect.runSync(Scope.make())

/** Calls on Effect share their policies, as those of an application do. */
const runtime = ManagedRuntime.make(Resilience.layer())

beforeAll(async () => {
  mkdirSync(folder, { recursive: true })
  provider = await Effect.runPromise(Scope.extend(MisbehavingProvider.make({ reply: { text } }), scope))
  // Policies are made once in an application, and here once for each block, which is told of.
  vi.spyOn(console, "log").mockImplementation(() => {})
  const { fetch } = globalThis
  /** Whatever host a block names, the provider is asked. */
  const redirected: typeof fetch = (input, init) => {
    const to = (url: string) => url.replace(/^https?:\/\/[^/]+/, provider.url)
    return input instanceof Request ? fetch(new Request(to(input.url), input), init) : fetch(to(String(input)), init)
  }
  vi.stubGlobal("fetch", redirected)
  // Waits before retries are a second or so; limits are longer, and stay.
  const after = globalThis.setTimeout
  const sooner = (run: () => void, millis = 0, ...rest: []) => after(run, millis > 5_000 ? millis : 1, ...rest)
  vi.stubGlobal("setTimeout", sooner)
  for (const name of ["OPENAI", "ANTHROPIC", "GEMINI", "MISTRAL", "COHERE"]) vi.stubEnv(`${name}_API_KEY`, "sk-test")
  vi.stubEnv("AWS_REGION", "us-east-1")
  vi.stubEnv("AWS_ACCESS_KEY_ID", "a")
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "key")
  vi.stubEnv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", provider.url)
})
afterAll(async () => {
  await runtime.dispose()
  await Effect.runPromise(Scope.close(scope, Exit.void))
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true, force: true })
  vi.unstubAllGlobals()
  vi.unstubAllEnvs()
})

/** A block as a module of its own. */
const moduleOf = (block: Block, copy: number): Promise<Shown> => {
  const file = `${folder}${blocks.indexOf(block)}.${copy}.ts`
  writeFileSync(file, block.code)
  return import(/* @vite-ignore */ file)
}

/** What a block gives, whichever way: of streams all that came, joined. */
const given = async (value: unknown): Promise<unknown> => {
  if (value instanceof Promise) return value
  const effect = isStream(value) ? Effect.map(Stream.runCollect(value), joined) : value
  if (Effect.isEffect(effect)) {
    const result = await runtime.runPromise(Effect.either(effect as Effect.Effect<unknown, unknown, never>))
    return Either.getOrThrowWith(result, (error) => error)
  }
  const pieces: Array<unknown> = []
  for await (const piece of value as AsyncIterable<unknown>) pieces.push(piece)
  return joined(pieces)
}

const isStream = (value: unknown): value is Stream.Stream<unknown, unknown> =>
  typeof value === "object" && value !== null && Stream.StreamTypeId in value

const joined = (pieces: Iterable<unknown>): string => Array.from(pieces).join("")

/** What a call does under a script, and how many requests it takes for that. */
const asked = async (script: MisbehavingProvider.Script.Script, call: () => Promise<unknown>) => {
  await Effect.runPromise(Effect.andThen(provider.reset, provider.script(script)))
  const value = await call()
  return { value, requests: (await Effect.runPromise(provider.awaitSettled)).length }
}

describe("docs/your-client.md", () => {
  it("has a block of both kinds for each client of the table, and its own errors", () => {
    for (const entry of entries) {
      const client = Object.keys(entryOf).find((client) => entryOf[client] === entry.name) ?? entry.name
      if (client === "openai, chat") continue
      expect(blocks.filter((block) => block.client === client).length, client).toBeGreaterThan(
        entry.ownTransport === true ? 0 : 1
      )
      const row = page
        .split("\n")
        .find(
          (line) =>
            line.startsWith("| [") &&
            line.includes(`[${client.replace(" (Vercel)", "")}]`.replace(/^\[([a-z@].*)\]$/, "[`$1`]"))
        )
      expect(row, client).toBeDefined()
      if (entry.ownTransport === true) continue
      expect(row, client).toContain(entry.error.is.name)
      expect(row, client).toContain(`\`${entry.error.status}\``)
    }
  })

  it.each(blocks.map((block) => [block.title, block] as const))(
    "%s gives its answer behind every fault, and fails with what the page says",
    async (_, block) => {
      let copies = 0
      const fresh = async () => moduleOf(block, copies++)
      const names = Object.keys(await fresh()) as ReadonlyArray<keyof Shown>
      expect(names).not.toEqual([])
      for (const name of names) {
        let show = (await fresh())[name] as (text: string) => unknown
        for (const [index, [what, fault]] of helped.entries()) {
          // A circuit opens after five failures.
          if (index === 3) show = (await fresh())[name] as (text: string) => unknown
          if (block.title === unhelped && fault._tag === "ErrorInStream") continue
          const about = `${name}, ${what}`
          const answer = await asked(once(fault), () => given(show("hello")))
          if (name === "vector") expect(answer.value, about).toHaveLength(8)
          else expect(answer.value, about).toBe(text)
          expect(answer.requests, about).toBe(2)
        }

        const { requests, value: error } = await asked(always(Step.invalidKey()), () =>
          thrownBy(() => given(show("hello")))
        )
        expect(requests, name).toBe(1)
        const entry = named(block.client)
        if (!/Resilient(?:Fetch|HttpClient)/.test(block.code)) {
          expect(error, name).toBeInstanceOf(LlmError.AuthenticationFailed)
        } else if (entry === undefined) {
          expect(error, name).toBeDefined()
        } else {
          expect(error, name).toBeInstanceOf(entry.error.is)
          // Google says 400.
          expect([400, 401], name).toContain(at(error, entry.error.status ?? ""))
        }
      }
    }
  )
})
