import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const sageMaker: Dialect = {
  name: "sagemaker",
  title: "AWS SageMaker",
  aliases: ["amazon-sagemaker", "aws-sagemaker"],
  recognise: (facts) =>
    facts.values("OriginalStatusCode").length > 0 || facts.values("OriginalMessage").length > 0 || /sagemaker|inference component|received (?:client|server) error \(\d{1,3}\) from/i.test(facts.message),
  rules: [
    { says: /has no capacity to process this request|no (?:healthy|available) (?:instance|container)|inservice|not in service/, is: "Overloaded" },
    { says: /endpoint .{0,120}not found|inference ?component .{0,120}(?:not found|does not exist)|could not find (?:endpoint|variant)/, is: "ModelNotFound" },
    { says: /received (?:server|client) error \(0\) from|worker timed out|timed out while waiting/, is: "TimedOut" },
    { says: /received server error \(\d{3}\) from/, is: "ServerError" },
    { name: "InternalDependencyException", is: "ServerError" },
    { name: "ModelError", status: 424, says: /^$/, is: "ServerError" }
  ],
  vague: [
    { says: /received client error \((?:400|413|422)\) from/, is: "InvalidRequest" },
    { name: ["ValidationError", "InvalidEndpointConfig"], is: "InvalidRequest" }
  ]
}
