import { installed } from "./installed.js"

interface Opossum {
  fire(): Promise<number>
  open(): void
  shutdown(): void
}

const CircuitBreaker: new (call: () => Promise<number>, options: Record<string, unknown>) => Opossum =
  installed("opossum")

/** With its defaults, save that nothing resets by itself while it is measured. */
export const breaker = (call: () => Promise<number>): Opossum =>
  new CircuitBreaker(call, { timeout: false, resetTimeout: 600_000 })

/** With the timeout it has by default. */
export const breakerWithTimeout = (call: () => Promise<number>): Opossum =>
  new CircuitBreaker(call, { timeout: 30_000, resetTimeout: 600_000 })
