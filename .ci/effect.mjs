// What Effect's language service has to say of `src` and `examples`; a warning fails too. Its own command makes the whole
// program anew for every fifty files, which takes four times as long.
import transform from "@effect/language-service/transform.js"
import ts from "typescript"

const { config } = ts.readConfigFile("tsconfig.effect.json", ts.sys.readFile)
const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, ".", { declaration: false })
const settings = options.plugins.find(({ name }) => name === "@effect/language-service")
const program = ts.createProgram(fileNames, options)

const found = []
const check = transform.default(program, settings, { addDiagnostic: (diagnostic) => found.push(diagnostic), ts })
const own = new Set(fileNames.map((name) => ts.sys.resolvePath(name)))
const files = program.getSourceFiles().filter(({ fileName }) => own.has(ts.sys.resolvePath(fileName)))
for (const file of files) check()(file)

if (found.length > 0) {
  console.error(
    ts.formatDiagnosticsWithColorAndContext(found, {
      getCanonicalFileName: (path) => path,
      getCurrentDirectory: ts.sys.getCurrentDirectory,
      getNewLine: () => "\n"
    })
  )
}
console.log(`${found.length} errors and warnings in ${files.length} files`)
process.exit(found.length === 0 ? 0 : 1)
