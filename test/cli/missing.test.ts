import { build } from "esbuild"
import { describe, expect, it } from "vitest"
import { missingPackage, toInstall } from "../../src/cli/internal/missing.js"
import { manifest, root } from "../package/manifest.js"

/** The packages that have to be there for a command to be loaded, over all that it imports at once. */
const needed = async (command: string): Promise<ReadonlyArray<string>> => {
  const entries = ["main.ts", "program.ts", `${command}.ts`].map((file) => `src/cli/${file}`)
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries,
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    outdir: "out",
    write: false,
    metafile: true
  })
  const found = new Set<string>()
  const seen = new Set(entries)
  for (const file of seen) {
    for (const { external, kind, path } of metafile.inputs[file]?.imports ?? []) {
      if (kind !== "import-statement") continue
      if (external !== true) seen.add(path)
      else if (!path.startsWith("node:")) found.add(path.split("/", path.startsWith("@") ? 2 : 1).join("/"))
    }
  }
  return [...found].filter((name) => name !== "effect").sort()
}

const told = (command: string | undefined): ReadonlyArray<string> => toInstall(command).split(" ").slice(2)
const names = (command: string | undefined) => told(command).map((one) => one.slice(0, one.lastIndexOf("@")))

describe("what the commands need", () => {
  it.each(["stats", "gateway"])("%s is told with all that it imports", async (command) => {
    const modules = await needed(command)
    expect(modules).toContain("@effect/cli")
    expect(modules.filter((name) => !names(command).includes(name))).toEqual([])
  })

  it("stats imports nothing of the gateway's", async () => {
    expect(await needed("stats")).not.toContain("yaml")
    expect(names("stats")).not.toContain("yaml")
    expect(names(undefined)).toEqual(expect.arrayContaining(["yaml", "@effect/sql"]))
  })

  it("in the ranges of the package", () => {
    for (const one of told(undefined)) {
      const at = one.lastIndexOf("@")
      expect(`${one.slice(0, at)}@${manifest.peerDependencies[one.slice(0, at)]}`).toBe(one)
    }
  })

  it("finds the name of the package, and takes no other failure for one that is missing", () => {
    const notFound = Object.assign(new Error("Cannot find package '@effect/cli' imported from /app/main.js"), {
      code: "ERR_MODULE_NOT_FOUND"
    })
    expect(missingPackage(notFound)).toBe("@effect/cli")
    const file = Object.assign(new Error("Cannot find module '/app/a.js'"), { code: "ERR_MODULE_NOT_FOUND" })
    expect(missingPackage(file)).toBe(undefined)
    expect(missingPackage(new Error("Cannot find package 'a'"))).toBe(undefined)
    expect(missingPackage("no")).toBe(undefined)
  })
})
