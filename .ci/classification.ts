// docs/classification.md is written from the tables the classifier reads.
//
//   tsx .ci/classification.ts            writes it
//   tsx .ci/classification.ts --check    fails if it differs
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { type Dialect, levelsOf, type Rule } from "../src/classifier/Dialect.js"
import { dialects } from "../src/classifier/Dialects.js"
import { precedence } from "../src/classifier/RetryHint.js"
import * as LlmError from "../src/LlmError.js"

const path = fileURLToPath(new URL("../docs/classification.md", import.meta.url))

const code = (text: string): string => `\`${text.replaceAll("|", "\\|")}\``
const codes = (texts: string | number | ReadonlyArray<string | number>): string =>
  [texts]
    .flat()
    .map((text) => code(String(text)))
    .join(", ")
const words = (says: RegExp | ReadonlyArray<RegExp>): string =>
  [says]
    .flat()
    .map((one) => code(one.source))
    .join("<br>or ")

const conditions = (rule: Rule): ReadonlyArray<string> => [
  ...(rule.name === undefined ? [] : [`code or type ${codes(rule.name)}`]),
  ...(rule.code === undefined ? [] : [`code ${codes(rule.code)}`]),
  ...(rule.type === undefined ? [] : [`type ${codes(rule.type)}`]),
  ...(rule.detail === undefined ? [] : [`${code(rule.detail[0])} is ${code(rule.detail[1].source)}`]),
  ...(rule.says === undefined ? [] : [`the words ${words(rule.says)}`]),
  ...(rule.oversized === undefined ? [] : ["it requests more than the limit it names"]),
  ...(rule.status === undefined ? [] : [`status ${codes(rule.status)}`])
]

const meaning = ({ by, is, retryable }: Rule): string =>
  [
    `\`${is}\``,
    ...(by === undefined ? [] : [`by ${by}`]),
    ...(retryable === undefined ? [] : [retryable ? "retried" : "not retried"])
  ].join(", ")

const row = (rule: Rule, readAt: string): string =>
  `| ${readAt} | ${conditions(rule).join("<br>and ")} | ${meaning(rule)} |`

const order = ["code", "type", "detail", "wording", "status"]

const table = ({ aliases = [], name, rules, title, vague = [] }: Dialect): string => {
  const levelled = rules.map((rule) => ({ rule, level: levelsOf(rule)[0] ?? "status" }))
  const rows = order.flatMap((level) => [
    ...levelled.filter((one) => one.level === level).map(({ rule }) => row(rule, level)),
    ...(level === "wording" ? vague.map((rule) => row(rule, "vague")) : [])
  ])
  return [
    `### ${title}`,
    "",
    `Called ${codes([name, ...aliases])}.`,
    "",
    "| read at | where | means |",
    "|---|---|---|",
    ...rows
  ].join("\n")
}

const members = LlmError.LlmError.members.map(({ _tag }) => _tag)

const again = { always: "yes", once: "once", lastResort: "if there is no other target", never: "no" }
const elsewhere = { any: "yes", largerWindow: "one with a larger window", onRequest: "only if asked for", never: "no" }

const traits = members.map((tag) => {
  const { otherTarget, sameTarget } = LlmError.traits({ _tag: tag } as LlmError.LlmError)
  return `| \`${tag}\` | ${again[sameTarget]} | ${elsewhere[otherTarget]} |`
})

export const page: string = `<!-- Written from the tables in src/classifier by \`npm run docs:classification\`; do not edit. -->

# What is read as what

\`Classifier.fromHttpResponse\` turns a failed response of any provider or gateway into one of the errors below. Policies
look at nothing else.

| error | tried again on the same target | another target |
|---|---|---|
${traits.join("\n")}

An error's own \`retryable\` goes before this table. It is set where a row below says so, by the header \`x-should-retry\`,
and by \`retryable\` in a problem+json body. Nothing makes a spent quota retryable.

## Order of precedence

The body is read before the status, since the status alone misleads. All tables are read in the same order: every table
at one level before any table at the next.

1. \`code\`: the names in the fields \`code\`, \`status\`, \`reason\`, \`error\`
2. \`type\`: the names in the fields \`type\` and \`error_type\`, and in the header \`x-amzn-errortype\`
3. \`detail\`: any other field of the body, or a header
4. \`wording\`: the message, in lower case and without addresses
5. \`vague\`: names that say little, such as \`invalid_request_error\`
6. \`status\`: the one the body states in a field of its own, else that of the response

Within a level the tables follow each other: the named provider's own, those that the response looks like, the one that
the target's name begins with (\`openai/gpt-5\`), then OpenAI's, which most servers speak, then the fronts', then the one for
everybody. Within a table the first row that fits decides, so the more telling rows stand above.

A status that no standard has, or that says little of the request, is read by who sends it: 421, 424, 444, 460 and 499 are a
failure on the way (\`ServerError\`), 423, 425 and 449 a \`Conflict\`, 498 an \`Overloaded\`, 419, 440, 495, 496 and 511
\`AuthenticationFailed\`. Any other 4xx is the request's own fault (\`InvalidRequest\`), any other 5xx the server's
(\`ServerError\`), unless the body says more.

Digits inside a message are never a status. Fields that quote the request (\`input\`, \`messages\`, \`prompt\`, ...) are not
read. JSON inside a string is read like the rest, and the innermost status counts.

## When to come back

Several hints may stand in one response. The first of these that lies in the future is the error's \`retryAfter\`:

${precedence.map((source, index) => `${index + 1}. ${source}`).join("\n")}

Zero, a negative number, a date that has passed and anything unreadable is no hint; the next source is asked. Fractions
are rounded up to the next millisecond. A date counts from the response's own \`date\` header, else from \`now\`, and is no
hint where neither is known. The fifth is read only where the failure is a limit, since those headers come with every
response.

A time of the day is the next one. A moment that names no zone is taken to be in UTC; where Zhipu or Z.ai names it, in the time of Beijing (UTC+8), which is
what they mean. A time in a zone that is not known is no hint. Headers that a front hands on under a prefix of its own (\`llm_provider-retry-after\`) count where it has
no such header itself.

A hint beats arithmetic: a request above the limit that the words name is a \`RequestTooLarge\`, but with a hint it is a
\`RateLimited\`. So is a "quota exceeded" of unknown kind with a hint of at most an hour.

A rate limit whose hint is longer than an hour, or that speaks of a day, a week or a month and names no time, is a
\`QuotaExhausted\`. Its \`resetsAt\` is the moment the hint ends.

## Responses of \`fetch\` and of \`HttpClient\`

\`fetch\` takes a 503 for an answer, and what is thrown in its place (\`filterStatusOk\`, a \`Response\`) has no body, which is
where a spent quota is told from a limit per minute. \`LlmCall.fetch\` reads status, headers and body. With \`HttpClient\` of
\`@effect/platform\` read the body of a failed response before it becomes a failure:

\`\`\`ts
import { HttpClient, HttpClientRequest } from "@effect/platform"
import { Effect } from "effect"
import { Classifier, Resilience } from "effect-resilience"

const target = "acme/large"

export const answer = HttpClient.execute(HttpClientRequest.post("https://llm.acme.example/v1/chat/completions")).pipe(
  Effect.flatMap((response) =>
    Effect.gen(function* () {
      const { headers, status } = response
      if (status >= 200 && status < 300) return yield* response.json
      const body = yield* Effect.orElseSucceed(response.text, () => "")
      return yield* Effect.fail(Classifier.fromHttpResponse({ target, status, headers, body }))
    })
  ),
  Effect.scoped,
  Effect.mapError((error) => Classifier.fromUnknown(error, { target })),
  Resilience.protect(target)
)
\`\`\`

## Who gave up

An abort is the caller's wish if the caller's signal was aborted, whatever the reason is: the effect was interrupted, or
the \`signal\` that \`LlmCall\` was given. It is neither retried nor counted. An abort that a client reports while neither
happened is a timeout of the client's own, and so \`TimedOut\`: a signal of your own that you only hand to the client, and
not to \`LlmCall\`, looks like one.

## What was thrown

What nobody knows is \`Unclassified\`, mostly a bug of one's own inside \`try\`. Its message names what was thrown, and
never quotes it, since the words may hold a prompt. The thing itself, its words and its stack are the failure's \`cause\`,
which no log and no encoding shows; ask for it where you look for the bug:

\`\`\`ts
import { Console, Effect, Redacted } from "effect"
import { LlmCall } from "effect-resilience"

export const program = LlmCall.tryPromise({ target: "acme/large", try: () => fetch("https://llm.acme.example") }).pipe(
  Effect.tapErrorTag("Unclassified", ({ cause }) =>
    cause === undefined ? Effect.void : Console.error(Redacted.value(cause))
  )
)
\`\`\`

\`providerMessage\` holds a provider's own words in the same way.

## A reader of your own

A \`classify\` option takes a \`Classifier.Reader\`: it is asked first, and what it does not know goes on to the toolkit.
\`Classifier.orElse\` makes one of several.

\`\`\`ts
import { Effect, Option, Predicate } from "effect"
import { Classifier, LlmCall, LlmError } from "effect-resilience"

const maintenance: Classifier.Reader = (thrown) =>
  Predicate.hasProperty(thrown, "maintenance") ? Option.some(new LlmError.Overloaded()) : Option.none()

const licence: Classifier.Reader = (thrown) =>
  Predicate.hasProperty(thrown, "licence") ? Option.some(new LlmError.PermissionDenied()) : Option.none()

export const answer: Effect.Effect<string, LlmError.LlmError> = LlmCall.tryPromise({
  target: "acme/large",
  try: () => Promise.resolve("42"),
  classify: Classifier.orElse(maintenance, licence)
})
\`\`\`

In front of \`fromHttpResponse\` itself, a reader is asked in the same way:

\`\`\`ts
import { Option } from "effect"
import { Classifier, LlmError } from "effect-resilience"

const teapot: Classifier.Reader<Classifier.HttpFailure> = ({ status }) =>
  status === 418 ? Option.some(new LlmError.Overloaded({ status })) : Option.none()

export const read = (failure: Classifier.HttpFailure): LlmError.LlmError =>
  Option.getOrElse(teapot(failure), () => Classifier.fromHttpResponse(failure))
\`\`\`

To teach the toolkit a fact for everyone, add a row to the provider's table in \`src/classifier\`, a case to
\`test/classifier/cases\`, and run \`npm run docs:classification\`.

## The tables

${dialects.map(table).join("\n\n")}
`

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!process.argv.includes("--check")) writeFileSync(path, page)
  else if (readFileSync(path, "utf8") !== page) {
    console.error("docs/classification.md is not what the tables say; run npm run docs:classification")
    process.exit(1)
  }
}
