import { createServer } from "node:net"
import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, type Scope } from "effect"
import { Classifier, LlmError } from "effect-resilience"
import { type Client, clients } from "./clients.js"
import { type Behaviour, type RawServer, rawServer } from "./rawServer.js"

type Answer = Extract<Behaviour, { does: "answer" }>

const answer = (
  status: number,
  body: unknown,
  headers: Record<string, string> = {}
): Answer & { readonly headers: Record<string, string> } => ({
  does: "answer",
  status,
  body: typeof body === "string" ? body : JSON.stringify(body),
  headers: { "content-type": "application/json", ...headers }
})

const openAi = (status: number, type: string | null, code: string | null, message: string, headers = {}): Answer =>
  answer(status, { error: { message, type, param: null, code } }, headers)

const anthropic = (status: number, type: string, message: string, headers = {}): Answer =>
  answer(status, { type: "error", error: { type, message }, request_id: "req_011" }, headers)

const gemini = (code: number, status: string, message: string, details: ReadonlyArray<object> = []): Answer =>
  answer(code, { error: { code, message, status, details } })

const bedrock = (status: number, name: string, message: string): Answer =>
  answer(status, { message }, { "x-amzn-errortype": `${name}:http://internal.amazon.com/` })

const fronts: ReadonlyArray<Answer> = [
  answer(502, "<html><body><h1>502 Bad Gateway</h1><hr>nginx</body></html>", { "content-type": "text/html" }),
  answer(524, "error code: 524", { "content-type": "text/plain" }),
  answer(503, "upstream connect error or disconnect/reset before headers", { "content-type": "text/plain" })
]

const answers: Readonly<Record<Client["dialect"], ReadonlyArray<Answer>>> = {
  openai: [
    ...fronts,
    openAi(429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota"),
    openAi(429, "requests", "rate_limit_exceeded", "Rate limit reached. Please try again in 2s.", {
      "retry-after-ms": "1500"
    }),
    openAi(429, "tokens", "rate_limit_exceeded", "Request too large for m. Limit 100, Requested 200."),
    openAi(
      400,
      "invalid_request_error",
      "context_length_exceeded",
      "This model's maximum context length is 10 tokens."
    ),
    openAi(400, "invalid_request_error", "conversation_locked", "Another process is at work"),
    openAi(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided"),
    openAi(404, "invalid_request_error", "model_not_found", "The model does not exist"),
    openAi(500, "server_error", null, "The server had an error", { "x-should-retry": "false" }),
    openAi(503, null, null, "That model is currently overloaded with other requests")
  ],
  anthropic: [
    ...fronts,
    anthropic(529, "overloaded_error", "Overloaded"),
    anthropic(429, "rate_limit_error", "This request would exceed your rate limit", { "retry-after": "13262" }),
    anthropic(400, "invalid_request_error", "prompt is too long: 200001 tokens > 200000 maximum"),
    anthropic(400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API"),
    anthropic(401, "authentication_error", "invalid x-api-key"),
    anthropic(404, "not_found_error", "model: m"),
    anthropic(500, "api_error", "Overloaded")
  ],
  gemini: [
    ...fronts,
    gemini(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", [
      { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" }
    ]),
    gemini(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota", [
      {
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        violations: [{ quotaId: "GenerateRequestsPerMinute" }]
      },
      { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "34.4s" }
    ]),
    gemini(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota", [
      { "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [{ quotaId: "GenerateRequestsPerDay" }] },
      { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "47s" }
    ]),
    gemini(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    gemini(404, "NOT_FOUND", "models/m is not found for API version v1beta"),
    gemini(500, "INTERNAL", "An internal error has occurred")
  ],
  bedrock: [
    ...fronts,
    bedrock(429, "ThrottlingException", "Too many tokens, please wait before trying again."),
    bedrock(400, "ValidationException", "Input is too long for requested model."),
    bedrock(403, "AccessDeniedException", "You don't have access to the model"),
    bedrock(403, "ExpiredTokenException", "The security token included in the request is expired"),
    bedrock(404, "ResourceNotFoundException", "Could not resolve the foundation model"),
    bedrock(503, "ServiceUnavailableException", "Service unavailable"),
    bedrock(500, "InternalServerException", "The system encountered an unexpected error")
  ]
}

const failureOf = (client: Client, url: string, timeout: number): Effect.Effect<LlmError.LlmError> =>
  Effect.promise(async () => {
    const thrown = await client.call({ url, timeout }).then(
      () => "answered",
      (error: unknown) => ({ error })
    )
    if (typeof thrown === "string") throw new Error(`${client.client} saw no failure`)
    const failure = Classifier.fromUnknown(thrown.error, { target: "t", provider: client.dialect }) as LlmError.LlmError
    // C14, for every error of every client.
    expect(JSON.stringify(failure) + failure.stack + LlmError.userMessage(failure)).not.toMatch(/SECRET|PROMPT/)
    return failure
  })

const withServer = <A>(use: (server: RawServer) => Effect.Effect<A, never, Scope.Scope>): Effect.Effect<A> =>
  Effect.scoped(Effect.flatMap(rawServer, use))

/** A port that nobody listens at. */
const deadUrl = Effect.async<string>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(`http://127.0.0.1:${port}`)))
  })
})

const hint = (failure: LlmError.LlmError): number | undefined =>
  failure.retryAfter === undefined ? undefined : Duration.toMillis(failure.retryAfter)

describe.each(clients)("$client over a socket", (client) => {
  it.live("C10: reads an error as it reads the response itself", () =>
    withServer((server) =>
      Effect.forEach(answers[client.dialect], (response) =>
        Effect.gen(function* () {
          server.behave(response)
          const failure = yield* failureOf(client, server.url, 2_000)
          const headers = client.losesHeaders ? {} : response.headers
          const body = client.losesText && !response.body.startsWith("{") ? "" : response.body
          const raw = Classifier.fromHttpResponse({ ...response, headers, body, provider: client.dialect })
          const label = `${response.status} ${response.body}`
          expect([label, failure._tag]).toEqual([label, raw._tag])
          expect([label, hint(failure)]).toEqual([label, hint(raw)])
          expect([label, failure.status, failure.retryable]).toEqual([label, raw.status, raw.retryable])
        })
      )
    )
  )

  it.live("C9: reads a connection that is refused, reset, closed or spoken to in another protocol", () =>
    withServer((server) =>
      Effect.gen(function* () {
        const refused = yield* failureOf(client, yield* deadUrl, 2_000)
        expect(refused).toMatchObject({ _tag: "ConnectionFailed", code: "ECONNREFUSED", sent: "no" })
        for (const does of ["reset", "close"] as const) {
          server.behave({ does })
          const broken = yield* failureOf(client, server.url, 2_000)
          expect(broken).toMatchObject({ _tag: "ConnectionFailed", sent: "maybe" })
          expect(broken.code).toMatch(/^(?:ECONNRESET|UND_ERR_SOCKET)$/)
          expect(LlmError.traits(broken).retryable).toBe(true)
        }
        server.behave({ does: "babble" })
        const babble = yield* failureOf(client, server.url, 2_000)
        expect(babble).toMatchObject({ _tag: "ConnectionFailed", sent: "maybe" })
        expect(LlmError.traits(babble).retryable).toBe(false)
      })
    )
  )

  it.live("reads a provider that says nothing", () =>
    withServer((server) =>
      Effect.gen(function* () {
        server.behave({ does: "stall" })
        const silent = yield* failureOf(client, server.url, 150)
        expect(silent).toMatchObject(
          client.timeoutLooksCancelled
            ? { _tag: "Unclassified", code: "ABORT_ERR" }
            : { _tag: "TimedOut", phase: "attempt" }
        )
      })
    )
  )

  it.live("reads a body that breaks off", () =>
    withServer((server) =>
      Effect.gen(function* () {
        const streaming = client.client.endsWith("streaming")
        server.behave({
          does: "cut",
          headers: { "content-type": streaming ? "text/event-stream" : "application/json" },
          body: streaming ? "data: " : '{"id":'
        })
        const cut = yield* failureOf(client, server.url, 2_000)
        // The clients of @effect/ai keep no cause of a body they could not read, and only some its words.
        const silent = client.client.startsWith("@effect") && !/over (?:node:http|undici)$/.test(client.client)
        expect(cut._tag).toBe(silent ? "MalformedResponse" : "ConnectionFailed")
        expect(LlmError.traits(cut).retryable).toBe(true)
      })
    )
  )
})
