import { AiError } from "@effect/ai"
import { HttpClientError, HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { APICallError, NoObjectGeneratedError, RetryError } from "ai"
import { Cause, Duration, Schema } from "effect"
import { Classifier, LlmError, Rejection } from "effect-resilience"
import { APIConnectionTimeoutError, APIUserAbortError } from "openai"
import { ContentFilterFinishReasonError, LengthFinishReasonError } from "openai/error"

const error = (name: string, message: string, more: object = {}): Error =>
  Object.assign(new Error(message), { name, ...more })

const overloaded = { error: { message: "The engine is currently overloaded", type: "server_error", code: null } }
const headers = { "retry-after": "7", "x-request-id": "req_7" }

const apiCall = (statusCode: number | undefined, responseBody: string | undefined, cause?: unknown): APICallError =>
  new APICallError({
    message: "x",
    url: "http://x",
    requestBodyValues: {},
    ...(statusCode !== undefined && { statusCode }),
    ...(responseBody !== undefined && { responseBody }),
    responseHeaders: headers,
    cause
  })

const request = HttpClientRequest.post("http://x/v1")
const responded = (status: number): HttpClientResponse.HttpClientResponse =>
  HttpClientResponse.fromWeb(request, new Response("", { status, headers }))
const details = {
  method: "POST" as const,
  url: "http://x",
  urlParams: [],
  hash: { _tag: "None" } as never,
  headers: {}
}
const module = { module: "M", method: "m" }

const parseError = (data: unknown): unknown => {
  try {
    return Schema.decodeUnknownSync(Schema.Struct({ answer: Schema.String }))(data)
  } catch (thrown) {
    return thrown
  }
}

// biome-ignore format: a table
const cases: ReadonlyArray<readonly [what: string, thrown: unknown, gives: object]> = [
  // ai
  ["ai: a call", apiCall(503, JSON.stringify(overloaded)), { _tag: "Overloaded", status: 503, requestId: "req_7", retryAfter: Duration.seconds(7) }],
  ["ai: a failed frame of a stream under a made-up status", apiCall(500, JSON.stringify({ type: "response.failed", response: { error: { code: "rate_limit_exceeded", message: "Rate limit reached" } } })), { _tag: "RateLimited" }],
  ["ai: retries that ended", new RetryError({ message: "x", reason: "maxRetriesExceeded", errors: [apiCall(401, "{}"), apiCall(503, JSON.stringify(overloaded))] }), { _tag: "Overloaded" }],
  ["ai: no object, cut at the limit", new NoObjectGeneratedError({ response: { id: "r", timestamp: new Date(0), modelId: "m" }, usage: {} as never, finishReason: "length" }), { _tag: "InvalidRequest", code: "length" }],
  ["ai: no object, filtered", new NoObjectGeneratedError({ response: { id: "r", timestamp: new Date(0), modelId: "m" }, usage: {} as never, finishReason: "content-filter" }), { _tag: "ContentFiltered", by: "completion" }],
  ["ai: no object, refused under another word", error("AI_NoObjectGeneratedError", "x", { finishReason: "refusal" }), { _tag: "ContentFiltered", by: "refusal" }],
  ["ai: no object, filtered, by its newer reason", error("AI_NoObjectGeneratedError", "x", { finishReason: { unified: "content-filter", raw: "SAFETY" } }), { _tag: "ContentFiltered", by: "completion" }],
  ["ai: no object, refused in the answer", error("AI_NoObjectGeneratedError", "x", { finishReason: "stop", response: { body: { choices: [{ message: { content: null, refusal: "No." }, finish_reason: "stop" }] } } }), { _tag: "ContentFiltered", by: "refusal" }],
  ["ai: no object, refused by Claude", error("AI_NoObjectGeneratedError", "x", { finishReason: "other", response: { body: { type: "message", content: [], stop_reason: "refusal" } } }), { _tag: "ContentFiltered", by: "refusal" }],
  ["ai: no object, since the answer failed", error("AI_NoObjectGeneratedError", "x", { finishReason: "error" }), { _tag: "ServerError" }],
  ["ai: no object, not readable", new NoObjectGeneratedError({ cause: error("AI_JSONParseError", "x"), response: { id: "r", timestamp: new Date(0), modelId: "m" }, usage: {} as never, finishReason: "stop" }), { _tag: "MalformedResponse" }],
  ["ai: no output because of a failed call", error("AI_NoOutputGeneratedError", "x", { cause: apiCall(503, JSON.stringify(overloaded)) }), { _tag: "Overloaded" }],
  ["ai: a download that the prompt asked for", error("AI_DownloadError", "x", { statusCode: 503 }), { _tag: "InvalidRequest" }],
  ["ai: no key", error("AI_LoadAPIKeyError", "OpenAI API key is missing"), { _tag: "AuthenticationFailed" }],
  ["ai: no model", error("AI_NoSuchModelError", "x"), { _tag: "ModelNotFound" }],
  ["ai: the gateway's own error", error("GatewayRateLimitError", "x", { statusCode: 429, cause: apiCall(429, '{"error":{"type":"insufficient_quota","message":"x"}}') }), { _tag: "QuotaExhausted" }],
  // openai, @anthropic-ai/sdk
  ["openai: its own timeout", new APIConnectionTimeoutError(), { _tag: "TimedOut", phase: "attempt" }],
  ["openai: a cancelled call", new APIUserAbortError(), { _tag: "Unclassified", code: "ABORT_ERR" }],
  ["openai: cut at the limit", new LengthFinishReasonError(), { _tag: "InvalidRequest", code: "length" }],
  ["openai: filtered", new ContentFilterFinishReasonError(), { _tag: "ContentFiltered", by: "completion" }],
  ["openai: an error inside a stream", error("Error", "x", { status: undefined, headers: new Headers(headers), requestID: "r", error: overloaded.error }), { _tag: "Overloaded" }],
  ["openai: no credentials", error("Error", "Missing credentials. Please pass an `apiKey`"), { _tag: "AuthenticationFailed" }],
  ["anthropic: a call that has to stream", error("AnthropicError", "Streaming is required for operations that may take longer than 10 minutes."), { _tag: "InvalidRequest" }],
  ["a stream that ended before its first event", error("Error", "request ended without sending any chunks"), { _tag: "MalformedResponse" }],
  ["Ollama's lines without their last", error("Error", "Did not receive done or success response in stream."), { _tag: "MalformedResponse" }],
  ["a run that ended without its end", error("OpenAIError", "Final run has not been received"), { _tag: "MalformedResponse" }],
  ["a delta of nothing", error("OpenAIError", "Received a RunStepDelta before creation of a snapshot"), { _tag: "MalformedResponse" }],
  ["a delta of no output", error("OpenAIError", "missing output at index 1"), { _tag: "MalformedResponse" }],
  ["a message within a message", error("AnthropicError", 'Unexpected event order, got message_start before receiving "message_stop"'), { _tag: "MalformedResponse" }],
  // Google
  ["genai: an error inside a stream", error("ApiError", 'got status: UNAVAILABLE. {"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}', { status: 503 }), { _tag: "Overloaded", status: 503 }],
  ["generative-ai: an older client", error("GoogleGenerativeAIFetchError", "quota", { status: 429, errorDetails: [{ "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [{ quotaId: "RequestsPerDay" }] }] }), { _tag: "QuotaExhausted" }],
  ["genai: a stream that breaks off", error("Error", "Incomplete JSON segment at the end"), { _tag: "MalformedResponse" }],
  // AWS
  ["AWS: an exception inside a stream", error("ThrottlingException", "Too many requests", { $fault: "client", $metadata: {} }), { _tag: "RateLimited" }],
  ["AWS: a failed connection", error("TimeoutError", "connect ECONNREFUSED", { code: "ECONNREFUSED", $metadata: { attempts: 1 } }), { _tag: "ConnectionFailed", sent: "no" }],
  ["AWS: no credentials", error("CredentialsProviderError", "Could not load credentials from any providers"), { _tag: "AuthenticationFailed" }],
  // HTTP clients
  ["axios", error("AxiosError", "Request failed with status code 503", { code: "ERR_BAD_RESPONSE", response: { status: 503, headers, data: overloaded } }), { _tag: "Overloaded", retryAfter: Duration.seconds(7) }],
  ["ky", error("HTTPError", "Request failed", { response: new Response("", { status: 529, headers }) }), { _tag: "Overloaded", retryAfter: Duration.seconds(7) }],
  ["got", error("HTTPError", "Response code 503", { response: { statusCode: 503, headers, body: JSON.stringify(overloaded) } }), { _tag: "Overloaded" }],
  ["a thrown Response", new Response("", { status: 401 }), { _tag: "AuthenticationFailed", status: 401 }],
  ["ollama", error("ResponseError", "x", { error: "model 'm' not found", status_code: 404 }), { _tag: "ModelNotFound", status: 404 }],
  ["mistral, cohere", error("SDKError", "x", { statusCode: 429, body: '{"message":"You are limited to 1000 API calls / month"}' }), { _tag: "QuotaExhausted" }],
  ["huggingface", error("InferenceClientProviderApiError", "x", { httpResponse: { status: 503, body: overloaded } }), { _tag: "Overloaded" }],
  // Effect
  ["HttpClientError: transport", new HttpClientError.RequestError({ request, reason: "Transport", cause: error("Error", "x", { code: "ECONNRESET" }) }), { _tag: "ConnectionFailed", code: "ECONNRESET" }],
  ["HttpClientError: transport, and no more", new HttpClientError.RequestError({ request, reason: "Transport" }), { _tag: "ConnectionFailed", sent: "maybe" }],
  ["HttpClientError: URL", new HttpClientError.RequestError({ request, reason: "InvalidUrl" }), { _tag: "ConnectionFailed", retryable: false }],
  ["HttpClientError: encoding", new HttpClientError.RequestError({ request, reason: "Encode" }), { _tag: "InvalidRequest" }],
  ["HttpClientError: status", new HttpClientError.ResponseError({ request, response: responded(529), reason: "StatusCode" }), { _tag: "Overloaded", retryAfter: Duration.seconds(7) }],
  ["HttpClientError: decoding", new HttpClientError.ResponseError({ request, response: responded(200), reason: "Decode" }), { _tag: "MalformedResponse", status: 200 }],
  ["HttpClientError: a body cut while it was decoded", new HttpClientError.ResponseError({ request, response: responded(200), reason: "Decode", cause: error("TypeError", "terminated", { cause: error("Error", "x", { code: "ECONNRESET" }) }) }), { _tag: "ConnectionFailed", code: "ECONNRESET" }],
  ["AiError: response", new AiError.HttpResponseError({ ...module, request: details, response: { status: 429, headers }, body: '{"error":{"type":"insufficient_quota","message":"x"}}', reason: "StatusCode" }, { disableValidation: true }), { _tag: "QuotaExhausted", status: 429, retryAfter: Duration.seconds(7) }],
  ["AiError: a response without a body", new AiError.HttpResponseError({ ...module, request: details, response: { status: 503, headers: {} }, body: "undefined", reason: "StatusCode" }, { disableValidation: true }), { _tag: "Overloaded" }],
  ["AiError: request", new AiError.HttpRequestError({ ...module, request: details, reason: "Transport", cause: error("Error", "x", { code: "ENOTFOUND" }) }, { disableValidation: true }), { _tag: "ConnectionFailed", code: "ENOTFOUND" }],
  ["AiError: input", new AiError.MalformedInput(module), { _tag: "InvalidRequest" }],
  ["AiError: output", new AiError.MalformedOutput(module), { _tag: "MalformedResponse" }],
  ["AiError: an error where an answer was expected", new AiError.MalformedOutput({ ...module, cause: parseError(overloaded) }), { _tag: "Overloaded" }],
  ["AiError: unknown", new AiError.UnknownError({ ...module, cause: error("Error", "x", { code: "ECONNRESET" }) }), { _tag: "ConnectionFailed" }],
  ["AiError: unknown, and no more", new AiError.UnknownError(module), { _tag: "Unclassified" }],
  ["ParseError", parseError({ answer: 1 }), { _tag: "MalformedResponse" }],
  ["ParseError about an error", parseError({ type: "error", error: { type: "overloaded_error", message: "x" } }), { _tag: "Overloaded" }],
  ["Cause", Cause.parallel(Cause.interrupt({ _tag: "None" } as never), Cause.fail(error("Error", "x", { code: "ECONNRESET" }))), { _tag: "ConnectionFailed" }],
  ["TimeoutException", new Cause.TimeoutException(), { _tag: "TimedOut", phase: "attempt" }],
  ["UnknownException", new Cause.UnknownException(error("Error", "x", { code: "ECONNRESET" })), { _tag: "ConnectionFailed" }],
  // No client at all
  ["an error body that was thrown", overloaded, { _tag: "Overloaded" }],
  ["an error body in a message", new Error(JSON.stringify(overloaded)), { _tag: "Overloaded" }],
  ["an error body in a string", JSON.stringify(overloaded), { _tag: "Overloaded" }],
  ["a parser's complaint", new SyntaxError("Unexpected end of JSON input"), { _tag: "MalformedResponse" }],
  ["plain words", new Error("Overloaded"), { _tag: "Overloaded" }],
  ["digits that are no status", new Error("The novel has 429 pages and 503 characters"), { _tag: "Unclassified" }],
  ["a status that is none", error("Error", "x", { status: 7 }), { _tag: "Unclassified" }],
  ["a mistake of the program", new TypeError("Cannot read properties of undefined (reading 'overloaded')"), { _tag: "Unclassified" }],
  ["null", null, { _tag: "Unclassified" }]
]

describe("errors by their shape", () => {
  for (const [what, thrown, gives] of cases) {
    it(what, () => {
      const failure = Classifier.fromUnknown(thrown, { target: "t" })
      expect(failure).toMatchObject({ ...gives, target: "t" })
    })
  }

  it("C14: no error shows what it was made from", () => {
    const secret = "sk-SECRET"
    const thrown = error("Error", `key ${secret}`, {
      status: 401,
      headers: { authorization: secret },
      requestID: "r",
      error: {
        message: `Incorrect API key provided: ${secret}`,
        code: "invalid_api_key",
        type: "invalid_request_error"
      }
    })
    for (const value of [
      thrown,
      thrown.message,
      { error: { message: secret } },
      new Error(secret, { cause: thrown })
    ]) {
      const failure = Classifier.fromUnknown(value, { target: "t" })
      const shown = [JSON.stringify(failure), String(failure), failure.stack, LlmError.userMessage(failure)].join()
      expect(shown).not.toContain(secret)
    }
  })
})

describe("a rejection of the toolkit", () => {
  it("is given back as it is", () => {
    const rejection = new Rejection.CircuitOpen({ key: "k", retryAfter: Duration.seconds(1) })
    expect(Classifier.fromUnknown(rejection, { target: "t" })).toBe(rejection)
    expect(Classifier.fromUnknown(new Error("wrapped", { cause: rejection }))).toBe(rejection)
  })
})
