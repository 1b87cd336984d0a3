import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { type Fleet, states } from "../../bench/fleetStates.js"
import { count, formulas, isOff } from "../../bench/fleetTraffic.js"
import { readSection } from "../../bench/section.js"

const stateOf = (title: string) => states.find((state) => state.title === title)!

/** The further a formula may be from what is counted. */
const told = (): number =>
  Number(
    /no count is further away than (\d+) %/.exec(readFileSync("docs/fleet.md", "utf8").replace(/\s+/g, " "))?.[1]
  ) / 100

const small: Fleet = { instances: 4, targets: 2 }
const wide: Fleet = { instances: 24, targets: 1 }

it.each([
  ["healthy, a rate", wide],
  ["10 % fail, a rate", small],
  ['10 % fail, a rate, `flushEvery: "10 seconds"`', wide],
  ["all targets are out", small],
  ["limits that are used up", small]
] as const)(
  "what a fleet asks of the place where it shares is as docs/fleet.md says: %s",
  async (title, fleet) => {
    const state = stateOf(title)
    expect(isOff(state, fleet, await count(state, fleet))).toBeLessThanOrEqual(told())
  },
  60_000
)

it("B3: a healthy fleet that counts failures in a row tells nothing, however many it is", async () => {
  expect(await count(stateOf("healthy, failures in a row"), small)).toEqual({ commands: 0, messages: 0, bytes: 0 })
})

it("docs/fleet.md shows the formulas", () => {
  const rows = (table: string) => table.split("\n").map((row) => row.replace(/\s*\|\s*/g, "|").replace(/-+:?/g, "-"))
  expect(rows(readSection("docs/fleet.md", "traffic-formulas"))).toEqual(rows(formulas()))
})
