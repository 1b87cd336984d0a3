import { inspect } from "node:util"
import { describe, expect, it } from "@effect/vitest"
import { Duration, FastCheck as fc, Option, Redacted } from "effect"
import { Classifier, LlmError } from "effect-resilience"
import { cases } from "./cases/index.js"

const read = Classifier.fromHttpResponse
const all = Object.entries(cases).flatMap(([provider, of]) => of.map((one) => ({ provider, ...one })))
const aCase = fc.constantFrom(...all)
const spent = { error: { type: "insufficient_quota", message: "Spent", code: null } }

/** Tried a few times, since the machine may be busy with something else. What backtracks badly takes minutes. */
const isQuick = (run: () => void): boolean =>
  [1, 2, 3].some(() => {
    const begun = performance.now()
    run()
    return performance.now() - begun < 500
  })

describe("fromHttpResponse", () => {
  it.each([400, 413, 422, 429, 500, 200])("C5: a context-length failure stays one as %s", (status) => {
    const message = "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens."
    for (const body of [{ error: { message } }, `data: ${JSON.stringify({ error: { message, code: status } })}\n\n`]) {
      expect(read({ status, body })._tag).toBe("ContextLengthExceeded")
    }
  })

  it("C7: a 200 that holds no answer is a failure", () => {
    const tags = [
      read({ status: 200, body: { error: { message: "Provider returned error", code: 502 } } })._tag,
      read({ status: 200, body: { error: { type: "insufficient_quota", message: "Spent" } } })._tag,
      read({ status: 200, body: "" })._tag,
      read({ status: 200, body: "\n\n\n\n", provider: "deepseek" })._tag,
      read({ status: 200, body: { usageMetadata: {} }, provider: "gemini" })._tag
    ]
    expect(tags).toEqual([
      "ServerError",
      "QuotaExhausted",
      "MalformedResponse",
      "MalformedResponse",
      "MalformedResponse"
    ])
  })

  it("S12: the hint and the id of a streaming 429 survive", () => {
    const error = read({
      status: 429,
      headers: { "content-type": "text/event-stream", "retry-after": "7", "request-id": "req_9" },
      body: 'event: error\ndata: {"type":"error","error":{"type":"rate_limit_error","message":"Slow"}}\n\n'
    })
    expect(error).toMatchObject({ _tag: "RateLimited", requestId: "req_9", retryAfter: Duration.seconds(7) })
  })

  it("digits inside a message are never a status", () => {
    fc.assert(
      fc.property(fc.integer({ min: 400, max: 599 }), fc.constantFrom(400, 401, 404, 500), (digits, status) => {
        const plain = read({ status, body: { error: { message: "The value is odd" } } })
        const echoed = read({
          status,
          body: { error: { message: `The value ${digits} is odd (${digits}: ${digits})` } }
        })
        expect(echoed._tag).toBe(plain._tag)
      })
    )
  })

  it("what the request says is not what the failure says", () => {
    const input = "You exceeded your current quota: insufficient_quota, context length exceeded, rate limit"
    const body = {
      detail: [{ type: "missing", loc: ["body"], msg: "Field required", input: { code: "insufficient_quota", input } }]
    }
    expect(read({ status: 422, body })._tag).toBe("InvalidRequest")
    expect(
      read({ status: 400, body: { error: { message: "Odd", messages: [{ content: input }], prompt: input } } })._tag
    ).toBe("InvalidRequest")
  })

  it("C12: `x-should-retry` goes before the table", () => {
    const no = read({ status: 500, headers: { "x-should-retry": "false" } })
    const yes = read({ status: 400, headers: { "X-Should-Retry": "true" } })
    expect(LlmError.traits(no)).toMatchObject({ retryable: false, countsAgainstHealth: true })
    expect(LlmError.traits(yes).retryable).toBe(true)
    expect(LlmError.traits(read({ status: 429, headers: { "x-should-retry": "true" }, body: spent })).retryable).toBe(
      false
    )
  })

  it("C14: nothing the provider said or the request held is printed", () => {
    const secret = "sk-live-51H8xyzABCDEFGHIJKLMNOPQ"
    const prompt = "my dearest aunt"
    const body = {
      error: {
        message: `Incorrect API key ${secret} for <b>${prompt}</b>`,
        type: secret,
        code: secret,
        param: prompt,
        reason: `${prompt} ${secret}`
      },
      request_id: secret
    }
    const error = read({ status: 401, headers: { authorization: `Bearer ${secret}`, "x-request-id": secret }, body })
    const printed = [
      String(error),
      error.message,
      JSON.stringify(error),
      inspect(error, { depth: 9 }),
      LlmError.userMessage(error)
    ]
    for (const text of printed) {
      expect(text).not.toContain(secret)
      expect(text).not.toContain("aunt")
      expect(text).not.toContain("<b>")
    }
    expect(error._tag).toBe("AuthenticationFailed")
    expect(Redacted.value(error.providerMessage!)).toContain(prompt)
  })

  it("C14: a key shaped like an identifier, echoed as a code or a type, is not printed", () => {
    for (const key of [
      "my_key_a8f3kd93kd02kd",
      "aB3dE5fG7hJ9kL1mN3pQ",
      "acme_live_9f8e7d6c",
      "prod-key-92ab31",
      "eXaMpLeKeY",
      "deadbeefcafe",
      "Zm9vYmFy",
      "f47ac10b-58cc-4372-a567-0e02b2c3d479"
    ]) {
      for (const error of [{ code: key }, { type: key }, { error_code: key, status: key }]) {
        const failure = read({ status: 401, body: { error: { message: "no", ...error } } })
        expect(`${failure.message} ${inspect(failure)} ${JSON.stringify(failure)}`).not.toContain(key)
      }
      const ended = { choices: [{ message: { content: "" }, finish_reason: `content_filter:${key}` }] }
      const refused = Option.getOrThrow(Classifier.fromFinishedResponse({ body: ended }))
      expect(`${refused.message} ${inspect(refused)}`).not.toContain(key)
    }
  })

  it("prints every code of the tables, and such as are shaped alike", () => {
    const own = ["E4001", "RPMExceeded", "limit.burst_rate", "NotEnoughCredits", "http2_reset", "LIMIT_OF_SECOND_TIER"]
    for (const code of own) {
      expect(read({ status: 418, body: { error: { message: "no", code } } }).code).toBe(code)
    }
  })

  it("C14: no case's own words stand in its message", () => {
    for (const { body, headers, provider, status } of all) {
      const error = read({ status, headers, body, provider })
      const words = error.providerMessage === undefined ? "" : Redacted.value(error.providerMessage)
      if (words.length > 30) expect(error.message).not.toContain(words.slice(0, 30))
      expect(error.message).not.toMatch(/[<>{}]/)
    }
  })

  it("says who failed, how, with what status and code, and what comes next", () => {
    const error = read({
      status: 429,
      headers: { "retry-after": "20", "x-request-id": "req_7" },
      body: { error: { message: "Rate limit reached", type: "requests", code: "rate_limit_exceeded" } },
      target: "openai/gpt-5",
      model: "gpt-5"
    })
    expect(error.message).toBe(
      "openai/gpt-5 asks for fewer requests (HTTP 429, rate_limit_exceeded); it asks to wait 20s"
    )
    expect(error).toMatchObject({ status: 429, code: "rate_limit_exceeded", requestId: "req_7", model: "gpt-5" })
    expect(read({ status: 401 }).message).toBe(
      "The provider does not accept the credentials (HTTP 401); trying again will not help"
    )
    expect(read({ status: 503 }).message).toContain("trying again can help")
  })

  it.each([
    ["x-request-id", "req_1"],
    ["request-id", "req_011CAAA"],
    ["x-amzn-requestid", "ca47a5ce-e260-4824-aa0e-2e62669d5d6e"],
    ["apim-request-id", "0000-1111"],
    ["cf-ray", "9a1b2c3d4e5f6789-FRA"]
  ])("finds the request's id in %s", (name, id) => {
    expect(read({ status: 500, headers: { [name.toUpperCase()]: id } }).requestId).toBe(id)
  })

  it("finds the request's id in the body, and takes none that is null", () => {
    expect(
      read({ status: 500, body: { type: "error", error: { type: "api_error" }, request_id: "req_2" } }).requestId
    ).toBe("req_2")
    expect(read({ status: 500, body: { request_id: null } }).requestId).toBeUndefined()
  })

  it("keeps the provider's spelling of a code", () => {
    expect(read({ status: 429, headers: { "x-amzn-errortype": "ThrottlingException:http://x" } }).code).toBe(
      "ThrottlingException"
    )
    expect(read({ status: 503, body: { error: { code: 503, status: "UNAVAILABLE" } } }).code).toBe("UNAVAILABLE")
    expect(read({ status: 429, body: { object: "error", type: "x y", code: "1300" } }).code).toBe("1300")
    expect(read({ status: 429, body: { error: { code: "429" } } }).code).toBeUndefined()
  })

  it("names a provider that it recognised, and none that it did not", () => {
    expect(read({ status: 529, body: { type: "error", error: { type: "overloaded_error" } } }).provider).toBe(
      "anthropic"
    )
    expect(read({ status: 500 }).provider).toBeUndefined()
    expect(read({ status: 500, provider: "acme" }).provider).toBe("acme")
  })

  it("knows a provider by any of its names, and by the target's", () => {
    for (const provider of ["cerebras", "Cerebras", "cerebras.chat"])
      expect(read({ status: 400, provider })._tag).toBe("ContextLengthExceeded")
    expect(read({ status: 400, target: "cerebras/gpt-oss-120b" })._tag).toBe("ContextLengthExceeded")
    expect(read({ status: 498, provider: "azure.openai" })._tag).toBe("Overloaded")
  })

  it.each([
    ["This model's maximum context length is 8,192 tokens. However, you requested 10,240 tokens.", 8_192, 10_240],
    ["prompt is too long: 210345 tokens > 200000 maximum", 200_000, 210_345],
    ["The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", 1_048_576, 1_200_000],
    [
      "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
      32_768,
      40_000
    ],
    ["This model's maximum prompt length is 131072 but the request contains 140000 tokens.", 131_072, 140_000],
    [
      "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292: context length exceeded",
      4_081,
      4_292
    ],
    ["The decoder prompt (length 10000) is longer than the maximum model length of 4096.", 4_096, 10_000],
    ["context length of only 4096 tokens: exceeds context", 4_096, undefined]
  ])("C5: finds how much was allowed and asked for: %s", (message, limit, requested) => {
    const error = read({ status: 400, body: { error: { message } } }) as LlmError.ContextLengthExceeded
    expect([error._tag, error.limit, error.requested]).toEqual(["ContextLengthExceeded", limit, requested])
  })

  it("C5: takes the counts of llama.cpp's own fields", () => {
    const error = { code: 400, type: "exceed_context_size_error", message: "", n_prompt_tokens: 14_429, n_ctx: 8_192 }
    expect(read({ status: 400, body: { error } })).toMatchObject({ limit: 8_192, requested: 14_429 })
  })

  it("takes headers in every form and case", () => {
    const pairs: ReadonlyArray<[string, string]> = [
      ["Retry-After", "3"],
      ["X-Request-Id", "req_1"]
    ]
    const forms: ReadonlyArray<Classifier.HeadersInput> = [
      pairs,
      new Map(pairs),
      new Headers(pairs as Array<[string, string]>),
      Object.fromEntries(pairs),
      { "RETRY-AFTER": 3, "x-request-id": ["req_1"], other: undefined }
    ]
    for (const headers of forms) {
      const { requestId, retryAfter } = read({ status: 429, headers })
      expect([requestId, String(retryAfter?.toString())]).toEqual(["req_1", "Duration(3s)"])
    }
  })

  it("reads every case alike with its headers in any form", () => {
    const capital = (name: string) => name.replace(/(^|-)[a-z]/g, (first) => first.toUpperCase())
    for (const { body, headers = {}, provider, status } of all) {
      const pairs = Object.entries(headers).map(([name, value]): [string, string] => [name.toLowerCase(), `${value}`])
      const told = (headers: Classifier.HeadersInput) => {
        const { code, message, requestId, retryAfter, retryable } = read({ status, headers, body, provider })
        return { code, message, requestId, retryable, wait: String(retryAfter) }
      }
      const expected = told(new Map(pairs))
      expect(told(Object.fromEntries(pairs))).toEqual(expected)
      expect(told(Object.fromEntries(pairs.map(([name, value]) => [capital(name), value])))).toEqual(expected)
      expect(told(Object.fromEntries(pairs.map(([name, value]) => [name.toUpperCase(), value])))).toEqual(expected)
    }
  })

  it("reads a body alike as text, bytes or data, and however it is wrapped", () => {
    const wraps: ReadonlyArray<(json: string) => unknown> = [
      (json) => json,
      (json) => new TextEncoder().encode(json),
      (json) => JSON.parse(json),
      (json) => `\ufeff \n${json}`,
      (json) => JSON.stringify(json),
      (json) => JSON.stringify(JSON.stringify(json)),
      (json) => `[${json}]`,
      (json) => `${")]}'"}\n${json}`,
      (json) => `Error code: 400 - ${json}`,
      (json) => `event: error\ndata: ${json}\n\n`,
      (json) => `${"\n".repeat(5_000)}${json}`,
      (json) => `${" noise".repeat(60_000)} ${json}`,
      (json) => `${json.slice(0, -1)},}`
    ]
    const objects = all.filter(({ body }) => typeof body === "object")
    for (const { body, headers, provider, status, tag, title } of objects) {
      for (const [index, wrap] of wraps.entries()) {
        const error = read({ status, headers, provider, body: wrap(JSON.stringify(body)) })
        expect(`${provider}: ${title} (${index}): ${error._tag}`).toBe(`${provider}: ${title} (${index}): ${tag}`)
      }
    }
  })

  it("never throws, whatever the parts of a response are", () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error("no")
        },
        ownKeys: () => {
          throw new Error("no")
        }
      }
    )
    const cyclic: Record<string, unknown> = { error: {} }
    cyclic.error = cyclic
    for (const body of [
      hostile,
      cyclic,
      Symbol("x"),
      1n,
      () => 1,
      new Map([[1, 2]]),
      new ArrayBuffer(4),
      { toString: null }
    ]) {
      expect(LlmError.isLlmError(read({ status: 500, body }))).toBe(true)
      expect(LlmError.isLlmError(read({ status: 500, body: { error: body } }))).toBe(true)
    }
    expect(read({ status: 429, headers: hostile as never })._tag).toBe("RateLimited")
    fc.assert(
      fc.property(fc.anything(), fc.dictionary(fc.string(), fc.string()), fc.integer(), (body, headers, status) => {
        expect(LlmError.isLlmError(read({ status, headers, body }))).toBe(true)
      }),
      { numRuns: 400 }
    )
  })

  it("any truncation and any splice of a response is still read to something", () => {
    fc.assert(
      fc.property(aCase, fc.nat(400), fc.string(), ({ body, headers, provider, status }, at, noise) => {
        const text = typeof body === "string" ? body : (JSON.stringify(body) ?? "")
        const error = read({
          status,
          headers,
          provider,
          body: text.slice(0, at) + noise + text.slice(at + noise.length)
        })
        expect(LlmError.isLlmError(error)).toBe(true)
      }),
      { numRuns: 1_000 }
    )
  })

  it("takes a bounded time for a megabyte of anything", () => {
    const pieces = [
      ...[
        "{",
        "[",
        '"',
        "'",
        "\\",
        '{"',
        '{"error":',
        '{"a":[',
        "<",
        "<!--",
        "<script",
        "&amp;",
        "<p>",
        "\u0000",
        " ",
        "\n",
        ","
      ],
      ...[
        "model ",
        "context ",
        "retry ",
        "try again in ",
        "limit: 1, ",
        "limit: 1, requested: ",
        "1",
        "1,",
        "1h",
        "exceed ",
        "input token "
      ],
      ...[
        "https://",
        "maximum context length is 1 tokens. ",
        "violat ",
        "per day ",
        "insufficient ",
        "api key ",
        "capacity ",
        "account "
      ],
      ...[
        '{\\"',
        "b'",
        "{'error': '",
        "no ",
        "invalid ",
        "prompt contains 1 tokens ",
        "resets ",
        "error code: ",
        "request ",
        "upgrade to "
      ]
    ]
    for (const piece of pieces) {
      const body = piece.repeat(Math.ceil(1_048_576 / piece.length))
      for (const sent of [
        body,
        JSON.stringify({ error: { message: body, code: body } }),
        new TextEncoder().encode(body)
      ]) {
        const failure = { status: 429, headers: { "retry-after": body.slice(0, 4_000) }, body: sent }
        expect([piece, isQuick(() => read(failure))]).toEqual([piece, true])
      }
    }
  })

  it("takes a bounded time for any mixture of its own vocabulary", () => {
    const words = fc.constantFrom(
      ..."model context limit exceed retry try again in 1 s per day minute token input { } [ ] ' \" : , error code message".split(
        " "
      )
    )
    fc.assert(
      fc.property(fc.array(words, { minLength: 50, maxLength: 400 }), fc.constantFrom("", " "), (parts, glue) => {
        const body = `${parts.join(glue)} `.repeat(200)
        expect(isQuick(() => read({ status: 400, body }))).toBe(true)
      }),
      { numRuns: 60 }
    )
  })
})
