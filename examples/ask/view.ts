// What a person sees while the call is under way: a line for each event, and on a terminal a last line that counts the
// time. It reads the toolkit's events and nothing else.
import { stripVTControlCharacters, styleText } from "node:util"
import { Terminal } from "@effect/platform"
import { Clock, Config, Duration, Effect, Fiber, Queue, Ref, Schedule, Stream } from "effect"
import { LlmError, Rejection, ResilienceEvent, type Telemetry } from "effect-resilience"

type Paint = (colour: "green" | "red" | "yellow" | "cyan" | "dim" | "bold", text: string) => string

/** Colour when the terminal has it and nobody has asked for none (https://no-color.org). */
export const paint: Effect.Effect<Paint, never, Terminal.Terminal> = Effect.gen(function* () {
  const terminal = yield* Terminal.Terminal
  const plain = yield* Config.string("NO_COLOR").pipe(Config.withDefault(""), Effect.orDie)
  const colour = plain === "" && (yield* terminal.isTTY)
  return (style, text) => (colour ? styleText(style, text) : text)
})

const seconds = (duration: Duration.DurationInput): string => `${(Duration.toMillis(duration) / 1000).toFixed(1)} s`

const outcome = (error: unknown): string =>
  LlmError.isLlmError(error) || Rejection.isRejection(error) ? `${error._tag}: ${error.message}` : String(error)

/** What an event says, and what the call is then busy with. */
const reading = (event: ResilienceEvent.ResilienceEvent, paint: Paint): { line?: string; doing?: string } => {
  const attempt = "attempt" in event ? `${event.target} #${event.attempt}` : event.target
  switch (event._tag) {
    case "AttemptStarted":
      return { line: `${paint("cyan", "→")} ${attempt}  asked`, doing: `${attempt} is thinking` }
    case "AttemptSucceeded":
      return { line: `${paint("green", "✓")} ${attempt}  answered after ${seconds(event.duration)}` }
    case "AttemptFailed":
      return { line: `${paint("red", "✗")} ${attempt}  ${outcome(event.error)} (after ${seconds(event.duration)})` }
    case "AttemptInterrupted":
      return { line: `${paint("yellow", "■")} ${attempt}  interrupted` }
    case "RetryScheduled":
      return {
        line: `${paint("yellow", "…")} ${attempt}  follows in ${seconds(event.wait)}`,
        doing: `waiting ${seconds(event.wait)} before ${attempt}`
      }
    case "RetryWithheld":
      return { line: `${paint("yellow", "■")} ${attempt}  no further attempt: ${event.reason}` }
    case "CallRejected":
      return { line: `${paint("red", "✗")} ${attempt}  not sent. ${outcome(event.error)}` }
    case "CallInterrupted":
      return { line: `${paint("yellow", "■")} ${attempt}  given up` }
    case "TargetParked":
      return { line: `${paint("yellow", "‖")} ${attempt}  left alone for ${seconds(event.wait)}` }
    case "CircuitChanged": {
      const forSoLong = event.retryAfter === undefined ? "" : ` for ${seconds(event.retryAfter)}`
      return {
        line: `${paint("yellow", "⚡")} ${attempt}  circuit ${event.from} → ${paint("bold", event.to)}${forSoLong}`
      }
    }
    case "FallbackTaken":
      return { line: `${paint("cyan", "↷")} ${event.target}  asked in place of ${event.from}` }
    case "FallbackSkipped":
      return { line: `${paint("yellow", "■")} ${event.target}  passed over. ${outcome(event.error)}` }
    default:
      return {}
  }
}

const clearLine = "\r\u001b[2K"

/** Where the words of an event begin. */
const margin = 9

/** The words between columns, for a terminal that is so wide. Colours take no room. */
const wrapped = (line: string, columns: number): string => {
  let used = margin
  return line
    .split(" ")
    .map((word) => {
      const length = stripVTControlCharacters(word).length + 1
      const breaks = used + length > columns && used > margin
      used = breaks ? margin + 2 + length : used + length
      return breaks ? `\n${" ".repeat(margin + 2)}${word}` : word
    })
    .join(" ")
    .replaceAll(" \n", "\n")
}

/** Shows events until its fiber is interrupted. On anything but a terminal they are plain lines. */
export const live = Effect.gen(function* () {
  const terminal = yield* Terminal.Terminal
  const colours = yield* paint
  const isTerminal = yield* terminal.isTTY
  // In a file each event is one line.
  const width = isTerminal ? Effect.map(terminal.columns, (columns) => columns || 80) : Effect.succeed(Infinity)
  const started = yield* Clock.currentTimeMillis
  const busy = yield* Ref.make<{ readonly doing: string; readonly since: number } | undefined>(undefined)

  const show = (event: ResilienceEvent.ResilienceEvent) =>
    Effect.gen(function* () {
      const { doing, line } = reading(event, colours)
      if (line === undefined) return
      yield* Ref.set(busy, doing === undefined ? undefined : { doing, since: event.at })
      const time = colours("dim", `${((event.at - started) / 1000).toFixed(1).padStart(5)} s`)
      const columns = yield* width
      yield* terminal.display(`${isTerminal ? clearLine : ""}${time}  ${wrapped(line, columns)}\n`)
    })

  const tick = Effect.gen(function* () {
    const current = yield* Ref.get(busy)
    if (current === undefined) return
    const passed = (yield* Clock.currentTimeMillis) - current.since
    // A line that is too long could not be taken back.
    const words = `${" ".repeat(margin)}${current.doing} … ${seconds(passed)}`.slice(0, (yield* width) - 1)
    yield* terminal.display(`${clearLine}${colours("dim", words)}`)
  })

  yield* Effect.when(Effect.forkScoped(Effect.repeat(tick, Schedule.spaced("100 millis"))), () => isTerminal)
  const events = yield* ResilienceEvent.subscribe
  const shown = yield* Effect.forkScoped(Stream.runForEach(Stream.fromQueue(events), show))
  // What is still on its way when the call ends is shown before anything else is. A queue is of negative size while
  // someone waits at it: then all that was published has been shown.
  const allShown = (size: number) => size < 0 || shown.unsafePoll() !== null
  yield* Effect.addFinalizer(() =>
    Effect.repeat(Queue.size(events), { until: allShown, schedule: Schedule.spaced("1 millis") }).pipe(
      Effect.andThen(Fiber.interrupt(shown))
    )
  )
}).pipe(Effect.orDie)

/** The trail as a table: what was tried, in the end. */
export const trail = (entries: Telemetry.Trail): string => {
  const rows = entries.map((entry) => [
    `${entry.target} #${entry.attempt}`,
    entry.outcome,
    seconds(entry.duration),
    entry.wait === undefined ? "" : `then waited ${seconds(entry.wait)}`
  ])
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd())
    .join("\n")
}

/** Where to look for it afterwards. */
export const kept = (path: string) =>
  Effect.gen(function* () {
    const terminal = yield* Terminal.Terminal
    const colours = yield* paint
    yield* terminal.display(`\n${colours("dim", `Kept in ${path}. What is in it: npm run stats -- ${path}`)}\n`)
  })
