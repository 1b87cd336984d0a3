import { Context, Effect, ExecutionPlan, Schedule } from "effect"

class Model extends Context.Tag("bench/Model")<Model, { readonly ask: Effect.Effect<number, unknown> }>() {}

/** One model, three attempts with backoff. */
export const withPlan = (ask: Effect.Effect<number, unknown>): Effect.Effect<number, unknown> => {
  const plan = ExecutionPlan.make({
    provide: Context.make(Model, { ask }),
    attempts: 3,
    schedule: Schedule.exponential("1 second")
  })
  return Effect.withExecutionPlan(
    Effect.flatMap(Model, ({ ask }) => ask),
    plan
  )
}
