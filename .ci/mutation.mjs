// Writes docs/mutation-report.md from the report of `stryker run`: the scores per file, and every mutant that the tests
// let live, each with the reason that stands for it in `.ci/mutation-reasons.json`. One without a reason fails the run.
import { readFileSync, writeFileSync } from "node:fs"

const report = JSON.parse(readFileSync(".stryker-report/mutation.json", "utf8"))
const reasons = JSON.parse(readFileSync(".ci/mutation-reasons.json", "utf8"))

const files = Object.entries(report.files).map(([path, { mutants, source }]) => ({ path, mutants, source }))
const count = (mutants, ...states) => mutants.filter((mutant) => states.includes(mutant.status)).length
const row = (name, mutants) => {
  const killed = count(mutants, "Killed", "Timeout")
  const lived = count(mutants, "Survived", "NoCoverage")
  return `| ${name} | ${killed + lived} | ${killed} | ${lived} | ${((100 * killed) / (killed + lived)).toFixed(1)} % |`
}

const survivors = files.flatMap(({ path, mutants, source }) =>
  mutants
    .filter((mutant) => mutant.status === "Survived" || mutant.status === "NoCoverage")
    .map((mutant) => {
      const { start, end } = mutant.location
      const lines = source.split("\n").slice(start.line - 1, end.line)
      lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1)
      lines[0] = lines[0].slice(start.column - 1)
      const original = lines.join(" ").replace(/\s+/g, " ")
      const replacement = mutant.replacement.replace(/\s+/g, " ")
      const name = path.split("/").at(-1)
      const line = source.split("\n")[start.line - 1].trim()
      const reason = reasons.find(
        (known) => known.file === name && known.original === original && known.replacement === replacement
      )?.reason
      return { name, line, original, replacement, reason }
    })
)

const all = files.flatMap(({ mutants }) => mutants)
const code = (text) => `\`${text.replaceAll("|", "\\|")}\``
const out = [
  "# Mutation testing of the circuit breaker",
  "",
  "Written by `npm run mutation` (StrykerJS): every small change to the state machine, its windows and its memory is a",
  "mutant, and the tests have to notice it. It takes some minutes and does not run in CI.",
  "",
  "| file | mutants | found | lived | score |",
  "|---|---:|---:|---:|---:|",
  ...files.map(({ path, mutants }) => row(path.split("/").at(-1), mutants)),
  row("**all**", all),
  "",
  "## Mutants that lived",
  "",
  survivors.length === 0 ? "None." : "| file | changed | to | why that is no difference |\n|---|---|---|---|",
  ...survivors.map((mutant) => {
    const short = mutant.original.length > 90 ? `${mutant.original.slice(0, 90)} ...` : mutant.original
    return `| ${mutant.name} | ${code(short)} | ${code(mutant.replacement)} | ${mutant.reason ?? "**no reason given**"} |`
  }),
  ""
]
writeFileSync("docs/mutation-report.md", out.join("\n"))

const open = survivors.filter((mutant) => mutant.reason === undefined)
for (const { line, name, original, replacement } of open) {
  console.error(JSON.stringify({ file: name, original, replacement, line }))
}
console.log(`${all.length} mutants, ${survivors.length} lived, ${open.length} of them without a reason`)
process.exit(open.length === 0 ? 0 : 1)
