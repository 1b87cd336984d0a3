import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"

const root = fileURLToPath(new URL("../..", import.meta.url))

const pages = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map((name) => join(root, name)),
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md"))
    .map((path) => join(root, "docs", path))
]

/** The text of a page without its code, in which brackets are no links. */
const prose = (page: string): string =>
  readFileSync(page, "utf8")
    .replace(/^\s*```[\s\S]*?^\s*```/gm, "")
    .replace(/`[^`\n]*`/g, "code")

/** The name a heading has as a place in its page, as GitHub makes it. */
const places = (page: string): ReadonlyArray<string> =>
  Array.from(readFileSync(page, "utf8").matchAll(/^#+ (.*)$/gm), ([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-")
  )

const linksOf = (page: string): ReadonlyArray<string> =>
  Array.from(prose(page).matchAll(/\]\(([^)\s]+)[^)]*\)/g), ([, link = ""]) => link).filter(
    (link) => !/^[a-z]+:/.test(link)
  )

it("every relative link of the documentation leads to a file, and to a heading of it", () => {
  const links = pages.flatMap((page) => linksOf(page).map((link) => ({ page, link })))
  expect(links.length).toBeGreaterThan(5)
  const broken = links.filter(({ link, page }) => {
    const [path = "", place] = link.split("#")
    const file = path === "" ? page : resolve(dirname(page), path)
    return !existsSync(file) || (place !== undefined && !places(file).includes(place))
  })
  expect(broken.map(({ link, page }) => `${relative(root, page)}: ${link}`)).toEqual([])
})

it("what the package holds of the documentation leads to nothing that it does not hold", () => {
  const { files }: { readonly files: ReadonlyArray<string> } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8")
  )
  const left = files.filter((path) => path.startsWith("!")).map((path) => path.slice(1))
  const isPacked = (path: string): boolean =>
    ["README.md", "LICENSE", "package.json", ...files].some((file) => path === file || path.startsWith(`${file}/`)) &&
    !left.includes(path)
  const packed = pages.filter((page) => isPacked(relative(root, page)))
  expect(packed.length).toBeGreaterThan(10)
  const missing = packed.flatMap((page) =>
    linksOf(page)
      .map((link) => link.split("#")[0] ?? "")
      .filter((path) => path !== "" && !isPacked(relative(root, resolve(dirname(page), path))))
      .map((path) => `${relative(root, page)}: ${path}`)
  )
  expect(missing).toEqual([])
})

it("the index has every page that is packed, and the README every module", () => {
  const index = linksOf(join(root, "docs/README.md"))
  const written = readdirSync(join(root, "docs")).filter((name) => !["README.md", "mutation-report.md"].includes(name))
  expect(written.filter((name) => !index.includes(name))).toEqual([])
  const readme = readFileSync(join(root, "README.md"), "utf8")
  const { exports }: { readonly exports: Readonly<Record<string, unknown>> } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8")
  )
  const modules = Object.entries(exports)
    .filter(([path, target]) => /[A-Z]\w*$/.test(path) && target !== null)
    .map(([path]) => path.slice("./".length))
  expect(modules.length).toBeGreaterThan(10)
  expect(modules.filter((name) => !readme.includes(`| \`${name}\``))).toEqual([])
})
