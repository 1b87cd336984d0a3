import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"
import { expect, it } from "vitest"

const root = fileURLToPath(new URL("../..", import.meta.url))

interface Block {
  /** Where the block stands, as `file` and the line of its first line of code. */
  readonly file: string
  readonly line: number
  /** The name under which the compiler sees it: beside the file it stands in. */
  readonly path: string
  readonly code: string
}

/** The fenced `ts` blocks of a text, whose lines may carry the star of a comment. */
const blocksOf = (file: string): ReadonlyArray<Block> => {
  const blocks: Array<Block> = []
  const isSource = file.endsWith(".ts")
  let open: { readonly indent: string; readonly line: number; readonly code: Array<string> } | undefined
  let skipping = false
  readFileSync(file, "utf8")
    .split("\n")
    .forEach((text, index) => {
      const line = isSource ? text.replace(/^\s*\* ?/, "") : text
      const fence = /^(\s*)```(\w*)/.exec(line)
      if (isSource && !/^\s*\*/.test(text)) return
      if (open === undefined && !skipping && fence !== null) {
        if (fence[2] === "ts" || fence[2] === "typescript") open = { indent: fence[1] ?? "", line: index + 2, code: [] }
        else skipping = true
      } else if (fence !== null) {
        if (open !== undefined) {
          const path = `${file}.${open.line}.ts`
          blocks.push({ file: relative(root, file), line: open.line, path, code: open.code.join("\n") })
        }
        open = undefined
        skipping = false
      } else if (open !== undefined) {
        open.code.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line)
      }
    })
  return blocks
}

const under = (folder: string, extension: string): ReadonlyArray<string> =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((path) => path.endsWith(extension))
        .sort()
        .map((path) => join(root, folder, path))
    : []

const sources = [
  ...["README.md", "CONTRIBUTING.md"].map((name) => join(root, name)).filter(existsSync),
  ...under("docs", ".md"),
  ...under("examples", ".md"),
  ...under("src", ".ts")
]

it("every ts block of the documentation and of the sources' comments compiles by itself", () => {
  const blocks = sources.flatMap(blocksOf)
  const byPath = new Map(blocks.map((block) => [block.path, block]))

  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root)
  // A reader's example may leave a name unused; everything else is as strict as the project itself.
  const strict: ts.CompilerOptions = { ...options, noUnusedLocals: false, noUnusedParameters: false }
  const host = ts.createCompilerHost(strict)
  const program = ts.createProgram({
    rootNames: [...byPath.keys()],
    options: strict,
    host: {
      ...host,
      fileExists: (path) => byPath.has(path) || host.fileExists(path),
      readFile: (path) => byPath.get(path)?.code ?? host.readFile(path),
      getSourceFile: (path, language, ...rest) => {
        const block = byPath.get(path)
        return block === undefined
          ? host.getSourceFile(path, language, ...rest)
          : ts.createSourceFile(path, block.code, language, true)
      }
    }
  })
  const found = blocks.flatMap((block) => {
    const file = program.getSourceFile(block.path)
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map((diagnostic) => {
      const within = file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line ?? 0
      return `${block.file}:${block.line + within} ${ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n")}`
    })
  })
  expect(found).toEqual([])
}, 120_000)
