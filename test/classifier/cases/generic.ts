import {
  after,
  auth,
  broken,
  type Case,
  c,
  conflict,
  context,
  denied,
  filtered,
  invalid,
  large,
  malformed,
  model,
  overloaded,
  quota,
  rate,
  server,
  timedOut
} from "./Case.js"

const named = (code: string, message = "No words.") => ({ error: { code, message } })
const says = (message: string) => ({ message })

export const generic: ReadonlyArray<Case> = [
  c("name: filter", 400, named("data_inspection_failed"), filtered),
  c("name: context", 400, named("model_max_prompt_tokens_exceeded"), context),
  c("name: quota", 429, named("exceeded_current_quota_error"), quota),
  c("name: balance, a number", 429, named("1113"), quota),
  c("name: overload", 429, named("engine_overloaded_error"), overloaded),
  c("name: rate", 429, named("rate_limit_reached_error"), rate),
  c("name: rate with dots", 429, { code: "Throttling.RateQuota", message: "Requests too fast." }, rate),
  c("name: auth", 400, named("invalid_authentication_error"), auth),
  c("name: permission", 400, named("access_denied"), denied),
  c("name: model", 400, named("model_not_supported"), model),
  c("name: size", 400, named("payload_too_large"), large),
  c("name: timeout", 500, named("gateway_timeout"), timedOut),
  c("name: api error", 500, named("api_error"), server),
  c("name: bad request", 400, named("bad_request"), invalid),
  c("name: not found", 404, named("not_found"), invalid),
  c("name: forbidden, but it is money", 403, named("permission-denied", "You have run out of credits."), quota),
  c(
    "finish reason: filter",
    200,
    { choices: [{ finish_reason: "content_filter", message: { content: "" } }] },
    filtered
  ),
  c("stop reason: refusal", 200, { stop_reason: "refusal" }, filtered),
  c("words: one request above the limit", 429, says("Request too large on tokens: Limit 1000, Requested 2000."), large),
  c("words: per minute", 429, says("Quota exceeded for requests per minute."), rate),
  c("words: per minute, as a 400", 400, says("You made more than 10 calls/min."), rate),
  c("words: context length", 500, says("The prompt exceeds the model's context of 4k."), context),
  c("words: input too long", 422, says("Your input is too long."), context),
  c("words: maximum prompt tokens", 429, says("Range of input length should be [1, 129024]"), context),
  c("words: policy", 400, says("This text violates our community policy."), filtered),
  c("words: balance", 400, says("Insufficient account balance."), quota),
  c("words: budget", 403, says("Your budget for this key has been exceeded"), quota),
  c("words: daily", 429, says("You reached your daily limit of messages."), quota),
  c("words: key", 403, says("API key has been revoked or is invalid."), auth),
  c("words: token", 400, says("Token has expired"), auth),
  c("words: model", 400, says("Model acme-1 was not found on this server"), model),
  c("words: region", 403, says("This service is not available in your region."), denied),
  c("words: overload", 500, says("We are at capacity, come back soon."), overloaded),
  c("words: busy", 200, says("The service is busy."), overloaded),
  c("words: rate", 403, says("Too many requests, slow down."), rate),
  c("words: size", 400, says("The request body is too large."), large),
  c("words: timeout", 500, says("The upstream call timed out."), timedOut),
  c("words: unavailable", 500, says("Service unavailable"), overloaded),
  c("words: internal error in a 200", 200, says("Internal server error"), server),
  c("status 401", 401, "", auth),
  c("status 402", 402, "", quota),
  c("status 403", 403, "", denied),
  c("status 408", 408, "", timedOut),
  c("status 409", 409, "", conflict),
  c("status 413", 413, "", large),
  c("status 418", 418, "", invalid),
  c("status 424", 424, "", server),
  c("status 429 with a date", 429, "", after(rate, 30_000), {
    date: "Wed, 21 Oct 2026 07:28:00 GMT",
    "retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"
  }),
  c("status 429, a day", 429, "", after(quota, 86_400_000), { "retry-after": "86400" }),
  c("status 500", 500, "", server),
  c("status 501", 501, "", broken),
  c("status 503", 503, undefined, overloaded),
  c("status 504", 504, undefined, timedOut),
  c("status 302", 302, "", invalid),
  c("status 0", 0, "", ["Unclassified", "stop", undefined, "stay"]),
  c("status 200 with json of another kind", 200, { hello: "world" }, malformed),
  c("the status in a field inside a 200", 200, { error: { code: 429, message: "?" } }, rate),
  c(
    "a 429 inside a relay's 400",
    400,
    { error: { message: 'upstream said: {"error":{"code":429,"message":"?"}}', code: 400 } },
    rate
  ),
  c("digits in words are no status", 400, says("Got 503 items of 429 tokens, error at line 500"), invalid),
  c("a number as the whole body", 400, "429", invalid),
  c(
    "an error in an error in an error",
    400,
    { error: { error: { error: { code: "insufficient_quota", message: "?" } } } },
    quota
  ),
  c(
    "json in a string in a string",
    400,
    JSON.stringify(JSON.stringify(JSON.stringify({ error: { code: "insufficient_quota" } }))),
    quota
  ),
  c(
    "an event stream as the body of a 429",
    429,
    'event: error\ndata: {"error":{"type":"insufficient_quota","message":"?"}}\n\n',
    quota
  ),
  c("single quotes", 429, "{'error': {'type': 'insufficient_quota', 'message': None}}", quota),
  c("cut off", 429, '{"error":{"type":"insufficient_quota","message":"You exc', quota),
  c("behind text", 429, 'Error 429: {"error":{"type":"insufficient_quota"}}', quota),
  c("json under the name of html", 429, '{"error":{"type":"insufficient_quota"}}', quota, {
    "content-type": "text/html"
  }),
  c("words: hourly", 429, says("Rate limit reached. You hit the free usage limit (reset hourly)."), rate),
  c("words: a day's allocation", 429, says("You have used up your daily free allocation."), quota),
  c("words: a model in quotes", 400, says("The 'acme-2' model is not supported with this account."), model),
  c("words: a forbidden field", 422, says("Extra inputs are not permitted"), invalid),
  c("words: a forbidden caller", 400, says("Your organization is not allowed to do this."), denied),
  c("words: no method", 405, says("Method Not Allowed"), invalid),
  c(
    "words: a missing tool result",
    400,
    says("messages.4: tool_use ids were found without tool_result blocks"),
    invalid
  ),
  c(
    "words: too many output tokens",
    400,
    says("max_tokens is too large: 99999. This model supports at most 16384 completion tokens."),
    invalid
  ),
  c("name: quota of a relay", 403, named("insufficient_user_quota", "\u989d\u5ea6\u4e0d\u8db3"), quota),
  c("words: saturated", 500, says("\u5f53\u524d\u8d1f\u8f7d\u5df2\u9971\u548c"), overloaded),
  c("a worker's loading time", 503, { error: "Model is loading", estimated_time: 3 }, after(overloaded, 3_000)),
  c("an epoch as the reset", 429, says("Rate limited"), after(rate, 30_000), {
    date: "Wed, 21 Oct 2026 07:28:00 GMT",
    "x-ratelimit-remaining": "0",
    "x-ratelimit-reset": String(Date.UTC(2026, 9, 21, 7, 28, 30) / 1000)
  }),
  c("a Java server's page", 500, { timestamp: 1, status: 500, error: "Internal Server Error", path: "/v1" }, server),
  c(
    "problem+json of someone else",
    503,
    { type: "about:blank", title: "Service Unavailable", status: 503, detail: "Draining" },
    overloaded
  ),
  c(
    "a list of errors",
    429,
    { errors: [{ message: "Capacity temporarily exceeded, please try again.", code: 3040 }], success: false },
    rate
  ),
  c(
    "xml",
    400,
    "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate limit hit, slow down</Message></Error></ErrorResponse>",
    rate
  ),
  c("a token endpoint's refusal", 400, { error: "invalid_grant", error_description: "Token has been expired" }, auth),
  c("a token endpoint's refusal, in words", 400, "Could not refresh access token: invalid_grant", auth)
]
