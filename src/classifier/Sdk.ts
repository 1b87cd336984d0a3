/**
 * The error objects of the vendors' clients, told by their shape: none of the packages is imported.
 */

import * as Foreign from "../internal/errors/safeRead.js"
import { badEnding } from "./Ending.js"
import { parsed } from "./ErrorBody.js"
import { headersIn } from "./Headers.js"
import { type Reading, type Response, sureness } from "./Reading.js"
import { table, type Verdict } from "./Verdict.js"

/** One client: what its errors look like, and where they keep the response. */
interface Client {
  readonly client: string
  readonly read: (error: object) => Response | undefined
}

const statusOf = (error: unknown): number | undefined =>
  Foreign.status(Foreign.get(error, "status")) ??
  Foreign.status(Foreign.get(error, "statusCode")) ??
  Foreign.status(Foreign.get(error, "status_code"))

/** A body that can be read here and now: text, bytes or data; neither a stream nor a function nor an error. */
const readable = (body: unknown): unknown => {
  if (typeof body === "string") return body === "" ? undefined : body
  if (!Foreign.isObject(body) || typeof body === "function") return undefined
  const running = ["getReader", "pipe", "then", "arrayBuffer", "stack"].some((name) => Foreign.has(body, name))
  return running ? undefined : body
}

/** The first of several places that holds a body. */
const bodyIn = (error: unknown, ...places: ReadonlyArray<string>): unknown => {
  for (const place of places) {
    const body = readable(Foreign.get(error, ...place.split(".")))
    if (body !== undefined) return body
  }
  return undefined
}

/** The JSON that a message is, or ends in. */
const jsonIn = (message: string): string | undefined => {
  const start = message.search(/[{[]/)
  return start === -1 || start > 200 || !/[}\]]\s*$/.test(message.slice(-20)) ? undefined : message.slice(start)
}

const named = (error: unknown, ...wanted: ReadonlyArray<string>): boolean =>
  Foreign.names(error).some((name) => wanted.includes(name))

/** Clients whose errors are told from all others by a mark of their own. */
const clients: ReadonlyArray<Client> = [
  {
    client: "ai (Vercel AI SDK)",
    read: (error) => {
      if (!named(error, "AI_APICallError")) return undefined
      const status = statusOf(error)
      return status === undefined
        ? undefined
        : { status, headers: Foreign.get(error, "responseHeaders"), body: bodyIn(error, "responseBody", "data") }
    }
  },
  {
    // openai keeps what stands under "error", @anthropic-ai/sdk the whole body; both put plain text after the status.
    client: "openai, @anthropic-ai/sdk and others generated alike (groq-sdk, together-ai, cerebras)",
    read: (error) => {
      if (!Foreign.has(error, "requestID") || !Foreign.has(error, "headers")) return undefined
      const status = statusOf(error)
      const kept = readable(Foreign.get(error, "error"))
      if (status === undefined && kept === undefined) return undefined
      const said = Foreign.text(error, "message") ?? ""
      const plain = said.endsWith("status code (no body)") ? undefined : said.replace(/^\d{3} /, "")
      const whole = kept === undefined || typeof kept === "string" || Foreign.has(kept, "error")
      return { status, headers: Foreign.get(error, "headers"), body: whole ? (kept ?? plain) : { error: kept } }
    }
  },
  {
    // The whole body is the message; in a stream some words stand before it. A body that is not JSON stands in an
    // envelope of the client's own making, whose status is the phrase of HTTP and not a name of gRPC.
    client: "@google/genai",
    read: (error) => {
      if (!named(error, "ApiError")) return undefined
      const message = Foreign.text(error, "message") ?? ""
      const body = parsed(jsonIn(message) ?? message)
      const own = /^[A-Z][A-Z_]+$/.test(Foreign.text(body, "error", "status") ?? "OWN")
      return {
        status: statusOf(error),
        body: own ? body : parsed(Foreign.get(body, "error", "message")),
        provider: "gemini"
      }
    }
  },
  {
    // It keeps the details and drops the name of gRPC, of which only one makes a difference to reading them.
    client: "@google/generative-ai",
    read: (error) => {
      if (!named(error, "GoogleGenerativeAIFetchError")) return undefined
      const status = statusOf(error)
      const kind = status === 429 ? { status: "RESOURCE_EXHAUSTED" } : {}
      const said = { ...kind, message: Foreign.text(error, "message"), details: Foreign.get(error, "errorDetails") }
      return { status, body: { error: said }, provider: "gemini" }
    }
  },
  {
    // The name is the kind of error. A body that is not JSON is lost, or in some versions kept as hidden text.
    client: "AWS SDK v3",
    read: (error) => {
      const status =
        Foreign.status(Foreign.get(error, "$metadata", "httpStatusCode")) ??
        Foreign.status(Foreign.get(error, "$response", "statusCode"))
      if (status === undefined && !Foreign.has(error, "$fault")) return undefined
      const headers = Foreign.get(error, "$response", "headers")
      const name = Foreign.text(error, "name") ?? ""
      const unreadable = name === "SyntaxError"
      const kind = unreadable || !/^[A-Z]\w{2,79}$/.test(name) ? {} : { "x-amzn-errortype": name }
      const requestId = Foreign.text(error, "$metadata", "requestId")
      return {
        status,
        headers: {
          ...(status !== undefined && headersIn(headers)),
          ...(requestId && { "x-request-id": requestId }),
          ...kind
        },
        body: unreadable ? bodyIn(error, "$responseBodyText") : { message: Foreign.text(error, "message") },
        provider: "bedrock"
      }
    }
  },
  {
    client: "ollama",
    read: (error) => {
      if (!Foreign.has(error, "status_code") || !named(error, "ResponseError")) return undefined
      return { status: statusOf(error), body: { error: Foreign.text(error, "error") }, provider: "ollama" }
    }
  },
  {
    client: "axios, ky, got, superagent, gaxios, @huggingface/inference",
    read: (error) => {
      for (const place of ["response", "httpResponse"]) {
        const response = Foreign.get(error, place)
        const status = statusOf(response)
        if (status === undefined) continue
        const body = bodyIn(response, "data", "body", "text") ?? bodyIn(error, "data")
        return { status, headers: Foreign.get(response, "headers"), body }
      }
      return undefined
    }
  },
  {
    client: "@mistralai/mistralai and its kin, of an answer that is not of their format",
    read: (error) =>
      named(error, "ResponseValidationError") && Foreign.has(error, "rawValue")
        ? { status: statusOf(error), headers: Foreign.get(error, "headers"), body: bodyIn(error, "body", "rawValue") }
        : undefined
  },
  {
    client: "@mistralai/mistralai, cohere-ai and whoever keeps status, headers and body on the error",
    read: (error) => {
      const status = statusOf(error)
      if (status === undefined || status < 400) return undefined
      const headers =
        Foreign.get(error, "headers") ??
        Foreign.get(error, "rawResponse", "headers") ??
        Foreign.get(error, "responseHeaders")
      const body = bodyIn(error, "responseBody", "body", "error", "data", "errorDetails")
      return { status, headers, body: body ?? jsonIn(Foreign.text(error, "message") ?? "") }
    }
  }
]

const invalid: Verdict = { is: "InvalidRequest" }
const malformed: Verdict = { is: "MalformedResponse" }
const noCredentials: Verdict = { is: "AuthenticationFailed" }
const noModel: Verdict = { is: "ModelNotFound" }
/** An answer cut at the caller's own limit of tokens: nobody is ill, and the same request is cut again. */
const tooShort: Verdict = { is: "InvalidRequest", code: "length" }

/** Errors that clients raise themselves, with or without a response behind them. */
// biome-ignore format: a table
const byName = table({
  ContentFilterFinishReasonError: { is: "ContentFiltered", by: "completion", code: "content_filter" },
  LengthFinishReasonError: tooShort,

  AI_LoadAPIKeyError: noCredentials, CredentialsProviderError: noCredentials, TokenProviderError: noCredentials,
  OAuthError: noCredentials, SubjectTokenProviderError: noCredentials, GatewayAuthenticationError: noCredentials,
  CredentialUnavailableError: noCredentials, AuthenticationRequiredError: noCredentials,
  AggregateAuthenticationError: noCredentials, InferenceOutputError: malformed,
  AI_NoSuchModelError: noModel, AI_NoSuchProviderError: noModel, GatewayModelNotFoundError: noModel,
  GatewayRateLimitError: { is: "RateLimited" }, GatewayInternalServerError: { is: "ServerError" },
  GatewayForbiddenError: { is: "PermissionDenied" }, GatewayInvalidRequestError: invalid,
  GatewayTimeoutError: { is: "TimedOut", phase: "provider" }, GatewayResponseError: malformed,

  AI_InvalidArgumentError: invalid, AI_InvalidPromptError: invalid, AI_UnsupportedFunctionalityError: invalid,
  AI_TooManyEmbeddingValuesForCallError: invalid, AI_InvalidDataContentError: invalid,
  AI_InvalidMessageRoleError: invalid, AI_MessageConversionError: invalid, AI_MissingToolResultsError: invalid,
  AI_UnsupportedModelVersionError: invalid, AI_LoadSettingError: invalid, AI_DownloadError: invalid,
  AI_InvalidToolApprovalError: invalid, AI_ToolCallNotFoundForApprovalError: invalid,

  AI_EmptyResponseBodyError: malformed, AI_InvalidResponseDataError: malformed, AI_JSONParseError: malformed,
  AI_TypeValidationError: malformed, AI_NoObjectGeneratedError: malformed,
  AI_NoContentGeneratedError: malformed, AI_NoOutputGeneratedError: malformed,
  AI_NoImageGeneratedError: malformed, AI_NoSpeechGeneratedError: malformed, AI_NoTranscriptGeneratedError: malformed,
  AI_NoVideoGeneratedError: malformed, AI_InvalidStreamPartError: malformed, AI_UIMessageStreamError: malformed,
  AI_InvalidToolInputError: malformed, AI_NoSuchToolError: malformed, AI_ToolCallRepairError: malformed,
  AI_ToolChoiceViolationError: malformed,

  SDKValidationError: invalid, ZodError: malformed, $ZodError: malformed
})

/** The error names a download that the prompt asked for: its status is not the provider's. */
const notTheProvider = new Set(["AI_DownloadError"])

const filtered: Verdict = { is: "ContentFiltered", by: "completion", code: "content-filter" }
const refused: Verdict = { is: "ContentFiltered", by: "refusal", code: "refusal" }

/** Why an AI SDK call that made nothing of an answer got none. */
const finishReasons = table({
  "content-filter": filtered,
  content_filter: filtered,
  safety: filtered,
  refusal: refused,
  error: { is: "ServerError" },
  length: tooShort,
  max_tokens: tooShort
})

/**
 * The SDK's own word for the reason, else the provider's, else what the answer itself says: a refusal ends with "stop".
 */
const unfinished = (error: object): Verdict | undefined => {
  const said = ["finishReason", "rawFinishReason"].flatMap((name) => [
    Foreign.text(error, name),
    Foreign.text(error, name, "unified"),
    Foreign.text(error, name, "raw")
  ])
  for (const reason of said) {
    const verdict = reason === undefined ? undefined : finishReasons(reason.toLowerCase())
    if (verdict !== undefined) return verdict
  }
  return badEnding(parsed(Foreign.get(error, "response", "body")))
}

/** What the clients say before they send anything, or after a stream that ended too soon. */
const wordings: ReadonlyArray<readonly [wording: RegExp, verdict: Verdict]> = [
  [/^missing credentials|^could not resolve authentication method|^could not load credentials/, noCredentials],
  [/^(?:api key must be set|an api key must be set|could not load the default credentials)/, noCredentials],
  [/^streaming is required for operations/, invalid],
  [/^(?:request|stream) (?:has )?ended(?: without|, this)|^missing finish_reason for choice/, malformed],
  [/^did not receive done or success response in stream/, malformed],
  [/^final run has not been received|^unexpected event order, got|^missing (?:output|content) at index/, malformed],
  [/^received a (?:runstep)?delta (?:before creation of a|with no existing) snapshot/, malformed],
  [/^attempted to iterate over a response with no body/, malformed],
  [/^failed to parse structured output|^exception parsing stream chunk|^incomplete json segment/, malformed],
  // A SyntaxError of JSON.parse: all that most clients make of a body that is none.
  [/ in json\b| is not valid json|^unexpected end of (?:json )?input|^json parse error/, malformed]
]

/**
 * All that LangChain makes of a 200 without an answer, an error within it for instance: it reads the message of none, in
 * its own code. The same words of the program's own code are a mistake of it.
 */
const hasNoMessage = (error: object): boolean =>
  Foreign.text(error, "message") === "Cannot read properties of undefined (reading 'message')" &&
  /^[^\n]*\n\s*at [^\n]*\binvoke\b[^\n]*@langchain[\\/]core\b/.test(
    (Foreign.text(error, "stack") ?? "").slice(0, 1_000)
  )

/**
 * Reads an error object of a vendor's client.
 *
 * @internal
 */
export const read = (error: object): Reading | undefined => {
  const name = Foreign.names(error).find((own) => byName(own) !== undefined) ?? ""
  const verdict = byName(name)
  if (verdict !== undefined && notTheProvider.has(name)) return { sure: sureness.certain, verdict }
  const response = responseOf(error)
  if (response !== undefined) return response
  const why = name.startsWith("AI_No") ? unfinished(error) : undefined
  if (why !== undefined) return { sure: sureness.certain, verdict: why }
  if (verdict !== undefined) return { sure: verdict === malformed ? sureness.vague : sureness.named, verdict }
  if (hasNoMessage(error)) return { sure: sureness.vague, verdict: malformed }
  return readWords(error)
}

/**
 * The same of an error that is told by its words alone.
 *
 * @internal
 */
export const readWords = (error: object): Reading | undefined => {
  const words = (Foreign.text(error, "message") ?? "").slice(0, 200).trim().toLowerCase()
  const worded = words === "" ? undefined : wordings.find(([wording]) => wording.test(words))?.[1]
  return worded && { sure: worded === malformed ? sureness.vague : sureness.worded, verdict: worded }
}

const responseOf = (error: object): Reading | undefined => {
  for (const client of clients) {
    const response = client.read(error)
    if (response === undefined) continue
    // A success that still became an error: whatever hangs on it says more.
    const succeeded = response.status !== undefined && response.status < 400
    const bare = response.headers === undefined && response.body === undefined
    return { sure: succeeded ? sureness.vague : bare ? sureness.status : sureness.certain, response }
  }
  return undefined
}
