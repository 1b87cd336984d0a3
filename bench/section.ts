/** The generated parts of the documentation stand between `<!-- name:start -->` and `<!-- name:end -->`. */
import { readFileSync, writeFileSync } from "node:fs"

const marks = (name: string): readonly [string, string] => [`<!-- ${name}:start -->\n`, `\n<!-- ${name}:end -->`]

export const readSection = (file: string, name: string): string => {
  const [start, end] = marks(name)
  const [, rest] = readFileSync(file, "utf8").split(start)
  const [section, after] = rest?.split(end) ?? []
  if (section === undefined || after === undefined) throw new Error(`${file} has no section "${name}"`)
  return section.trim()
}

export const writeSection = (file: string, name: string, content: string): void => {
  readSection(file, name)
  const [start, end] = marks(name)
  const text = readFileSync(file, "utf8")
  const [from, to] = [text.indexOf(start) + start.length, text.indexOf(end)]
  writeFileSync(file, `${text.slice(0, from)}\n${content}\n${text.slice(to)}`)
}
