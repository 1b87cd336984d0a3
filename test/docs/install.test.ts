import { readdirSync, readFileSync } from "node:fs"
import { expect, it } from "vitest"

const root = new URL("../../", import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), "utf8")

const peers: Readonly<Record<string, string>> = JSON.parse(read("package.json")).peerDependencies
const pages = ["README.md", ...readdirSync(new URL("docs/", root)).map((name) => `docs/${name}`)].filter((path) =>
  path.endsWith(".md")
)

/** What is installed by all the commands of a page, continued lines included. */
const installed = (page: string): ReadonlyArray<string> =>
  [...page.replaceAll("\\\n", " ").matchAll(/^(?:RUN )?npm install (.*)$/gm)].flatMap(([, rest]) =>
    rest!.replace(/#.*/, "").trim().split(/\s+/)
  )

it("whoever installs what a page names gets the line of Effect that the package stands on, and not the newest one", () => {
  const wrong = pages.flatMap((path) =>
    installed(read(path))
      .filter((name) => /^(effect|@effect\/.*)(@.*)?$/.test(name))
      .map((name) => ({ path, name, peer: name.replace(/(.)@.*$/, "$1") }))
      .filter(({ name, peer }) => peers[peer] !== undefined && name !== `${peer}@${peers[peer]}`)
  )
  expect(wrong).toEqual([])
  expect(installed(read("docs/gateway.md"))).toContain(`effect@${peers.effect}`)
})
