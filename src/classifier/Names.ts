/**
 * The names under which a body says something. No runtime tells how many keys an object has before it has listed them
 * all, which takes most of a second for a million; so an object that somebody else made is asked for these, and never
 * for what it has.
 */
import { dialects } from "./Dialects.js"
import { fields } from "./RetryHint.js"

/** Where the parts of an error stand, and what readers look for besides the tables. */
// biome-ignore format: a table
const read = [
  "error", "errors", "error_code", "error_type", "error_message", "error_msg", "error_name", "error_description",
  "error_info", "error_details", "error_status", "error_text", "error_uri", "inner_error", "innererror", "inner_error_code",
  "code", "type", "status", "status_code", "statusCode", "http_status", "http_status_code", "http_code", "raw_status_code",
  "status_msg", "status_message", "reason", "failure_reason", "message", "msg", "detail", "details", "title",
  "raw", "description", "body", "response", "cause", "exception", "object", "fault", "faultstring", "fault_code", "data",
  "metadata", "meta", "extra", "extra_info", "additional_info", "info", "context", "result", "results", "success",
  "headers", "response_headers", "response_body", "output", "base_resp", "domain", "violations", "field_violations",
  "quota_metric", "quota_dimensions", "quota_id", "subject", "param", "params", "param_value", "loc", "event", "failure",
  "last_error", "original_error", "previous_errors", "provider_error", "upstream_error", "upstream", "provider",
  "provider_name", "provider_specific_fields", "provider_code", "content_filter_result", "content_filter_results",
  "content_filter", "incomplete_details", "prompt_feedback", "candidates", "choices", "delta", "finish_reason",
  "native_finish_reason", "stop_reason", "block_reason", "flagged_input", "model_name", "model", "sub_code", "subcode",
  "request_id", "ray_id", "log_id", "trace_id", "id", "name", "key", "value", "kind", "class", "category", "retryable",
  "is_retryable", "retry_info", "help", "hint", "limit", "limit_type", "limit_name", "rate_limit", "credit_limit",
  "n_ctx", "n_prompt_tokens", "user_id", "__type", "@type", "text", "warnings", "responsibleAIPolicyViolation",
  "rate_limit_exceeded", "base_resp", "errcode", "err_code", "errmsg", "err", "err_msg", "errno", "header", "error_msg", "sid", "error_text", "task_status",
  "response_metadata", "retry-after", "retry-after-ms", "Retry-After", "Retry-After-Ms", "x-ratelimit-reset", "X-RateLimit-Reset",
  "x-ratelimit-remaining", "X-RateLimit-Remaining", "x-should-retry", "Original_error", "ResponseMetadata", "Response"
]

const words = (name: string): ReadonlyArray<string> =>
  name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split("_")

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

/** As the wire formats spell names: `retry_after`, `retryAfter`, `RetryAfter`, `retryafter`. */
const spellings = (name: string): ReadonlyArray<string> => {
  if (!/^[a-z]+(?:_?[a-z0-9]+)*$/i.test(name)) return [name]
  const parts = words(name)
  const pascal = parts.map(capital).join("")
  return [name, parts.join("_"), (parts[0] ?? "") + parts.slice(1).map(capital).join(""), pascal]
}

const details = dialects
  .flatMap(({ rules, vague = [] }) => [...rules, ...vague])
  .flatMap(({ detail }) => detail?.[0] ?? [])

/** @internal */
export const names: ReadonlyArray<string> = [
  ...new Set([...read, ...fields.map(([name]) => name), ...details].flatMap(spellings))
]
