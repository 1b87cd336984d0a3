// Answers a prompt through the toolkit and shows what it takes: `npm start -- "a prompt"`.
import { LanguageModel } from "@effect/ai"
import { Args, Command, HelpDoc, Options, ValidationError } from "@effect/cli"
import { Terminal } from "@effect/platform"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Cause, Console, Duration, Effect, Exit, Layer, Option } from "effect"
import { CircuitBreaker, LlmError, Resilience, ResilienceEvent, Telemetry } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import * as OperationLogFile from "effect-resilience/sql/OperationLogFile"
import { targets } from "./models.js"
import * as View from "./view.js"

/** What the process ends with: 0 for an answer, 1 for a call that failed, 2 for a command that makes no sense. */
const exitCode = { failed: 1, misused: 2 }

const invalid = (words: string): ValidationError.ValidationError => ValidationError.invalidValue(HelpDoc.p(words))

const seconds = (name: string, fallback: number, description: string) =>
  Options.float(name).pipe(
    Options.withDefault(fallback),
    Options.withDescription(`${description}, in seconds (default ${fallback})`),
    Options.mapEffect((value) =>
      value > 0 && Number.isFinite(value)
        ? Effect.succeed(Duration.seconds(value))
        : Effect.fail(invalid(`--${name} is ${value}; allowed is a number of seconds above 0`))
    )
  )

const attempts = Options.integer("attempts").pipe(
  Options.withDefault(3),
  Options.withDescription("Attempts in all on one target (default 3)"),
  Options.mapEffect((value) =>
    value >= 1
      ? Effect.succeed(value)
      : Effect.fail(invalid(`--attempts is ${value}; allowed is a whole number from 1`))
  )
)

const ask = Command.make(
  "ask",
  {
    prompt: Args.text({ name: "prompt" }).pipe(
      Args.withDescription("What to ask the model"),
      Args.mapEffect((word) =>
        word.startsWith("--")
          ? Effect.fail(HelpDoc.p(`Unknown option ${word}; --help lists the options`))
          : Effect.succeed(word)
      ),
      Args.atLeast(1)
    ),
    attempts,
    attemptTimeout: seconds("attempt-timeout", 30, "The time one attempt has"),
    deadline: seconds("deadline", 60, "The time the whole call has, waits included"),
    log: Options.text("log").pipe(
      Options.withDescription("A file that keeps what happened, to be asked by `npm run stats -- <file>`"),
      Options.optional
    )
  },
  ({ attempts, attemptTimeout, deadline, log, prompt }) =>
    answer(prompt.join(" "), { attempts, attemptTimeout, deadline }).pipe(
      Effect.scoped,
      Effect.provide(logIn(log)),
      Effect.zipRight(Option.match(log, { onNone: () => Effect.void, onSome: View.kept })),
      Effect.catchTag("OperationLogError", ({ message }) =>
        Effect.zipRight(
          Console.error(`No log can be kept. ${message}`),
          Effect.sync(() => (process.exitCode = exitCode.failed))
        )
      ),
      // Below the policies and the log, which look for it when they are made.
      Effect.provide(ResilienceEvent.layer())
    )
).pipe(
  Command.withDescription(
    "Asks a language model through effect-resilience and shows every attempt as it happens. Without a key in " +
      "OPENAI_API_KEY or ANTHROPIC_API_KEY an embedded provider answers, which misbehaves on purpose. " +
      "OPENAI_BASE_URL, OPENAI_MODEL, ANTHROPIC_BASE_URL and ANTHROPIC_MODEL are optional."
  )
)

/** An operation log in a file, if one is wanted. */
const logIn = (file: Option.Option<string>): Layer.Layer<never, OperationLogFile.OperationLogError> =>
  Option.match(file, {
    onNone: () => Layer.empty,
    onSome: (path) => Layer.discard(OperationLogFile.layer({ path }))
  })

interface Limits {
  readonly attempts: number
  readonly attemptTimeout: Duration.Duration
  readonly deadline: Duration.Duration
}

const answer = (prompt: string, { attempts, attemptTimeout, deadline }: Limits) =>
  Effect.gen(function* () {
    const terminal = yield* Terminal.Terminal
    const paint = yield* View.paint
    const found = yield* targets
    yield* terminal.display(`${paint("bold", "Asking")} ${found.from}\n\n`)

    const policies = Resilience.layer({
      deadline,
      attemptTimeout,
      retry: { maxAttempts: attempts, initialDelay: "500 millis" },
      // The third failure is the last attempt: whoever retries for longer waits for the circuit, too.
      circuitBreaker: { tripPolicy: CircuitBreaker.consecutive(2), whenOpen: "wait" }
    })
    const call = LanguageModel.generateText({ prompt }).pipe(
      Effect.provide(ResilientLanguageModel.layer({ targets: found.targets })),
      Effect.provide(policies),
      Telemetry.withTrail
    )
    const { exit, trail } = yield* Effect.scoped(Effect.zipRight(View.live, call))

    yield* terminal.display(
      Exit.isSuccess(exit)
        ? `\n${exit.value.text}\n\n${paint("dim", "How it went")}\n${View.trail(trail)}\n`
        : `\n${paint("red", "No answer.")} ${explain(exit.cause)}\n\n${paint("dim", "How it went")}\n${View.trail(trail)}\n`
    )
    if (Exit.isFailure(exit)) yield* Effect.sync(() => (process.exitCode = exitCode.failed))
  })

/** What a person may read of a failure: our words, never the provider's. */
const explain = (cause: Cause.Cause<unknown>): string => {
  const error = Option.getOrUndefined(Cause.failureOption(cause))
  const failure = ResilientLanguageModel.failure(error)
  return Option.match(failure, {
    onNone: () => "The program itself failed.",
    onSome: (failure) => `${failure._tag}: ${failure.message}\n${LlmError.userMessage(failure)}`
  })
}

const run = Command.run(ask, { name: "ask", version: "0.1.0" })

run(process.argv).pipe(
  // The command line has already printed what is wrong with it.
  Effect.catchIf(ValidationError.isValidationError, () => Effect.sync(() => (process.exitCode = exitCode.misused))),
  Effect.provide(NodeContext.layer),
  NodeRuntime.runMain
)
