/** The two loops every shape is measured in: awaited promises, and effects in one running fiber. */
import { Effect } from "effect"

export const awaited =
  (call: () => Promise<unknown>) =>
  async (calls: number): Promise<void> => {
    for (let i = 0; i < calls; i++) await call()
  }

export const repeated = <E, R>(call: Effect.Effect<unknown, E, R>, calls: number): Effect.Effect<void, E, R> =>
  Effect.suspend(() => {
    let i = 0
    return Effect.whileLoop({ while: () => i < calls, body: () => call, step: () => void i++ })
  })

/** Runs the calls in one fiber of the default runtime. */
export const inFiber =
  (call: Effect.Effect<unknown, unknown>) =>
  (calls: number): Promise<void> =>
    Effect.runPromise(repeated(call, calls))

/** Runs the calls in one fiber of a runtime that has what they need. */
export const inRuntime =
  <R>(runtime: { readonly runPromise: <A, E>(effect: Effect.Effect<A, E, R>) => Promise<A> }) =>
  (call: Effect.Effect<unknown, unknown, R>) =>
  (calls: number): Promise<void> =>
    runtime.runPromise(repeated(call, calls))
