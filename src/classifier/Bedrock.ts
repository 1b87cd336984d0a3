import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const bedrock: Dialect = {
  name: "bedrock",
  title: "AWS Bedrock",
  aliases: ["aws", "amazon", "amazon-bedrock", "aws-bedrock"],
  recognise: (facts) =>
    facts.header("x-amzn-errortype") !== undefined ||
    facts.header("x-amzn-requestid") !== undefined ||
    [...facts.types, ...facts.codes].some((name) => name.endsWith("exception")),
  rules: [
    { name: "ThrottlingException", says: /per day/, is: "QuotaExhausted" },
    { name: ["ThrottlingException", "TooManyRequestsException", "Throttling", "RequestLimitExceeded"], is: "RateLimited" },
    { name: "ServiceQuotaExceededException", is: "RateLimited" },
    { name: "AccessDeniedException", says: /token .{0,40}(?:expired|invalid)/, is: "AuthenticationFailed" },
    { name: "AccessDeniedException", is: "PermissionDenied" },
    { name: ["ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidSignatureException", "MissingAuthenticationTokenException", "IncompleteSignatureException", "InvalidClientTokenId", "SignatureDoesNotMatch"], is: "AuthenticationFailed" },
    { name: "ResourceNotFoundException", says: /use case details/, is: "PermissionDenied" },
    { name: "ResourceNotFoundException", is: "ModelNotFound" },
    { name: "ModelTimeoutException", is: "TimedOut" },
    { name: ["ModelErrorException", "ModelStreamErrorException", "InternalServerException", "InternalFailure"], is: "ServerError" },
    { name: ["ModelNotReadyException", "ServiceUnavailableException", "ServiceUnavailable"], is: "Overloaded" },
    { name: "ConflictException", is: "Conflict" },
    { name: "UnknownOperationException", is: "InvalidRequest" },
    { detail: ["stopReason", /^(?:content_filtered|guardrail_intervened)$/], is: "ContentFiltered", by: "completion" },
    { says: /model identifier is invalid|on-demand throughput isn't supported|end of its life/, is: "ModelNotFound" },
    { says: /maximum tokens you requested exceed/, is: "InvalidRequest" },
    { says: /input is too long|expected maxlength|too many input tokens/, is: "ContextLengthExceeded" },
    { says: /too many tokens|too many requests/, is: "RateLimited" },
    { says: /operation not allowed/, is: "PermissionDenied" },
    { says: /security token .{0,40}(?:expired|invalid)|signature .{0,40}does not match/, is: "AuthenticationFailed" },
    { says: /blocked by (?:our )?content filter/, is: "ContentFiltered", by: "completion" }
  ],
  vague: [{ name: "ValidationException", is: "InvalidRequest" }]
}
