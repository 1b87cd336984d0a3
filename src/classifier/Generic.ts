import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** What a response means when nothing but its status is known. @internal */
export const generic: Dialect = {
  name: "generic",
  title: "Any provider",
  rules: [
    { status: [401, 407], is: "AuthenticationFailed" },
    { status: 402, is: "QuotaExhausted" },
    { status: [403, 451], is: "PermissionDenied" },
    { status: [408, 504, 524], is: "TimedOut" },
    { status: 409, is: "Conflict" },
    { status: [413, 431], is: "RequestTooLarge" },
    { status: 429, is: "RateLimited" },
    { status: [503, 529, 498], is: "Overloaded" },
    { status: [424, 499], is: "ServerError" }
  ]
}
