import { describe, expect, it, vi } from "@effect/vitest"
import { Option } from "effect"
import { apis } from "../../src/http/internal/apis.js"
import { judge } from "../../src/http/internal/judge.js"
import { Seen } from "../../src/http/internal/seen.js"

const embeddings = apis.find(({ path }) => path.test("/v1/embeddings"))!
const chat = apis.find(({ path }) => path.test("/v1/chat/completions"))!

const judged = (body: string, api = embeddings): string | undefined => {
  const seen = new Seen("acme/small")
  seen.head = { url: "", status: 200, statusText: "", headers: new Headers({ "content-type": "application/json" }) }
  seen.chunks = [new TextEncoder().encode(body)]
  seen.whole = true
  return Option.getOrUndefined(judge({ api, known: undefined }, "acme/small", seen))?._tag
}

describe("a body that is no answer of a model", () => {
  const numbers = (count: number) => Array.from({ length: count }, (_, at) => at / 1000)
  const whole = (count: number) => JSON.stringify({ object: "list", data: [{ index: 0, embedding: numbers(count) }] })
  // A short one is read whole; of a long one only its two ends are looked at.
  for (const count of [3, 10_000]) {
    it(`is an answer where it is whole, of ${whole(count).length} bytes`, () => {
      expect(judged(whole(count))).toBeUndefined()
      expect(judged(`\n ${whole(count)}\r\n`)).toBeUndefined()
    })

    it(`is none where it was cut, of ${whole(count).length} bytes`, () => {
      for (const share of [0.3, 0.7, 0.99]) {
        expect(judged(whole(count).slice(0, whole(count).length * share))).toBe("MalformedResponse")
      }
    })
  }

  it("is none where there is nothing, or something else", () => {
    expect(judged("")).toBe("MalformedResponse")
    expect(judged('{"data":}')).toBe("MalformedResponse")
    expect(judged(JSON.stringify({ error: { message: "busy", type: "server_error" } }))).toBe("ServerError")
  })
})

describe("an answer of a model", () => {
  const answer = (finish_reason: string) =>
    JSON.stringify({
      object: "chat.completion",
      choices: [{ index: 0, message: { role: "assistant", content: "yes" }, finish_reason }]
    })

  it("is not looked through for failures where it is clean", () => {
    const looked: Array<unknown> = []
    const { get } = Reflect
    // The whole reading looks at everything in this way.
    const looks = vi.spyOn(Reflect, "get").mockImplementation((...args: Parameters<typeof get>) => {
      looked.push(args[1])
      return get(...args)
    })
    const clean = judged(answer("stop"), chat)
    const ofClean = [...looked]
    const filtered = judged(answer("content_filter"), chat)
    looks.mockRestore()
    expect({ clean, filtered }).toEqual({ clean: undefined, filtered: "ContentFiltered" })
    expect(ofClean).not.toContain("error")
    expect(looked).toContain("error")
  })
})
