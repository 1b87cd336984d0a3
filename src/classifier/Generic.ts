import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** What names, words and the status mean wherever nobody said otherwise. @internal */
export const generic: Dialect = {
  name: "generic",
  title: "Any other provider or gateway",
  rules: [
    // Names that several providers share.
    { name: ["content_filter", "content_filter_error", "content_policy", "data_inspection_failed", "DataInspectionFailed", "sensitive_content"], is: "ContentFiltered" },
    { name: ["context_window_exceeded", "context_length_exceeded_error", "model_max_prompt_tokens_exceeded", "exceed_context_size_error", "prompt_too_long", "input_too_long", "1261"], is: "ContextLengthExceeded" },
    { name: ["insufficient_credits", "insufficient_user_quota", "AllocationQuota.FreeTierOnly", "insufficient_funds", "insufficient_balance", "NOT_ENOUGH_BALANCE", "quota_exceeded", "provider_quota_exceeded", "quota_exhausted", "credits_exhausted", "exceeded_current_quota_error", "budget_exceeded", "payment_required", "billing_error", "Arrearage", "1113", "1304", "1308"], is: "QuotaExhausted" },
    { name: ["engine_overloaded_error", "engine_overloaded", "overloaded_error", "model_overloaded", "server_overloaded", "overloaded", "capacity_exceeded", "no_capacity", "1305"], is: "Overloaded" },
    { name: ["rate_limit_reached_error", "rate_limit_error", "rate_limited", "rate_limit", "rate_limit_reached", "too_many_requests", "too_many_requests_error", "user_global_rate_limited", "Throttling", "Throttling.RateQuota", "Throttling.AllocationQuota", "ThrottlingException", "limit_requests", "concurrency_limit_exceeded", "1302"], is: "RateLimited" },
    { name: ["invalid_authentication_error", "authentication_error", "invalid_authentication", "unauthorized", "unauthenticated", "InvalidApiKey", "InvalidAuthentication"], is: "AuthenticationFailed" },
    // The token endpoint of OAuth, which answers with a status of 400.
    { name: ["invalid_grant", "invalid_client", "expired_token", "unauthorized_client", "invalid_token", "invalid_rapt", "interaction_required", "login_required", "unsupported_grant_type"], is: "AuthenticationFailed" },
    { name: ["model_not_supported", "model_deprecated", "model_decommissioned", "no_such_model", "ModelNotFound", "1211", "invalid_model", "unavailable_model", "unknown_model", "no_access"], is: "ModelNotFound" },
    { name: ["request_too_large", "payload_too_large", "request_entity_too_large"], is: "RequestTooLarge" },
    { name: ["gateway_timeout", "timeout_error", "request_timeout", "deadline_exceeded", "upstream_timeout"], is: "TimedOut" },
    { detail: ["finish_reason", /^content_filter$/], is: "ContentFiltered", by: "completion" },
    { detail: ["stop_reason", /^refusal$/], is: "ContentFiltered", by: "refusal" },

    { name: ["client_closed_request", "client_disconnected", "request_cancelled", "request_canceled"], status: [408, 421, 460, 499, 500, 503], is: "ServerError" },
    { name: ["deployment_not_found", "endpoint_not_found", "function_not_found", "app_not_found", "application_not_found", "inference_component_not_found", "model_not_deployed", "deployment_paused", "endpoint_paused"], is: "ModelNotFound" },
    { name: ["deployment_not_ready", "endpoint_not_ready", "deployment_scaling_up", "model_not_ready", "scaled_to_zero", "cold_start"], is: "Overloaded" },
    { name: ["model_access_denied", "model_not_entitled", "model_not_allowed", "subscription_required", "plan_required", "feature_not_enabled", "feature_not_available"], is: "ModelNotFound" },

    // Wording, from the most telling to the least.
    { says: [/\b(?:invalid_grant|invalid_client|expired_token|unauthorized_client|invalid_rapt)\b/, /\baadsts\d{4,8}/, /refresh token (?:is |has |was )?(?:been )?(?:invalid|expired|revoked)/, /token has been expired or revoked/], is: "AuthenticationFailed" },
    { oversized: true, is: "RequestTooLarge" },
    {
      says: [
        /tokens per min/,
        /requests per min/,
        /\b(?:tpm|rpm)\b/,
        /per[ _-]minute/,
        /per[ _-]second/,
        /\/ ?(?:minute|min|second|sec)\b/,
        /per hour|hourly/
      ],
      status: [429, 503, 200, 400, 403, 500], is: "RateLimited"
    },
    {
      says: [
        /(?:maximum|max|model's|total|allowed) context/,
        /context (?:length|window|limit|size) .{0,40}(?:exceed|overflow|is \d)/,
        /exceed.{0,60}context/,
        /context_length/,
        /longer than .{0,40}context|(?:greater|larger|higher|more) than the context (?:length|size|window)/
      ],
      is: "ContextLengthExceeded"
    },
    {
      says: [
        /(?:prompt|input|conversation|request) (?:text |message )?(?:is|was) too long/,
        /prompt too long/,
        /input too long/,
        /too many input tokens|too many tokens: size limit exceeded|total tokens .{0,24}exceeds? max (?:message )?tokens/,
        /(?:text|content|message|query|messages|history) (?:is|are|was) too long/,
        /input .{0,40}too large to process|context overflow|token limit exceeded: \d{1,9} ?>/,
        /(?:handle|accept|process|take)s? at most \d[\d,]{0,12} (?:input )?tokens/,
        /total (?:number of )?tokens .{0,24}exceeds? (?:the )?(?:max(?:imum)? |model |token |context )?(?:limit|length|window|max(?:imum)?) ?(?:of )?\d/,
        /(?:request|prompt|input) (?:contains|has) \d[\d,]{0,12} tokens.{0,40}(?:limit|max)/,
        /input[_ ]tokens? must be (?:less|<|at most|smaller|under)|max_(?:completion_|new_)?tokens must be (?:at least|greater than|>).{0,20}got -/,
        /exceeds? the model's (?:token|context|input)/,
        /tokens? (?:in|of) (?:the |your |this )?(?:request|prompt|input|messages|conversation).{0,40}(?:more|greater|larger|higher|longer) than .{0,24}(?:max|limit|allowed|context|window)/,
        /(?:prompt|input|request|messages|conversation)(?:'s)? (?:has|have|contains?|is|are|of|with|uses?|tokens?).{0,40}(?:more|greater|larger|higher|longer) than .{0,40}(?:tokens? (?:allowed|limit|supported)|max(?:imum)? (?:allowed )?(?:tokens|length|context)|the model)/,
        /(?:number of |total )tokens (?:in|of|for) (?:the |your )?(?:request|prompt|input|messages).{0,40}(?:exceed|above|over)/,
        /(?:does not|doesn't|do not|don't|cannot|can't|will not|won't) fit (?:in|into|within) (?:the |its )?(?:model|context)/,
        /\u4e0a\u4e0b\u6587.{0,20}(?:\u8d85|\u8fc7\u957f)|(?:\u8f93\u5165|\u63d0\u793a\u8bcd).{0,12}(?:\u8fc7\u957f|\u8d85\u957f|\u8d85\u8fc7)/
      ],
      is: "ContextLengthExceeded"
    },
    // A local server's 500 for what the request itself is: nobody else's call would fail.
    {
      says: [
        /chat[ _]template|jinja|template ?error|error rendering prompt|^template:|(?:unable|failed) to .{0,40}\btemplate|value is not (?:callable|iterable)/,
        /roles? must alternate|must alternate user|conversation roles|system role (?:is )?not supported|only user(?:, | and )|system (?:message|role|prompt) (?:must|should|is only|can only)/,
        /no user query|assistant (?:messages|response|message) (?:at the end|prefill)/,
        /(?:parse|invalid|bad|compile) .{0,24}(?:grammar|json ?schema|regex)|(?:grammar|json ?schema) .{0,24}(?:invalid|failed|conversion)/,
        /(?:image|audio|video|multimodal|vision) (?:input|inputs|content)s? (?:is|are) not supported|missing mmproj|does not support (?:image|audio|video|vision|tool|function|embed)/,
        /(?:failed|unable|could not|cannot) (?:to )?(?:load|decode|process|read|parse) (?:the )?(?:image|audio|video|bitmap|mtmd|messages|tool)|(?:failed|unable) to tokenize/,
        /(?:prompt|input|messages) (?:is|are|must not be|cannot be) empty|empty (?:prompt|input|messages)|expected (?:a |an )?(?:string|object|array|list) (?:for|in|at|but)/,
        /unsupported (?:role|content|message|image|audio|video|media)|unknown role|invalid message format/
      ],
      status: [400, 422, 500, 501], is: "InvalidRequest"
    },
    {
      says: [
        /input (?:token|length|tokens).{0,60}(?:exceed|should be)/,
        /(?:maximum|max) (?:prompt|input|model) (?:length|tokens|token)/,
        /exceed.{0,40}(?:token limit|maximum number of (?:input )?tokens)/,
        /range of input length/,
        /reduce the length of (?:the|your) (?:messages|prompt|input)/,
        /prompt .{0,40}exceed.{0,40}(?:limit|length)/
      ],
      is: "ContextLengthExceeded"
    },
    {
      says: [
        /content (?:management )?policy/,
        /content filter/,
        /safety (?:filter|system|policy|guidelines)/,
        /usage (?:policy|policies|guidelines)/,
        /flagged (?:as|by|for)/,
        /inappropriate content/,
        /sensitive (?:content|words)/,
        /potentially (?:unsafe|harmful)/,
        /violat.{0,60}(?:policy|policies|terms|guidelines)/,
        /content moderation/
      ],
      is: "ContentFiltered"
    },
    // One model or one feature that the plan leaves out: another target may have it.
    {
      says: [
        /(?:plan|subscription|tier|licen[sc]e|account type|package)\b.{0,40}(?:does not|doesn't|do not|not|n't) (?:yet )?(?:include|cover|allow|support|have|give|provide|grant|entitle)(?!.{0,60}(?:request|rate|concurren|per ))/,
        /not (?:yet |currently )?(?:available|enabled|included|offered|activated|supported|accessible) (?:on|in|for|with|under|by) (?:your|this|the|our) (?:current |free )?(?:plan|subscription|tier|licen[sc]e|package|account|organi[sz]ation|project|team|workspace|api key|key)\b/,
        /access to (?:the |this )?(?:[`'"]?[\w./:@-]{2,80}[`'"]? )?(?:model|feature).{0,40}(?:denied|restricted|forbidden|requires|not (?:allowed|granted|enabled))/,
        /(?:accept|agree to) .{0,40}(?:terms|licen[sc]e|agreement).{0,60}model|\bgated (?:model|repo)/,
        /(?:model|feature|capability|endpoint|tool|long context|context window|fast mode|streaming)\b.{0,60}(?:requires?|needs?|only (?:available|offered|included|accessible|supported)|(?:is|are) (?:limited|reserved|restricted) to|not (?:included|available|enabled|offered|activated|covered|open|part)).{0,60}(?:subscri|plan|tier|licen[sc]e|entitle|upgrade|paid|pro\b|premium|enterprise|(?:your|this|the) (?:account|organi[sz]ation|project|team|workspace|key|api key|user)|allowlist|waitlist|early access|beta|preview)/,
        /(?:not|n't) (?:have|got|been granted|been given|yet have) (?:access|permission|entitlement|authori[sz]ation|the right) (?:to|for|on) (?:use |access |call |invoke )?(?:the |this |that )?(?:[`'"]?[\w./:@-]{2,80}[`'"]? )?(?:model|feature|deployment|function|tool)\b/,
        /(?:not|n't) (?:have|got|been granted|yet have) (?:access|permission) (?:to|for) (?:the |this )?(?:model|feature|deployment|function|tool)\b/,
        /(?:not|n't) (?:authori[sz]ed|allowed|permitted|entitled|enabled|eligible|licensed|approved|subscribed|allow-?listed|white-?listed) (?:to|for|on) (?:use |access |call |invoke )?(?:the |this |that )?(?:[`'"]?[\w./:@-]{2,80}[`'"]? )?(?:model|feature|deployment|tool)\b/,
        /(?:upgrade|subscribe|enroll|apply|request access) .{0,40}(?:to use|to access|to unlock|for access to|to get) .{0,40}(?:model|feature|context|tool)/
      ],
      status: [400, 402, 403, 404, 422, 429], is: "ModelNotFound"
    },
    {
      says: [
        /(?:insufficient|not enough) (?:account )?(?:quota|credit|balance|fund)/,
        /credit balance/,
        /out of credits?/,
        /no (?:remaining )?credits?/,
        /run out of/,
        /(?:spend|spending|billing|usage|credit) (?:hard )?(?:limit|cap)/,
        /exceeded .{0,40}(?:current )?quota/,
        /balance (?:is|too) /,
        /payment required/,
        /budget .{0,60}exceeded/,
        /add (?:more )?credits/,
        /plan and billing/,
        /upgrade (?:your|to) .{0,20}plan/,
        /used up .{0,40}(?:daily|weekly|monthly|free|quota|allocation)/,
        /\u4f59\u989d\u4e0d\u8db3/,
        /\u989d\u5ea6\u4e0d\u8db3/,
        /\u6b20\u8d39/
      ],
      is: "QuotaExhausted"
    },
    { says: /(?:daily|weekly|monthly|per[ _-]day|per[ _-]week|per[ _-]month|\/ ?(?:day|month)).{0,60}(?:limit|quota|exceed|reached)|(?:limit|quota|exceed|reached).{0,60}(?:daily|weekly|monthly|per[ _-]day|per[ _-]week|per[ _-]month|\/ ?(?:day|month))/, is: "QuotaExhausted" },
    { says: /\bfunction\b.{0,80}not found/, status: 404, is: "ModelNotFound" },
    // What serves the model, whatever it is called: missing or switched off, and not yet or not any more well.
    {
      says: [
        /\b(?:deployment|endpoint|inference component|inference endpoint|application|app|cluster|replica set|predictor|model server|model version)s?\b.{0,100}(?:not found|not be found|does not exist|doesn't exist|do not exist|is not deployed|not deployed|no longer|(?:was|been|is) (?:deleted|removed|retired|archived))/,
        /(?:no such|unknown|unable to find|could not find|cannot find|couldn't find) (?:deployment|endpoint|inference component|application|app|function id|cluster|model server)\b/,
        /\bfunction (?:id )?['"`]?[0-9a-f]{8}-[0-9a-f-]{8,40}.{0,60}not found|\bfunction\b.{0,80}(?:not found for account|is inactive|not active|is not deployed|has been deleted)/,
        /\b(?:model|deployment|endpoint|function|inference component|application|app|space|replica|instance|cluster|predictor|model server|service)\b.{0,80}(?:is|was|been|currently|are) (?:currently |manually |temporarily |automatically )?(?:paused|stopped|switched off|turned off|inactive|deactivated|hibernated|terminated|undeployed|disabled for)/,
        /\b(?:deployment|endpoint|function|inference component|application|app|replica set|predictor|model server|served entity)\b.{0,80}\b(?:paused|stopped|disabled|hibernat(?:ed|ing)|switched off)\b/,
        /\b(?:service|model server|chute)\b is not deployed/,
        /no deployed models?|no model (?:is )?(?:currently )?(?:deployed|loaded)/
      ],
      is: "ModelNotFound"
    },
    {
      says: [
        /\bdegraded\b/,
        /scal(?:ed|es|ing) (?:down )?(?:to|from|up from) (?:zero|0)\b|(?:is|are|currently) scaling up|cold[ -]start/,
        /\b(?:model|deployment|endpoint|function|inference component|application|app|space|replicas?|instances?|workers?|cluster|predictor|model server|backends?|pods?)\b.{0,80}(?:not (?:yet )?(?:ready|running|healthy|in service|inservice|available yet|serving)|unhealthy|(?:is|are) (?:still |currently )?(?:starting|initiali[sz]ing|provisioning|creating|updating|booting|waking|sleeping|asleep|pending|restarting|deploying|crashed|down)\b|(?:has|have) no (?:capacity|ready|healthy|running|available)|failed to start|failed health|crash)/,
        /(?:not in (?:an? )?(?:ready|active|running|available|healthy|inservice)|in (?:an? |the )?(?:failed|error|creating|updating|pending|stopping|starting|unhealthy|degraded)) state|(?:state|status)\b.{0,8}(?:failed|unhealthy|creating|updating|pending)\b/,
        /\b(?:deployment|endpoint|application|app|replica|instance|predictor|model server|model)\b.{0,60}(?:is|are) being (?:updated|created|started|deployed|loaded|restarted|moved|scaled)/,
        /\bmodel (?:is )?(?:still )?loading|\bmodel\b.{0,40}(?:has been|was|is) unloaded|instance is hibernating/,
        /no (?:healthy|ready|running|available|live|active) (?:replicas?|instances?|workers?|backends?|endpoints?|deployments?|pods?|nodes?|servers?|upstreams?|hosts?|containers?)/
      ],
      is: "Overloaded"
    },
    {
      says: [
        /(?:invalid|incorrect|missing|wrong|expired|bad|no|unauthorized|malformed) .{0,24}(?:api[ _-]?key|access key|credentials|bearer|authorization|auth token|access token)/,
        /api[ _-]?key .{0,40}(?:invalid|not valid|expired|revoked|disabled|required|missing|incorrect|not found|leaked)/,
        /(?:invalid|expired) (?:token|signature)\b/,
        /didn't provide an api key/,
        /authentication (?:is )?(?:fail|error|required|invalid)/,
        /not authenticated/,
        /unauthori[sz]ed/,
        /unauthenticated/,
        /not logged in/,
        /token (?:has |is )?expired/
      ],
      is: "AuthenticationFailed"
    },
    {
      says: [
        /model.{0,100}(?:does not exist|doesn't exist|not exist|not found|no longer|deprecated|decommissioned|retired|discontinued|not deployed|has been removed|was removed|end of life|is not a valid)/,
        /(?:unknown|invalid|unsupported|unavailable|no such) model|no access to model/,
        /model:? [`'"]?[\w./:@-]{2,80}[`'"]? (?:is|are) not (?:supported|available|accessible)/,
        /[`'"][\w./:@-]{2,80}[`'"] model is not (?:supported|available)/,
        /not a valid model/,
        /failed to find model/
      ],
      is: "ModelNotFound"
    },
    {
      says: [
        /(?:country|region|territory|location).{0,40}not (?:supported|available|allowed)/,
        /not (?:supported|available|allowed) in your (?:country|region)/,
        /(?:not|n't) (?:authorized|have (?:access|permission))/,
        /(?:you|account|organization|api key|team|project|caller|client)\b.{0,60}not (?:allowed|permitted)/,
        /request not allowed/,
        /permission/,
        /access (?:is |was )?denied/,
        /forbidden/,
        /must be verified/,
        /account .{0,40}(?:suspended|disabled|deactivated|banned)/
      ],
      is: "PermissionDenied"
    },
    {
      says: [
        /overload/,
        /over capacity/,
        /at (?:maximum |max |full |peak |its )?capacity/,
        /capacity (?:is |has been |limit )?(?:exceeded|exhausted|reached|constraint)/,
        /(?:insufficient|not enough|limited|no) capacity/,
        /high (?:demand|traffic|load|volume)/,
        /heavy load/,
        /(?:server|service|model|system|engine) (?:is )?(?:too |very |currently |temporarily )?busy/,
        /(?:temporarily|currently) unavailable/,
        /is (?:currently )?loading/,
        /loading model/,
        /warming up/,
        /\u8d1f\u8f7d\u5df2\u9971\u548c/,
        /experiencing .{0,20}(?:load|demand|traffic)/,
        /at the moment due to/
      ],
      is: "Overloaded"
    },
    { says: /capacity temporarily exceeded/, status: [200, 500, 503], is: "Overloaded" },
    { says: /tokens? (?:limit|quota|allowance|budget|consumption|consumed).{0,40}(?:exceed|reached|used up|exhausted)/, status: 403, soft: true, is: "QuotaExhausted" },
    { says: [/quota (?:is |was |has been |has |limit )?(?:exceeded|exhausted|used up|depleted|reached|run out)/, /reached (?:your|the|its) (?:\w{1,16} )?quota/, /exceed.{0,24}quota/, /quota (?:for|of|on) .{0,60}(?:has been|is|was) (?:exceeded|exhausted|used up|depleted|reached)/, /(?:out of|no (?:more |remaining )?|insufficient) (?:\w{1,12} ){0,3}quota/], soft: true, is: "QuotaExhausted" },
    {
      says: [
        /rate[ -]?limit/,
        /rate (?:is |was )?exceeded/,
        /too many (?:concurrent )?(?:requests|connections)/,
        /throttl/,
        /concurren(?:t|cy) .{0,24}(?:limit|exceed)/,
        /slow down/,
        /requests? limit/,
        /resource (?:has been )?exhausted/,
        /limit (?:has been )?(?:reached|exceeded)/
      ],
      is: "RateLimited"
    },
    { says: /(?:request|payload|body|entity|file|image|content)(?: entity| body| size)? (?:is )?(?:too large|exceeds .{0,40}(?:size|limit|bytes|mb))|body exceeds|larger than the maximum/, is: "RequestTooLarge" },
    { says: /tim(?:ed|e) ?-?out|deadline (?:exceeded|expired)/, status: [200, 408, 500, 502, 503, 504], is: "TimedOut" },
    { says: /service (?:is )?(?:temporarily )?unavailable/, is: "Overloaded" },
    {
      says: [
        /internal (?:server )?error/,
        /something went wrong/,
        /bad gateway/,
        /unexpected (?:server )?error/,
        /upstream (?:error|failure)/,
        /backend error/
      ],
      is: "ServerError"
    },

    // The status, last. Those that no standard has are of the fronts that made them up.
    { status: [401, 407, 419, 440, 495, 496, 511], is: "AuthenticationFailed" },
    { status: 402, is: "QuotaExhausted" },
    { status: [403, 434, 451], is: "PermissionDenied" },
    { status: [408, 504, 524, 598, 599], is: "TimedOut" },
    { status: [409, 423, 425, 449], is: "Conflict" },
    { status: 410, is: "ModelNotFound" },
    { status: [413, 414, 431, 494], is: "RequestTooLarge" },
    { status: [420, 429], is: "RateLimited" },
    { status: [498, 503, 529], is: "Overloaded" },
    { status: 509, is: "QuotaExhausted" },
    { status: [421, 424, 444, 460, 499], is: "ServerError" },
    { status: [501, 505], is: "ServerError", retryable: false }
  ],
  vague: [
    { name: ["api_error", "server_error", "internal_server_error", "internal_error", "upstream_error", "provider_error"], status: [200, 400, 500, 502, 503], is: "ServerError" },
    { name: ["invalid_request_error", "invalid_request", "bad_request", "validation_error", "invalid_argument"], status: [200, 400, 422], is: "InvalidRequest" },
    { name: ["permission_error", "permission_denied", "forbidden", "access_denied", "AccessDenied"], is: "PermissionDenied" },
    { name: ["not_found", "not_found_error"], is: "InvalidRequest" }
  ]
}
