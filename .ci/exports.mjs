// The `exports` of package.json follow from the files under `src`. A public module is a file whose name starts with a
// capital letter and that lies in no private folder; `src/index.ts` is the package itself. Everything else is closed.
//
//   node .ci/exports.mjs            writes them
//   node .ci/exports.mjs --check    fails if they differ from what package.json says
import { readdirSync, readFileSync, writeFileSync } from "node:fs"

const privateFolders = new Set(["internal", "classifier", "misbehaving"])

const publicModules = readdirSync("src", { recursive: true, encoding: "utf8" })
  .map((path) => path.split(/[\\/]/))
  .filter((parts) => /^[A-Z]\w*\.ts$/.test(parts.at(-1)) && !parts.some((part) => privateFolders.has(part)))
  .map((parts) => parts.join("/").slice(0, -".ts".length))
  .sort()

const built = (path) => ({ types: `./dist/${path}.d.ts`, default: `./dist/${path}.js` })

const derived = {
  "./package.json": "./package.json",
  ".": built("index"),
  ...Object.fromEntries(publicModules.map((path) => [`./${path}`, built(path)])),
  "./internal/*": null,
  "./classifier/*": null
}

const manifest = JSON.parse(readFileSync("package.json", "utf8"))

if (process.argv.includes("--check")) {
  if (JSON.stringify(manifest.exports) !== JSON.stringify(derived)) {
    const listed = Object.keys(manifest.exports)
    const wanted = Object.keys(derived)
    const missing = wanted.filter((path) => !listed.includes(path))
    const stale = listed.filter((path) => !wanted.includes(path))
    console.error(
      `The exports of package.json do not match src (missing: ${missing.join(", ") || "none"}; ` +
        `stale: ${stale.join(", ") || "none"}). Run \`npm run exports\`.`
    )
    process.exit(1)
  }
  console.log(`${publicModules.length} public modules, all exported`)
} else {
  writeFileSync("package.json", `${JSON.stringify({ ...manifest, exports: derived }, null, 2)}\n`)
  console.log(`${publicModules.length} public modules`)
}
