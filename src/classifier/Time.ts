/**
 * Durations and moments as servers write them. Nothing here looks at a clock.
 */

const units: ReadonlyArray<readonly [names: ReadonlyArray<string>, millis: number]> = [
  [["ns", "nanoseconds"], 1e-6],
  [["us", "µs", "μs", "microseconds"], 1e-3],
  [["ms", "millisecond", "milliseconds", "millis", "msec"], 1],
  [["s", "sec", "secs", "second", "seconds", "second(s)"], 1_000],
  [["m", "min", "mins", "minute", "minutes", "minute(s)"], 60_000],
  [["h", "hr", "hrs", "hour", "hours", "hour(s)"], 3_600_000],
  [["d", "day", "days", "day(s)"], 86_400_000]
]

const unitOf = new Map(units.flatMap(([names, millis]) => names.map((name) => [name, millis] as const)))

const component = /^(\d{1,12}(?:\.\d{1,12})?)(h|ms|m|s|us|µs|ns|d)/

/** No duration is written in more. */
const longest = 100

/**
 * `1m0.36s`, `120ms`, `34.4s`, `114h18m0s`: the whole text or nothing.
 *
 * @internal
 */
export const goDuration = (text: string): number | undefined => {
  let rest = text
    .slice(0, longest + 1)
    .trim()
    .toLowerCase()
  let sum = 0
  if (rest === "" || rest.length > longest) return undefined
  while (rest !== "") {
    const part = component.exec(rest)
    if (part === null) return undefined
    sum += Number(part[1]) * (unitOf.get(part[2] ?? "") ?? 0)
    rest = rest.slice(part[0].length)
  }
  return sum
}

const filler = new Set([
  ...["in", "after", "for", "at", "least", "about", "approximately", "around", "another", "within", "again", "your"],
  ...["request", "the", "this", "requests", "until", "please", "of", "is", "be", "will", "up", "to", "header", "it"],
  ...["operation", "on", "sending", "making", "more", "calls", "delay", "time", "retry-after", "retry", "limit", "you"]
])

/**
 * A duration in words, right behind a place in a text: `in 18.642s`, `after 33 seconds`, `in 1 minute and 5 seconds`.
 *
 * @internal
 */
export const durationAt = (text: string, at: number): number | undefined => {
  const tokens = text.slice(at, at + 120).split(/[\s=:,]+/)
  let sum: number | undefined
  for (let i = 0, skipped = 0; i < tokens.length; i++) {
    const token = (tokens[i] ?? "").replace(/[.;!)]+$/, "").replace(/^["'`(~]+|["'`]+$/g, "")
    const whole = goDuration(token)
    const count = /^\d{1,12}(?:\.\d{1,12})?$/.test(token)
      ? Number(token)
      : token === "a" || token === "an"
        ? 1
        : undefined
    const unit = unitOf.get((tokens[i + 1] ?? "").replace(/[.;!,"'`]+$/, ""))
    if (whole !== undefined) sum = (sum ?? 0) + whole
    else if (count !== undefined && unit !== undefined) {
      sum = (sum ?? 0) + count * unit
      i++
    } else if (sum === undefined && token !== "" && filler.has(token) && skipped < 8) skipped++
    else if (token !== "" && !(sum !== undefined && token === "and")) break
  }
  return sum
}

const clock = /^ ?(?:in|after|:)? ?(?:(\d{1,3})\.)?(\d\d):(\d\d):(\d\d)(?![\d:])/

/**
 * A duration as .NET writes it, right behind a place in a text: `in 14:23:01`, `in 1.14:23:01`. Behind `at` it is a time
 * of the day.
 *
 * @internal
 */
export const clockAt = (text: string, at: number): number | undefined => {
  const found = clock.exec(text.slice(at, at + 40))
  if (found === null) return undefined
  const [, days = "0", hours, minutes, seconds] = found
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60_000 + Number(seconds) * 1000
}

const httpDate = /^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? .{8,40}$/i
const rfc3339 =
  /(\d{4}[-/]\d\d[-/]\d\d)(?:(?:[t ]|,? at |, )(\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))?\s?\(?(z|utc|gmt|[+-]\d\d:?\d\d)?/i

/**
 * A moment that is the whole text: an HTTP-date or RFC 3339. Milliseconds since 1970.
 *
 * @internal
 */
export const momentIn = (text: string): number | undefined => {
  const trimmed = text.slice(0, longest).trim()
  if (httpDate.test(trimmed)) return parsed(/gmt|utc|[+-]\d{4}$/i.test(trimmed) ? trimmed : `${trimmed} GMT`)
  const found = rfc3339.exec(trimmed)
  return found !== null && found.index === 0 ? moment(found) : undefined
}

/**
 * A moment in words, close behind a place in a text. One that names no zone is in the given one.
 *
 * @internal
 */
export const momentAt = (text: string, at: number, zone: string): number | undefined => {
  const found = rfc3339.exec(text.slice(at, at + 60))
  return found === null ? undefined : moment(found, zone)
}

const moment = ([, day, time = "00:00", named]: ReadonlyArray<string | undefined>, zone = "Z"): number | undefined =>
  parsed(
    `${day?.replaceAll("/", "-")}T${time}${named === undefined ? zone : /^(?:z|utc|gmt)$/i.test(named) ? "Z" : named}`
  )

const parsed = (text: string): number | undefined => {
  const millis = Date.parse(text)
  return Number.isNaN(millis) ? undefined : millis
}
