import { Classifier, LlmError } from "effect-resilience"
import { measure } from "../measure.js"
import type { Shape } from "./shape.js"

const body = JSON.stringify({
  error: {
    message: "Rate limit reached for gpt-5 in organization org-abc on tokens per min (TPM): Limit 30000, Used 29800.",
    type: "tokens",
    param: null,
    code: "rate_limit_exceeded"
  }
})

const response = { status: 429, headers: { "content-type": "application/json", "retry-after": "3" }, body }

const batch =
  (run: (at: number) => unknown) =>
  async (calls: number): Promise<unknown> => {
    let last: unknown
    for (let at = 0; at < calls; at++) last = run(at)
    return last
  }

/** What a client of one's own would make of the same response. */
class Failed extends Error {
  constructor(
    readonly status: number,
    readonly body: unknown
  ) {
    super("the response is a failure")
  }
}

export const reading: Shape = {
  title: "Reading one failure",
  about: "A 429 of OpenAI's with its body as text, and a plain `Error` of which nobody knows anything.",
  unit: "time",
  run: (effort) =>
    measure(
      [
        { name: "new Error", batch: batch(() => new Error("upstream")) },
        {
          name: "new Error and JSON.parse",
          batch: batch(() => new Failed(response.status, JSON.parse(response.body)))
        },
        { name: "new LlmError.RateLimited", batch: batch(() => new LlmError.RateLimited({ status: 429 })) },
        { name: "fromHttpResponse: a known body", batch: batch(() => Classifier.fromHttpResponse(response)) },
        { name: "fromUnknown: a plain Error", batch: batch(() => Classifier.fromUnknown(new Error("upstream"))) }
      ],
      2_000,
      effort
    )
}
