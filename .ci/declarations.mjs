// Every export of `src` states its type, as `isolatedDeclarations` demands. Two things it cannot express are exempt: the
// base class of a Schema class, which is an expression (TS9021), and a member under one of Effect's symbols (TS9038).
import ts from "typescript"

const { config } = ts.readConfigFile("tsconfig.build.json", ts.sys.readFile)
const { fileNames, options } = ts.parseJsonConfigFileContent(
  { ...config, compilerOptions: { ...config.compilerOptions, isolatedDeclarations: true } },
  ts.sys,
  "."
)
const program = ts.createProgram(fileNames, options)
const isSchemaValue = (d) =>
  d.file !== undefined && /(?:Schema|Data)\.\w+|Failure</.test(d.file.text.split("\n")[line(d)] ?? "")
const line = (d) => d.file.getLineAndCharacterOfPosition(d.start ?? 0).line
const found = program
  .getSourceFiles()
  .filter((file) => !file.isDeclarationFile)
  .flatMap((file) => program.getDeclarationDiagnostics(file))
  .filter((d) => d.code !== 9021 && d.code !== 9038 && !isSchemaValue(d))

for (const d of found) {
  console.error(
    `${d.file?.fileName}:${line(d) + 1} TS${d.code} ${ts.flattenDiagnosticMessageText(d.messageText, "\n")}`
  )
}
console.log(`${found.length} exports without a stated type`)
process.exit(found.length === 0 ? 0 : 1)
