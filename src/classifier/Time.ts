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
 * What a moment in words leaves out.
 *
 * @internal
 */
export interface When {
  /** The zone, where none is named. */
  readonly zone: string
  /** The time that a time of the day comes after, in milliseconds since 1970. */
  readonly base: number | undefined
}

/**
 * A moment in words, close behind a place in a text: a date, or the next time that a clock shows so much.
 *
 * @internal
 */
export const momentAt = (text: string, at: number, when: When): number | undefined => {
  const near = text.slice(at, at + 60)
  const found = rfc3339.exec(near)
  if (found !== null) return moment(found, when.zone)
  return monthAt(near, when.zone) ?? timeOfDay(near, when)
}

const moment = ([, day, time = "00:00", named]: ReadonlyArray<string | undefined>, zone = "Z"): number | undefined =>
  parsed(`${day?.replaceAll("/", "-")}T${time}${zoneOf(named, zone)}`)

const zones: Readonly<Record<string, string>> = {
  ...{ z: "Z", utc: "Z", gmt: "Z", pst: "-08:00", pdt: "-07:00", est: "-05:00", edt: "-04:00", cet: "+01:00" },
  ...{ cest: "+02:00", jst: "+09:00" }
}

const zoneOf = (named: string | undefined, zone: string): string =>
  named === undefined ? zone : (zones[named.toLowerCase()] ?? named)

const inWords =
  "(\\d{1,2}):(\\d\\d)(?::(\\d\\d))? ?([ap])?\\.?(?:m\\b)?\\.? ?\\(?([a-z]{1,12}(?:\\/[a-z_]{1,20})?\\b|[+-]\\d\\d:?\\d\\d)?"
const timeInWords = new RegExp(`^ ?(?:at|after|on|until)? ?${inWords}`)
const monthInWords = new RegExp(
  `\\b([a-z]{3})[a-z]{0,6}\\.? (\\d{1,2})(?:st|nd|rd|th)?,? (\\d{4}),? (?:at )?${inWords}`
)
const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

const two = (value: number): string => String(value).padStart(2, "0")

/** A time as `HH:MM:SS` with its zone; nothing in a zone that is not known. */
const clockIn = (found: ReadonlyArray<string | undefined>, zone: string): string | undefined => {
  const [hour, minute, second = "00", half, named] = found
  const known = named === undefined || named in zones || /^[+-]/.test(named)
  const odd = !known && (named.includes("/") || /^[a-z]{1,3}[sd]t$/.test(named))
  if (odd) return undefined
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (half === "p" ? 12 : 0)
  return `T${two(hours)}:${minute}:${second}${zoneOf(known ? named : undefined, zone)}`
}

const monthAt = (text: string, zone: string): number | undefined => {
  const found = monthInWords.exec(text)
  const month = found === null ? -1 : months.indexOf(found[1] ?? "")
  const time = found === null ? undefined : clockIn(found.slice(4), zone)
  return found === null || month === -1 || time === undefined
    ? undefined
    : parsed(`${found[3]}-${two(month + 1)}-${two(Number(found[2]))}${time}`)
}

const aDay = 86_400_000

const timeOfDay = (text: string, { base, zone }: When): number | undefined => {
  const found = timeInWords.exec(text)
  const time = found === null || base === undefined ? undefined : clockIn(found.slice(1), zone)
  const at = time === undefined ? undefined : parsed(`1970-01-01${time}`)
  if (at === undefined || base === undefined) return undefined
  const left = (((at - base) % aDay) + aDay) % aDay
  return base + (left === 0 ? aDay : left)
}

const parsed = (text: string): number | undefined => {
  const millis = Date.parse(text)
  return Number.isNaN(millis) ? undefined : millis
}
