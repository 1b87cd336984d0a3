/** What Mistral's client makes itself of an answer or a request that is not of its format. */
import { expect, it } from "@effect/vitest"
import { ResponseValidationError } from "@mistralai/mistralai/models/errors/responsevalidationerror.js"
import { SDKValidationError } from "@mistralai/mistralai/models/errors/sdkvalidationerror.js"
import { Classifier } from "effect-resilience"

const issues = [{ code: "invalid_type", expected: "string", path: ["id"], message: "Invalid input" }]
const zodError = Object.assign(new Error(JSON.stringify(issues)), { name: "ZodError", issues })

const ofAnswer = (body: unknown) => {
  const text = JSON.stringify(body)
  return new ResponseValidationError("Response validation failed", {
    response: new Response(text, { status: 200, headers: { "content-type": "application/json" } }),
    request: new Request("http://x/v1/chat/completions"),
    body: text,
    cause: zodError,
    rawValue: body,
    rawMessage: "Response validation failed"
  })
}

it.each<readonly [what: string, thrown: unknown, tag: string]>([
  ["an error within a 200", ofAnswer({ object: "error", message: "slow down", code: 429 }), "RateLimited"],
  ["an answer of no known format", ofAnswer({ words: 1 }), "MalformedResponse"],
  ["an event that is none", zodError, "MalformedResponse"],
  ["a request that is none", new SDKValidationError("Input validation failed", zodError, {}), "InvalidRequest"]
])("C15: %s", (_, thrown, tag) => {
  expect(Classifier.fromUnknown(thrown)._tag).toBe(tag)
})
