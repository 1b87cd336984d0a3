import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** They answer in html, plain text or problem+json, whatever provider is behind them. @internal */
export const fronts: Dialect = {
  name: "fronts",
  title: "Cloudflare, nginx, AWS and Envoy in front of a provider",
  aliases: ["nginx", "envoy", "alb"],
  rules: [
    { detail: ["error_code", /^1015$/], is: "RateLimited" },
    { detail: ["error_code", /^10(?:06|07|08|09|10|12|20)$/], is: "PermissionDenied" },
    { says: /error (?:code: )?1015\b/, is: "RateLimited" },
    { says: /error (?:code: )?10(?:06|07|08|09|10|12|20)\b/, is: "PermissionDenied" },
    { says: /you have been blocked|attention required! \| cloudflare|just a moment\.\.\./, is: "PermissionDenied" },
    { says: /no healthy upstream|reset reason: overflow|upstream overloaded/, is: "Overloaded" },
    { says: /upstream request timeout|stream timeout|endpoint request timed out|function_invocation_timeout/, is: "TimedOut" },
    { says: /upstream connect error|disconnect\/reset before headers/, is: "ServerError" },
    { says: /missing authentication token/, is: "AuthenticationFailed" },
    { says: /^limit exceeded\b/, is: "QuotaExhausted" },
    { says: /^404 page not found$|^cannot (?:post|get) \//, is: "InvalidRequest" },
    { status: [504, 524], is: "TimedOut" },
    { status: [520, 521, 522, 523, 525, 526, 527, 530], is: "ServerError" }
  ]
}
