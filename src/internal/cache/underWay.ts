/**
 * What is under way, by key.
 *
 * @internal
 */
export class UnderWay<Flight> {
  protected readonly flights: Map<string, Flight> = new Map()
  /** How many have ended. Whoever has looked for an answer before one did may find it now. */
  ended = 0

  get size(): number {
    return this.flights.size
  }

  protected over(key: string, flight: Flight): void {
    this.ended++
    this.forgotten(key, flight)
  }

  /** Nobody joins it any more. Another one may have its place. */
  protected forgotten(key: string, flight: Flight): void {
    if (this.flights.get(key) === flight) this.flights.delete(key)
  }
}
