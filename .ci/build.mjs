// `dist`, as the compiler makes it, with one thing added: every call that a module makes while it loads is marked as free
// of effects (`/*#__PURE__*/`), which all of them are. Without the mark a bundler has to keep each of them and all that it
// mentions, so that one function of a module brings the whole of it, as Effect's own packages know.
//
//   node .ci/build.mjs [folder]
import { rmSync } from "node:fs"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"

const root = fileURLToPath(new URL("..", import.meta.url))
const outDir = resolve(root, process.argv[2] ?? "dist")

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
const { errors, fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, root, { outDir })
rmSync(outDir, { recursive: true, force: true })
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
}
process.exit(found.length === 0 ? 0 : 1)
