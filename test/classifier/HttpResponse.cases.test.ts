import { afterAll, describe, expect, it } from "@effect/vitest"
import { Duration } from "effect"
import { Classifier, LlmError } from "effect-resilience"
import { dialects } from "../../src/classifier/Dialects.js"
import { examine } from "../../src/classifier/HttpResponse.js"
import type { Case } from "./cases/Case.js"
import { cases } from "./cases/index.js"

const wire = ({ body, headers, status }: Case): Classifier.HttpFailure => ({
  status,
  headers,
  body: typeof body === "object" ? JSON.stringify(body) : body
})

const meant = ({ fallback, hint, retryable, tag }: Case) => ({ tag, retryable, hint, fallback })

const readAs = (failure: Classifier.HttpFailure) => {
  const error = Classifier.fromHttpResponse(failure)
  const { fallback, retryable } = LlmError.traits(error)
  const hint = error.retryAfter === undefined ? undefined : Duration.toMillis(error.retryAfter)
  return { tag: error._tag, retryable, hint, fallback }
}

const all = Object.entries(cases).flatMap(([provider, of]) => of.map((one) => ({ provider, one })))

for (const [provider, of] of Object.entries(cases)) {
  describe(`responses of ${provider}`, () => {
    for (const one of of) {
      it(one.title, () => {
        expect(readAs({ ...wire(one), provider })).toEqual(meant(one))
      })
    }
  })
}

describe("all responses", () => {
  it("are at least 260", () => {
    expect(all.length).toBeGreaterThanOrEqual(260)
  })

  it("use every row of every table", () => {
    const used = new Set(all.map(({ one, provider }) => examine({ ...wire(one), provider }).rule))
    const idle = dialects.flatMap(({ name, rules, vague = [] }) =>
      [...rules, ...vague].filter((rule) => !used.has(rule)).map((rule) => `${name}: ${shown(rule)}`)
    )
    expect(idle).toEqual([])
  })

  it("are read alike nearly always when nobody says whose they are", () => {
    const agreed = all.filter(({ one }) => JSON.stringify(readAs(wire(one))) === JSON.stringify(meant(one)))
    expect(agreed.length / all.length).toBeGreaterThan(0.95)
  })

  afterAll(() => {
    const lines = Object.entries(cases).map(([provider, of]) => {
      const right = (named: boolean) =>
        of.filter(
          (one) => JSON.stringify(readAs({ ...wire(one), ...(named && { provider }) })) === JSON.stringify(meant(one))
        ).length
      return `${provider.padEnd(12)} ${`${right(true)}/${of.length}`.padStart(7)} named  ${`${right(false)}/${of.length}`.padStart(7)} recognised`
    })
    process.stdout.write(`\naccuracy by provider, of ${all.length} responses\n${lines.join("\n")}\n`)
  })
})

const shown = (rule: object): string =>
  JSON.stringify(rule, (_, value) => (value instanceof RegExp ? String(value) : value))
