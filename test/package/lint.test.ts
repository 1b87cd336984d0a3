import { spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { root } from "./manifest.js"

/** Code that must not stand in `src`, and what takes its place. */
const forbidden: ReadonlyArray<readonly [code: string, instead: RegExp]> = [
  ["export const x = Date.now()", /Clock/],
  ["export const x = Date.now", /Clock/],
  ["export const x = new Date()", /Clock/],
  ["export const x = new Date", /Clock/],
  ["export const x = Date()", /Clock/],
  ["export const x = performance.now()", /Clock/],
  ["export const x = process.hrtime()", /Clock/],
  ["export const x = setTimeout(() => {}, 1)", /setTimeout/],
  ["export const x = globalThis.setTimeout(() => {}, 1)", /Clock/],
  ["export const x = setInterval(() => {}, 1)", /setInterval/],
  ["export const x = setImmediate(() => {})", /setImmediate/],
  ["clearTimeout(1)", /clearTimeout/],
  ["clearInterval(1)", /clearInterval/],
  ["queueMicrotask(() => {})", /queueMicrotask/],
  ['export * from "node:timers/promises"', /Clock/],
  ['import { setTimeout } from "node:timers/promises"\nexport const x = setTimeout(1)', /Clock/],
  ["export const x = new AbortController()", /AbortController/],
  ["export const x = AbortSignal.timeout(1)", /Clock/],
  ["export const x = Math.random()", /Random/],
  ["export const x = Math.random", /Random/],
  ["export const x = crypto.randomUUID()", /Random/],
  ["console.log(1)", /console/],
  ["globalThis.console.error(1)", /console/]
]

/** Code that only looks like it: conversions of a given time. */
const allowed: ReadonlyArray<string> = [
  "export const x = new Date(0)",
  'export const x = Date.parse("Wed, 21 Oct 2015 07:28:00 GMT")',
  "export const x = Math.round(1.5)"
]

const rules: { readonly overrides: ReadonlyArray<{ readonly includes: ReadonlyArray<string> }> } = JSON.parse(
  readFileSync(join(root, "biome.json"), "utf8")
)
/** The files that are exempt from the rules of `src`, as the configuration names them. */
const exempt = rules.overrides
  .flatMap(({ includes }) => includes)
  .filter((path) => path.startsWith("src/") && path !== "src/**")

const folder = mkdtempSync(join(tmpdir(), "effect-resilience-lint-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Lints files in a project of its own that has this one's rules; gives the messages for each path. */
const lint = (files: Readonly<Record<string, string>>): ReadonlyMap<string, ReadonlyArray<string>> => {
  const project = mkdtempSync(join(folder, "project-"))
  cpSync(join(root, "biome.json"), join(project, "biome.json"))
  cpSync(join(root, ".lint"), join(project, ".lint"), { recursive: true })
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(project, path)), { recursive: true })
    writeFileSync(join(project, path), `${text}\n`)
  }
  const { stdout, stderr } = spawnSync(
    join(root, "node_modules/.bin/biome"),
    ["lint", "--vcs-enabled=false", "--max-diagnostics=none", "--reporter=json", "."],
    { cwd: project, encoding: "utf8" }
  )
  if (stdout === "") throw new Error(stderr)
  const found = new Map<string, ReadonlyArray<string>>(Object.keys(files).map((path) => [path, []]))
  const report: { diagnostics: ReadonlyArray<{ severity: string; message: string; location: { path: string } }> } =
    JSON.parse(stdout)
  for (const { severity, message, location } of report.diagnostics) {
    if (severity === "error") found.set(location.path, [...(found.get(location.path) ?? []), message])
  }
  return found
}

describe("the linter's rules for src", () => {
  it.each(["src", "src/internal", "src/testing/misbehaving"])(
    "forbid clocks, timers, chance and console in %s",
    (where) => {
      const found = lint(Object.fromEntries(forbidden.map(([code], i) => [`${where}/x${i}.ts`, code])))
      const passed = forbidden.filter(
        ([, instead], i) => !found.get(`${where}/x${i}.ts`)?.some((message) => instead.test(message))
      )
      expect(passed).toEqual([])
    }
  )

  it("allow what only converts a time", () => {
    const found = lint(Object.fromEntries(allowed.map((code, i) => [`src/x${i}.ts`, code])))
    expect([...found.values()].flat()).toEqual([])
  })

  it("do not reach tests and examples", () => {
    const found = lint({ "test/x.ts": "export const x = Date.now()", "examples/x.ts": "console.log(1)" })
    expect([...found.values()].flat()).toEqual([])
  })

  it.each(exempt)("exempt %s because it needs it", (path) => {
    expect(existsSync(join(root, path))).toBe(true)
    const elsewhere = "src/elsewhere.ts"
    const found = lint({ [elsewhere]: readFileSync(join(root, path), "utf8") })
    expect(found.get(elsewhere)).not.toEqual([])
  })
})
