// What a user's project might hold. It is compiled and run in a project of its own, outside of this one, against the
// packed package.
import { LlmError, Rejection } from "effect-resilience"
import * as Errors from "effect-resilience/LlmError"

const failure: Errors.LlmError = new LlmError.RateLimited({ target: "openai/gpt-5", status: 429 })
const rejection: Rejection.Rejection = new Rejection.BulkheadFull({ key: "openai/gpt-5", running: 8, queued: 16 })

const told: string = LlmError.userMessage(failure)
const tags: ReadonlyArray<Errors.Tag | Rejection.Rejection["_tag"]> = [failure._tag, rejection._tag]
// The package itself and its modules are one and the same code.
const same: boolean = Errors.RateLimited === LlmError.RateLimited && Errors.isLlmError(failure)

export const result = { told, tags, same, retryable: LlmError.traits(failure).retryable }
