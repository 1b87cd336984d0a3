// Prints "<passed> <failed>" of a vitest JSON report. A test file that could not be loaded, and a run that ended badly
// without naming a failed test (an unhandled error), count as one failure each.
import { readFileSync } from "node:fs"

const [path, status] = process.argv.slice(2)
const report = JSON.parse(readFileSync(path, "utf8"))
const unloadable = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0)
const failed = report.numFailedTests + unloadable.length
console.log(report.numPassedTests, status !== "0" && failed === 0 ? 1 : failed)
