/**
 * Which recorded request is the one that is asked now, and what to tell where there is none.
 */
import * as Predicate from "effect/Predicate"
import type { Asked, Exchange } from "./format.js"

/** The same address whatever the port: a provider for tests has another one each time. @internal */
export const addressOf = (url: string): string => {
  const parsed = new URL(url)
  if (/^(?:127\.0\.0\.1|localhost|\[::1\])$/.test(parsed.hostname)) parsed.host = "localhost"
  if (parsed.hostname === "localhost") parsed.port = ""
  parsed.searchParams.sort()
  return parsed.href
}

/** One difference between two requests. @internal */
export interface Difference {
  readonly path: string
  readonly recorded: unknown
  readonly asked: unknown
}

/** Fields of the body whose values are passed over. @internal */
export type Ignore = ReadonlyArray<string>

/** @internal */
export const differences = (recorded: Asked, asked: Asked, ignore: Ignore): ReadonlyArray<Difference> => {
  const all: Array<Difference> = []
  const compare = (path: string, a: unknown, b: unknown): void => {
    if (ignore.includes(path.replace(/\[\d+\]/g, "").replace(/^body\.?/, ""))) return
    if (Object.is(a, b)) return
    if (Array.isArray(a) && Array.isArray(b)) {
      for (let i = 0; i < Math.max(a.length, b.length); i++) compare(`${path}[${i}]`, a[i], b[i])
    } else if (Predicate.isRecord(a) && Predicate.isRecord(b) && !Array.isArray(a) && !Array.isArray(b)) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) compare(`${path}.${key}`, a[key], b[key])
    } else all.push({ path, recorded: a, asked: b })
  }
  compare("method", recorded.method, asked.method)
  compare("url", recorded.url, asked.url)
  compare("body", recorded.body, asked.body)
  return all
}

/** In words. `used` are the exchanges that have been played already. @internal */
export const explain = (
  file: string,
  asked: Asked,
  exchanges: ReadonlyArray<Exchange>,
  used: ReadonlySet<Exchange>,
  ignore: Ignore
): string => {
  const opening = `${asked.method} ${asked.url} is not in the recording ${file}`
  const same = exchanges.filter(({ request }) => differences(request, asked, ignore).length === 0)
  if (same.length > 0) {
    return `${opening} so often: it was recorded ${times(same.length)}, and is asked once more.`
  }
  const [nearest] = exchanges
    .map((exchange, i) => ({ exchange, i, all: differences(exchange.request, asked, ignore) }))
    .sort((a, b) => weight(a.all) - weight(b.all) || Number(used.has(a.exchange)) - Number(used.has(b.exchange)))
  if (nearest === undefined) return `${opening}, which is empty.`
  const lines = nearest.all
    .slice(0, 10)
    .map(({ asked, path, recorded }) => `  ${path}\n    recorded  ${shown(recorded)}\n    asked     ${shown(asked)}`)
  const more = nearest.all.length > 10 ? [`  and ${nearest.all.length - 10} more`] : []
  const which = `The nearest of its ${exchanges.length} is number ${nearest.i + 1}`
  return [
    `${opening}. ${which}${used.has(nearest.exchange) ? ", which was played already" : ""}:`,
    ...lines,
    ...more
  ].join("\n")
}

const times = (n: number): string => (n === 1 ? "once" : n === 2 ? "twice" : `${n} times`)

/** Another address is further away than any body. */
const weight = (all: ReadonlyArray<Difference>): number =>
  all.reduce((sum, { path }) => sum + (path === "url" || path === "method" ? 1_000 : 1), 0)

const shown = (value: unknown): string => {
  if (value === undefined) return "nothing"
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 200 ? `${text.slice(0, 197)}...` : text
}
