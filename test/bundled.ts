/** Our programs with all that they need, which start in a fifth of the time that their sources take. */
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build, type Plugin } from "esbuild"

const root = fileURLToPath(new URL("..", import.meta.url))

const sources = {
  cli: "src/cli/main.ts",
  ask: "examples/ask/main.ts",
  provider: "examples/ask/provider.ts",
  observed: "examples/observed/main.ts"
}

/** A program that starts another one of ours finds it beside itself. */
const neighbours: Plugin = {
  name: "neighbours",
  setup: ({ onLoad }) =>
    onLoad({ filter: /examples\/.*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(/(new URL\("\.\/\w+)\.ts(", import\.meta\.url\))/g, "$1.mjs$2"),
      loader: "ts"
    }))
}

const make = async (): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), "effect-resilience-programs-"))
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }))
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
  await build({
    absWorkingDir: root,
    entryPoints: sources,
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    // These load files that lie beside them.
    external: ["@libsql/*", "libsql", "@anthropic-ai/tokenizer"],
    banner: { js: 'import { createRequire } from "node:module"\nconst require = createRequire(import.meta.url)' },
    plugins: [neighbours],
    logLevel: "error"
  })
  return folder
}

let folder: Promise<string> | undefined

/** The file that does what one of our sources does. */
export const bundled = async (name: keyof typeof sources): Promise<string> => {
  folder ??= make()
  return join(await folder, `${name}.mjs`)
}
