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
  })
]
