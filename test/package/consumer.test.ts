import { execFile } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { build } from "esbuild"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { coreModules, manifest, optionalPeers, root } from "./manifest.js"

const run = promisify(execFile)

/** Runs a program and gives what it printed; its failure carries both streams. */
const output = async (cwd: string, program: string, ...args: ReadonlyArray<string>): Promise<string> => {
  const ran = run(program, [...args], { cwd, maxBuffer: 1 << 26 })
  return ran.then(
    ({ stdout }) => stdout,
    (error) => Promise.reject(new Error(`${program} ${args.join(" ")}\n${error.stdout}\n${error.stderr}`))
  )
}

/** The ranges' lower ends, and the versions the toolkit is developed with. */
const lowest = (name: string): string => (manifest.peerDependencies[name] ?? "").replace(/^\^/, "")
const developed = (name: string): string => manifest.devDependencies[name] ?? ""

const folder = await mkdtemp(join(tmpdir(), "effect-resilience-consumer-"))
const tarball = `${manifest.name}-${manifest.version}.tgz`

const write = (project: string, name: string, text: string): Promise<void> => writeFile(join(project, name), text)

const compilerOptions = (options: Record<string, unknown>, files: ReadonlyArray<string>): string =>
  JSON.stringify({
    compilerOptions: { target: "ES2022", strict: true, exactOptionalPropertyTypes: true, types: [], ...options },
    files
  })

const ends = [
  { end: "the lowest peers", version: lowest },
  { end: "the peers it is developed with", version: developed }
]

const projectOf = (end: string): string => join(folder, end.replaceAll(" ", "-"))

const tscOf = (project: string): string => join(project, "node_modules", ".bin", "tsc")

const makeProject = async ({ end, version }: (typeof ends)[number]): Promise<void> => {
  const project = projectOf(end)
  await mkdir(project)
  await write(
    project,
    "package.json",
    JSON.stringify({
      name: "consumer",
      private: true,
      type: "module",
      dependencies: {
        [manifest.name]: `file:../${tarball}`,
        effect: version("effect"),
        typescript: developed("typescript")
      }
    })
  )
  await output(project, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts")
  await cp(join(root, "test/package/consumer/main.ts"), join(project, "main.ts"))
  const names = [manifest.name, ...coreModules.map((path) => `${manifest.name}/${path}`)]
  await write(
    project,
    "entries.ts",
    `${names.map((name, i) => `import * as m${i} from "${name}"`).join("\n")}
export const entries: ReadonlyArray<object> = [${names.map((_, i) => `m${i}`).join(", ")}]\n`
  )
  await write(
    project,
    "closed.ts",
    `// @ts-expect-error\nexport * as x from "${manifest.name}/internal/errors/failureOf"\n`
  )
  await write(
    project,
    "tsconfig.json",
    compilerOptions({ module: "NodeNext", outDir: "out" }, ["main.ts", "entries.ts"])
  )
  await write(
    project,
    "tsconfig.bundler.json",
    compilerOptions({ module: "ESNext", moduleResolution: "bundler", skipLibCheck: true, noEmit: true }, [
      "main.ts",
      "entries.ts",
      "closed.ts"
    ])
  )
}

beforeAll(async () => {
  await output(root, "npm", "pack", "--silent", "--pack-destination", folder)
  await Promise.all(ends.map(makeProject))
}, 300_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

describe.each(ends)("a project of its own, with $end", { concurrent: true }, ({ end }) => {
  const project = projectOf(end)

  it("has none of the optional peers", () => {
    expect(optionalPeers.filter((name) => existsSync(join(project, "node_modules", name)))).toEqual([])
    expect(existsSync(join(project, "node_modules", manifest.name, "dist", "index.js"))).toBe(true)
  })

  it("compiles under NodeNext, declarations of the package included, imports every core module and runs", async () => {
    await output(project, tscOf(project), "-p", "tsconfig.json")
    const ran = await output(
      project,
      process.execPath,
      "--input-type=module",
      "--eval",
      `const { result } = await import("./out/main.js")
       const { entries } = await import("./out/entries.js")
       console.log(JSON.stringify({ result, empty: entries.filter((m) => Object.keys(m).length === 0).length, entries: entries.length }))`
    )
    expect(JSON.parse(ran)).toEqual({
      result: {
        answer: "forty-two",
        calls: 3,
        tags: ["ContentFiltered"],
        same: true,
        told: "The request was declined by a safety rule. Please rephrase it."
      },
      empty: 0,
      entries: coreModules.length + 1
    })
  }, 180_000)

  it("has a program that says what it needs", async () => {
    const bin = join(project, "node_modules", ".bin", manifest.name)
    const told = await output(project, process.execPath, bin, "stats", "operations.db").catch(String)
    expect(told).toContain("The package @effect/cli is not installed, which this needs:\n\n  npm install @effect/cli@")
    expect(told).not.toContain("    at ")
  }, 60_000)
})

/** What does not depend on the peers. */
describe("the package in a project", () => {
  const project = projectOf("the peers it is developed with")

  it("compiles for bundlers, to whom the internals are closed too", async () => {
    await output(project, tscOf(project), "-p", "tsconfig.bundler.json")
  }, 180_000)

  it("holds its documentation, in which every link of the README is found, and nothing of the workshop", () => {
    const installed = join(project, "node_modules", manifest.name)
    const links = Array.from(
      readFileSync(join(installed, "README.md"), "utf8").matchAll(/\]\(([a-zA-Z][^):]*)\)/g),
      ([, to]) => to ?? ""
    )
    expect(links.length).toBeGreaterThan(10)
    expect(links.filter((to) => !existsSync(join(installed, to.split("#")[0] ?? "")))).toEqual([])
    const beside = readdirSync(installed).filter((name) => !/\.md$/.test(name))
    expect(beside.sort()).toEqual(["LICENSE", "dist", "docs", "package.json", "src"])
  })

  /** What a bundle of one name out of one module holds of the package, in bytes, by file. */
  const bundled = async (module: string, name: string): Promise<ReadonlyMap<string, number>> => {
    const { metafile } = await build({
      stdin: { contents: `export { ${name} } from "${manifest.name}/${module}"`, resolveDir: project },
      bundle: true,
      minify: true,
      format: "esm",
      write: false,
      metafile: true
    })
    const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs))
    return new Map(
      inputs.flatMap(([path, { bytesInOutput }]) => {
        const [, file] = path.split(`${manifest.name}/dist/`)
        return file === undefined || bytesInOutput === 0 ? [] : [[file, bytesInOutput]]
      })
    )
  }
  const isReader = (file: string): boolean => file.startsWith("classifier/")
  const sizeOf = (files: ReadonlyMap<string, number>): number =>
    [...files.values()].reduce((sum, size) => sum + size, 0)

  // What decides by what a failure means has to read failures of any kind. What does not is light.
  it.each([
    ["Deadline", "within", 12_000],
    ["LlmError", "traits", 15_000],
    ["LlmError", "RateLimited", 10_000],
    ["Rejection", "CircuitOpen", 3_000],
    ["RetryPolicy", "exponential", 2_000],
    ["RetryPolicy", "fullJitter", 5_000],
    ["RetryPolicy", "maxAttempts", 5_000],
    ["CircuitBreaker", "rateOver", 6_000],
    ["Telemetry", "withTrail", 2_000],
    ["LlmCall", "currentAttempt", 1_000]
  ] as const)("bundled for %s.%s, it brings no reader of failures", async (module, name, most) => {
    const files = await bundled(module, name)
    expect([...files.keys()].filter(isReader)).toEqual([])
    expect(sizeOf(files)).toBeGreaterThan(0)
    expect(sizeOf(files)).toBeLessThan(most)
  })

  it.each([
    ["RetryPolicy", "make", 170_000],
    ["CircuitBreaker", "layerMemory", 200_000],
    ["Resilience", "layer", 320_000]
  ] as const)("bundled for %s.%s, it stays within bounds", async (module, name, most) => {
    expect(sizeOf(await bundled(module, name))).toBeLessThan(most)
  })

  it("is closed but for its public modules", async () => {
    const closed = ["internal/errors/failureOf", "classifier/HttpResponse", "dist/index.js", "src/index.ts"]
    const told = await output(
      project,
      process.execPath,
      "--input-type=module",
      "--eval",
      `for (const path of ${JSON.stringify(closed)})
         await import("${manifest.name}/" + path).then(() => console.log("imported"), (error) => console.log(error.code))`
    )
    expect(told.trim().split("\n")).toEqual(closed.map(() => "ERR_PACKAGE_PATH_NOT_EXPORTED"))
  })
})
