import { readFileSync } from "node:fs"
import * as GatewayConfig from "effect-resilience/gateway/GatewayConfig"
import { expect, it } from "vitest"

interface Node {
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, Node>>
  readonly additionalProperties?: Node | boolean
  readonly items?: Node | ReadonlyArray<Node>
  readonly additionalItems?: Node
}

const schema = GatewayConfig.jsonSchema() as unknown as Node & { readonly $defs: Readonly<Record<string, Node>> }
const page = readFileSync(new URL("../../docs/gateway.md", import.meta.url), "utf8")

const resolved = (node: Node): Node =>
  node.$ref === undefined ? node : (schema.$defs[node.$ref.replace("#/$defs/", "")] as Node)

/** The names below it, down to what policies are made of, which have pages of their own. */
const namesIn = (node: Node, path: string): ReadonlyArray<string> => {
  const { additionalItems, additionalProperties, items, properties = {} } = resolved(node)
  const inside = [additionalProperties, items, additionalItems].flat().filter((one) => typeof one === "object")
  return [
    ...inside.flatMap((one) => namesIn(one, path)),
    ...Object.entries(properties).flatMap(([name, value]) => [
      `${path}${name}`,
      ...(/^(?:requests|tokens|budget|policy\.\w+)$/.test(name) || path.endsWith("policy.")
        ? []
        : namesIn(value, `${path}${name}.`))
    ])
  ]
}

it("names all that a configuration may have", () => {
  const names = namesIn(schema, "").filter((name) => name !== "$schema")
  expect(names.length).toBeGreaterThan(50)
  const unnamed = names.filter((name) => !new RegExp(`\\b${name.split(".").at(-1)}\\b`).test(page))
  expect(unnamed).toEqual([])
})
