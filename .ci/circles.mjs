// No module of `src` imports itself, over whatever others; and what is internal imports nothing at run time that is a
// public face of it, so that definitions lie inside and faces outside: `src/internal` and `src/classifier` no module of
// the core, the internals of a folder no module of that folder, whose users they are not. Imports of types count for
// nothing at run time; with --types the circles that they make are listed too.
//
//   node .ci/circles.mjs            fails if there is a circle at run time, or a way from the inside out
//   node .ci/circles.mjs --types    lists the circles that imports of types make
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"

const root = fileURLToPath(new URL("../src", import.meta.url))
const withTypes = process.argv.includes("--types")

const isTypeOnly = (node) => {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly || isAllTypes(node.exportClause)
  const { importClause } = node
  if (importClause === undefined) return false
  return importClause.isTypeOnly || (importClause.name === undefined && isAllTypes(importClause.namedBindings))
}

const isAllTypes = (names) =>
  names !== undefined && "elements" in names && names.elements.every((element) => element.isTypeOnly)

const importsOf = (path) =>
  ts
    .createSourceFile(path, readFileSync(join(root, path), "utf8"), ts.ScriptTarget.ES2022)
    .statements.filter((node) => ts.isImportDeclaration(node) || ts.isExportDeclaration(node))
    .filter((node) => node.moduleSpecifier?.text.startsWith(".") && (withTypes || !isTypeOnly(node)))
    .map((node) => normalize(join(dirname(path), node.moduleSpecifier.text)).replace(/\.js$/, ".ts"))

const graph = new Map(
  readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => [path, importsOf(path)])
)

/** Tarjan's strongly connected components, of which one with several modules is a circle. */
const circlesOf = (graph) => {
  const found = []
  const index = new Map()
  const lowest = new Map()
  const open = []
  const visit = (module) => {
    index.set(module, index.size)
    lowest.set(module, index.get(module))
    open.push(module)
    for (const next of graph.get(module) ?? []) {
      if (!index.has(next)) visit(next)
      if (open.includes(next)) lowest.set(module, Math.min(lowest.get(module), lowest.get(next)))
    }
    if (lowest.get(module) !== index.get(module)) return
    const circle = open.splice(open.indexOf(module))
    if (circle.length > 1 || graph.get(module)?.includes(module)) found.push(circle.sort())
  }
  for (const module of graph.keys()) if (!index.has(module)) visit(module)
  return found
}

const circles = circlesOf(graph)
for (const circle of circles) {
  console.log(`a circle of ${circle.length}:`)
  for (const module of circle) {
    const next = [...new Set(graph.get(module))].filter((path) => circle.includes(path))
    console.log(`  ${module} -> ${next.join(", ")}`)
  }
}

/** The folder whose inside a module is; nothing for a public one. */
const insideOf = (path) => {
  const folders = path.split("/").slice(0, -1)
  if (folders[0] === "internal" || folders[0] === "classifier") return "."
  return folders[1] === "internal" ? folders[0] : undefined
}

const outwards = withTypes
  ? []
  : [...graph].flatMap(([path, imported]) =>
      imported
        .filter((next) => insideOf(next) === undefined && dirname(next) === insideOf(path))
        .map((next) => `${path} -> ${next}`)
    )
for (const way of outwards) console.log(`from the inside out: ${way}`)

console.log(
  `${circles.length} circles and ${outwards.length} ways from the inside out among ${graph.size} modules${withTypes ? ", imports of types included" : ""}`
)
process.exit(withTypes || circles.length + outwards.length === 0 ? 0 : 1)
