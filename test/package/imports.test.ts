import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import ts from "typescript"
import { describe, expect, it } from "vitest"
import { coreModules, optionalPeers, peers, publicModules, requiredPeers, root } from "./manifest.js"

/** What a module imports, type-only and dynamic imports too. */
const importsOf = (path: string): ReadonlyArray<string> => {
  const specifiers: Array<string> = []
  const visit = (node: ts.Node): void => {
    const specifier =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
            ? node.argument.literal
            : undefined
    if (specifier !== undefined && ts.isStringLiteral(specifier)) specifiers.push(specifier.text)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, readFileSync(join(root, "src", path), "utf8"), ts.ScriptTarget.ES2022))
  return specifiers
}

/** All modules of `src`, each with the modules of `src` and the bare specifiers it imports. */
const graph = new Map(
  readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path): [string, ReadonlyArray<string>] => [
      path,
      importsOf(path).map((name) =>
        name.startsWith(".") ? normalize(join(dirname(path), name)).replace(/\.js$/, ".ts") : name
      )
    ])
)

const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/")

/** All that a module loads: modules of `src` and bare specifiers. */
const reach = (entry: string): ReadonlySet<string> => {
  const seen = new Set<string>()
  const visit = (specifier: string): void => {
    if (seen.has(specifier)) return
    seen.add(specifier)
    for (const next of graph.get(specifier) ?? []) visit(next)
  }
  visit(entry)
  return seen
}

/** The packages a module needs, its own imports' needs included. */
const needs = (entry: string): ReadonlySet<string> =>
  new Set([...reach(entry)].filter((specifier) => !graph.has(specifier)).map(packageOf))

describe("imports", () => {
  it("src names no package that is not a peer", () => {
    const foreign = [...graph].flatMap(([path, specifiers]) =>
      specifiers
        .filter((name) => !graph.has(name) && !name.startsWith("node:") && !peers.includes(packageOf(name)))
        .map((name) => `${path}: ${name}`)
    )
    expect(foreign).toEqual([])
  })

  it.each(["index", ...coreModules])("%s needs neither an optional peer nor Node", (path) => {
    const beyond = [...needs(`${path}.ts`)].filter((name) => !requiredPeers.includes(name))
    expect(beyond).toEqual([])
  })

  it("a required peer is one that the core imports", () => {
    const needed = new Set(coreModules.flatMap((path) => [...needs(`${path}.ts`)]))
    expect(requiredPeers.filter((name) => !needed.has(name))).toEqual([])
  })

  it("testing/MisbehavingProvider needs effect and Node, nothing else, so that any project's tests can use it", () => {
    const beyond = [...needs("testing/MisbehavingProvider.ts")].filter((name) => !name.startsWith("node:"))
    expect(beyond).toEqual(["effect"])
  })

  it("no core module loads a module of the optional worlds", () => {
    const loaded = coreModules.flatMap((core) =>
      [...reach(`${core}.ts`)]
        .filter((path) => graph.has(path) && path.includes("/") && !/^(internal|classifier)\//.test(path))
        .map((path) => `${core}: ${path}`)
    )
    expect(loaded).toEqual([])
  })

  it("the package itself re-exports every core module, so that none is forgotten", () => {
    expect(graph.get("index.ts")).toEqual(coreModules.map((path) => `${path}.ts`))
  })

  it("modules are imported one by one, so that bundlers take only what is used", () => {
    const barrels = [...graph].flatMap(([path, specifiers]) =>
      specifiers.filter((name) => peers.includes(name) && name.includes("effect")).map((name) => `${path}: ${name}`)
    )
    expect(barrels).toEqual([])
  })

  it("optional peers are marked so, and every public module exists", () => {
    expect(publicModules.filter((path) => !graph.has(`${path}.ts`))).toEqual([])
    expect(optionalPeers.filter((name) => requiredPeers.includes(name))).toEqual([])
  })
})
