// `dist`, as the compiler makes it, with one thing added: every call that a module makes while it loads is marked as free
// of effects (`/*#__PURE__*/`), which all of them are. Without the mark a bundler has to keep each of them and all that it
// mentions, so that one function of a module brings the whole of it, as Effect's own packages know.
//
// Nothing is done where it is newer than all that it is made of: whoever packs it or measures it asks for it first.
//
//   node .ci/build.mjs [folder]
import { existsSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"

const root = fileURLToPath(new URL("..", import.meta.url))
const outDir = resolve(root, process.argv[2] ?? "dist")
const started = new Date()

const sources = ["src", ".ci/build.mjs", "tsconfig.json", "tsconfig.build.json", "package.json", "package-lock.json"]

/** When each of these was changed, and what is in it; a folder changes when something is taken out of it. */
const changes = (path) => {
  if (!existsSync(path)) return []
  const stats = statSync(path)
  const inside = stats.isDirectory() ? readdirSync(path).flatMap((name) => changes(join(path, name))) : []
  return [stats.mtimeMs, ...inside]
}

const newest = Math.max(...sources.flatMap((path) => changes(join(root, path))))
if (existsSync(outDir) && newest < statSync(outDir).mtimeMs) process.exit(0)

/** Marks the calls that stand outside of all functions. */
const markPure = (context) => (file) => {
  const visit = (node) => {
    if (ts.isFunctionLike(node) || ts.isPropertyDeclaration(node)) return node
    const visited = ts.visitEachChild(node, visit, context)
    return ts.isCallExpression(visited) || ts.isNewExpression(visited)
      ? ts.addSyntheticLeadingComment(visited, ts.SyntaxKind.MultiLineCommentTrivia, "#__PURE__", false)
      : visited
  }
  /** A statement that is nothing but a call is made for its effect. */
  const statement = (node) => (ts.isExpressionStatement(node) ? node : ts.visitNode(node, visit))
  return ts.visitEachChild(file, statement, context)
}

const { config } = ts.readConfigFile(join(root, "tsconfig.build.json"), ts.sys.readFile)
// It takes its place once it is whole, and is as old as what it was made of.
const part = `${outDir}.part`
const { errors, fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, root, { outDir: part })
rmSync(part, { recursive: true, force: true })
const program = ts.createProgram(fileNames, options)
const emitted = program.emit(undefined, undefined, undefined, false, { before: [markPure] })
const found = [...errors, ...ts.getPreEmitDiagnostics(program), ...emitted.diagnostics]
if (found.length > 0) {
  console.error(
    ts.formatDiagnostics(found, {
      getCanonicalFileName: (path) => path,
      getCurrentDirectory: () => root,
      getNewLine: () => "\n"
    })
  )
  rmSync(part, { recursive: true, force: true })
  process.exit(1)
}
rmSync(outDir, { recursive: true, force: true })
renameSync(part, outDir)
utimesSync(outDir, started, started)
