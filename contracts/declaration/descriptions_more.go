package declaration

func aboutLogins() map[string]description {
	const oauth, login = "identities.NAME.oauth2", "identities.NAME.login"
	return map[string]description{
		oauth:                    {meaning: "a token by OAuth 2 (RFC 6749), fetched when it is needed, before it expires, and after a 401", example: "oauth2: {token_url: https://id.example.org/token, client_id: c}"},
		oauth + ".grant":         {meaning: "client_credentials or password", fallback: "client_credentials", example: "grant: password"},
		oauth + ".token_url":     {meaning: "token endpoint", fallback: "that of issuer, or of the document's scheme", example: "token_url: https://id.example.org/token"},
		oauth + ".issuer":        {meaning: "issuer whose OpenID Connect discovery document names the endpoint", example: "issuer: https://id.example.org"},
		oauth + ".client_id":     {meaning: "the client", example: "client_id: plumbline"},
		oauth + ".client_secret": {meaning: "its secret", example: "client_secret: ${SECRET}"},
		oauth + ".user":          {meaning: "name, for the password grant", example: "user: eve"},
		oauth + ".password":      {meaning: "password, for the password grant", example: "password: ${PASSWORD}"},
		oauth + ".style":         {meaning: "how the client shows itself: basic or post", fallback: "basic is tried first", example: "style: post"},
		oauth + ".parameters":    {meaning: "further parameters of the token request", kind: "mapping of name to text", example: "parameters: {audience: orders}"},
		login:                    {meaning: "a request that yields a token or a session", example: "login: {url: /login, json: {user: eve}, token: /access_token}"},
		login + ".url":           {meaning: "path of the target, or absolute", example: "url: /login"},
		login + ".method":        {meaning: "HTTP method", fallback: "POST", example: "method: PUT"},
		login + ".headers":       {meaning: "headers of the request", kind: "mapping of name to text", example: "headers: {X-Client: ci}"},
		login + ".body":          {meaning: "its body, as it is", example: "body: user=eve"},
		login + ".json":          {meaning: "its body, as JSON; beats body", kind: "mapping", example: "json: {user: eve, password: p}"},
		login + ".token":         {meaning: "where the answer holds the token", kind: "JSON pointer", example: "token: /access_token"},
		login + ".token_header":  {meaning: "header of the answer that is the token", example: "token_header: X-Auth-Token"},
		login + ".cookies":       {meaning: "the answer's cookies are the session", fallback: "false", example: "cookies: true"},
		login + ".send":          {meaning: "where the token goes", fallback: "Authorization: Bearer", example: "send: {name: X-Auth}"},
		login + ".send.in":       {meaning: "header, query or cookie", fallback: "header", example: "in: cookie"},
		login + ".send.name":     {meaning: "name of the header, parameter or cookie", example: "name: X-Auth"},
		login + ".send.template": {meaning: "text around {token}", fallback: "Bearer {token} in Authorization, {token} elsewhere", example: "template: \"Token {token}\""},
	}
}

func aboutObjectives() map[string]description {
	return map[string]description{
		"slos": {meaning: "objectives. A percentile is a share: p99: 300ms means that 99 % of requests are good, answered within 300 ms", example: "slos: [{name: fast, operations: [\"*\"], p99: 300ms}]", closed: true, inside: []inner{
			{"[].name", "text", "", "name of the objective", "name: orders-fast"},
			{"[].operations", "list of text", "the whole service", "operations that it is about", "operations: [createOrder]"},
			{"[].p99", "duration", "", "percentile, p50 to p99.9, and the bound of its latency", "p99.9: 1s"},
			{"[].availability", "share", "", "share of requests that are answered without a server error", "availability: 99.9%"},
			{"[].errors", "share", "", "share of requests that may be bad: the other way to say availability", "errors: 0.1%"},
			{"[].throughput", "rate", "", "good answers a second, at least, of its operations together; the load has to ask for more than that", "throughput: 50/s"},
			{"[].during", "mapping", "", "other goals while a dependency is lost (fault) or after that (recovery), each with the dependencies that it is about; none: each of them", "during: {fault: {availability: 90%, dependencies: [recs]}}"},
			{"[].decision", "text", "not-disproved", "not-disproved: only a demonstrated breach fails; prove: what is not proved gates too", "decision: prove"},
			{"[].severity", "text", "that of the function", "what happens when it is broken: gate fails the run; warn and info tell it as broken, and do not", "severity: warn"},
			{"[].regression", "mapping", "tolerance 10 %, floor 2ms, confirm true", "when its operations count as slower than on the nights before (load/regression): by more than tolerance and by more than floor; confirm: false tells it without sending the load once more. Of several entries the one with the fewest operations holds", "regression: {tolerance: 20%, floor: 5ms}"},
			{"[].confidence", "share", "95%", "one-sided confidence of the decision", "confidence: 99%"},
			{"[].window", "duration", "", "window of the error budget, for its arithmetic", "window: 720h"},
		}},
		"openslo":                  {meaning: "OpenSLO v1 files, unmodified. What no binding ties to requests, and what is no share of them, is named as not judged", example: "openslo: [slo.yaml]"},
		"bindings":                 {meaning: "which operations an SLO of an OpenSLO file is about, by its name", example: "bindings: {all-ok: {operations: [\"*\"]}}"},
		"bindings.NAME.operations": {meaning: "the operations", example: "operations: [createOrder]"},
		"bindings.NAME.good":       {meaning: "what a good request is; beats the threshold of the file", example: "good: latency <= 300ms"},
		"bindings.NAME.unit":       {meaning: "unit of a threshold that has none: s or ms; /s makes it a throughput", example: "unit: ms"},
		"load":                     {meaning: "the open workload that the objectives are to hold at", example: "load: {rate: 20, duration: 30s}"},
		"load.rate":                {meaning: "requests a second, of all operations together", fallback: "400 requests at 40 a second", example: "rate: 20"},
		"load.duration":            {meaning: "how long", kind: "duration", example: "duration: 30s"},
		"load.arrivals":            {meaning: "poisson or constant", fallback: "poisson", example: "arrivals: constant"},
		"load.limit":               {meaning: "requests a second that are never exceeded, whatever the run does", fallback: "none", example: "limit: 200"},
		"load.peak":                {meaning: "promised: requests a second that must be carried at the busiest time", example: "peak: 120"},
		"load.headroom":            {meaning: "times the peak that the capacity must reach", fallback: "1.5", example: "headroom: 2"},
		"load.overload":            {meaning: "requests a second up to which the run may load the deployment beyond what it promises, to see how it bends; without it capacity and overload are not judged", fallback: "not allowed", example: "overload: 600"},
		"load.mix":                 {meaning: "weights of operations", kind: "mapping of operation to number", fallback: "reads 80 %, writes 20 %", example: "mix: {createOrder: 2, \"GET /orders\": 8}"},
		"load.stages":              {meaning: "stretches of the load whose rate runs linearly; beats rate and duration", example: "stages: [{from: 0, to: 50, for: 10s}]"},
		"load.stages[].from":       {meaning: "requests a second at its start", example: "from: 0"},
		"load.stages[].to":         {meaning: "requests a second at its end", example: "to: 50"},
		"load.stages[].shape":      {meaning: "line, steps, spike (to is its peak) or sine (between from and to)", fallback: "line", example: "shape: steps"},
		"load.stages[].levels":     {meaning: "number of steps", example: "levels: 5"},
		"load.stages[].period":     {meaning: "of a sine", kind: "duration", example: "period: 10s"},
		"load.replay":              {meaning: "a recorded rate curve, in the place of stages", example: "replay: {file: access.log}"},
		"load.access_log":          {meaning: "an access log in the common or combined format, from which the mix is taken: paths are matched with those of the document, and lines that match none are told", fallback: "mix, or recorded traffic", example: "access_log: access.log"},
		"load.replay.file":         {meaning: "a CSV file of times and rates, a HAR file, or an access log", example: "file: access.log"},
		"load.replay.scale":        {meaning: "factor of the rates", fallback: "1", example: "scale: 0.5"},
		"load.replay.speed":        {meaning: "factor of the time", fallback: "1", example: "speed: 10"},
		"load.stages[].for":        {meaning: "how long it takes", kind: "duration", example: "for: 10s"},
	}
}

func aboutWires() map[string]description {
	const dep = "dependencies.NAME"
	return map[string]description{
		"wires":                          {meaning: "a `plumbline wire` process that runs already", fallback: "a run starts one", example: "wires: {control: 127.0.0.1:7000}"},
		"wires.control":                  {meaning: "address of its control port", example: "control: 127.0.0.1:7000"},
		"wires.token":                    {meaning: "token of its control port", example: "token: ${PLUMBLINE_WIRE_TOKEN}"},
		"dependencies":                   {meaning: "what the service calls, each behind a wire that records and breaks it; the deployment is pointed at listen", example: "dependencies: {payment: {listen: 127.0.0.1:7001, upstream: http://127.0.0.1:9001}}"},
		dep + ".wire":                    {meaning: "http, recorded request by request; or tcp, connections and bytes", fallback: "http", example: "wire: tcp"},
		dep + ".listen":                  {meaning: "where the wire listens", example: "listen: 127.0.0.1:7001"},
		dep + ".upstream":                {meaning: "the dependency itself: http://host:port or https://host:port, or host:port for tcp", example: "upstream: http://127.0.0.1:9001"},
		dep + ".stub":                    {meaning: "stand in for the dependency with a server made from its OpenAPI document; upstream is left out", fallback: "false", example: "stub: true"},
		dep + ".names":                   {meaning: "names by which the service knows it, where it was not given the address of the wire", example: "names: [payment.internal]"},
		dep + ".class":                   {meaning: "critical, or optional: the service does without it", fallback: "not claimed", example: "class: optional"},
		dep + ".operations":              {meaning: "operations that use it", fallback: "found out", example: "operations: [createOrder]"},
		dep + ".timeout":                 {meaning: "how long one request of a client waits for it in all, retries included", kind: "duration", fallback: "not claimed", example: "timeout: 1s"},
		dep + ".retry":                   {meaning: "how calls are repeated", fallback: "not claimed", example: "retry: {max_attempts: 3}"},
		dep + ".retry.max_attempts":      {meaning: "attempts, the first included", fallback: "3", example: "max_attempts: 3"},
		dep + ".retry.jitter":            {meaning: "pauses are spread at random", fallback: "true", example: "jitter: false"},
		dep + ".retry.on":                {meaning: "statuses that are repeated", example: "on: [502, 503]"},
		dep + ".retry.backoff":           {meaning: "bound of the first gap between attempts, from which gaps grow", kind: "duration", fallback: "not claimed", example: "backoff: 200ms"},
		dep + ".retry_budget":            {meaning: "share of further calls that retries may add while every call fails", fallback: "not claimed", example: "retry_budget: 0.2"},
		dep + ".retry.key":               {meaning: "header that makes a repeat harmless", example: "key: Idempotency-Key"},
		dep + ".breaker":                 {meaning: "a circuit breaker", fallback: "not claimed", example: "breaker: {min_calls: 20, ratio: 0.5, window: 10s, open_for: 3s}"},
		dep + ".breaker.min_calls":       {meaning: "calls before it may trip", example: "min_calls: 20"},
		dep + ".breaker.ratio":           {meaning: "share of failures at which it trips, in [0, 1]", example: "ratio: 0.5"},
		dep + ".breaker.window":          {meaning: "over which they are counted", kind: "duration", example: "window: 10s"},
		dep + ".breaker.open_for":        {meaning: "how long it stays open", kind: "duration", fallback: "60s", example: "open_for: 3s"},
		dep + ".bulkhead":                {meaning: "its hanging does not take the capacity of operations that do without it", fallback: "false", example: "bulkhead: true"},
		dep + ".accept":                  {meaning: "statuses that are a clean failure while it is away", fallback: "502, 503, 504, 429", example: "accept: [503]"},
		dep + ".degraded_marker":         {meaning: "what an answer carries that was made without it", example: "degraded_marker: degraded"},
		dep + ".calls":                   {meaning: "most calls to it that one request of a client sets off, retries apart", fallback: "not claimed; that calls do not grow with what a list shows is judged all the same", example: "calls: 1"},
		dep + ".connections":             {meaning: "most connections that the service keeps to it at a time", fallback: "not claimed", example: "connections: 64"},
		dep + ".parallel":                {meaning: "dependencies that are called at the same time as it, for one request", fallback: "not claimed", example: "parallel: [recs]"},
		dep + ".openapi":                 {meaning: "its own document: requests of the service are held against it", example: "openapi: payment.yaml"},
		dep + ".pact":                    {meaning: "the pact in which the service is the consumer: requests are held against it. A file, folder or pattern, a list of them, or a mapping as in pacts, whose broker has the latest pact of consumer with provider", kind: "text, list or mapping", closed: true, example: "pact: pacts/payment.json"},
		dep + ".breaker.half_open_calls": {meaning: "calls that it lets through to see whether the dependency is back", fallback: "10", example: "half_open_calls: 2"},
	}
}

func aboutPacts() map[string]description {
	const broker = "pacts.broker"
	return map[string]description{
		"pacts":              {meaning: "contracts of consumers: a file, folder or pattern, a list of them, or a mapping", kind: "text, list or mapping", example: "pacts: [pacts/*.json]"},
		"pacts.files":        {meaning: "files, folders or patterns", example: "files: [pacts]"},
		broker:               {meaning: "a Pact Broker, or PactFlow, that has more; credentials go to its host only", example: "broker: {url: https://broker.example.org, token: t}"},
		broker + ".url":      {meaning: "its index; everything else is found by following links", example: "url: https://broker.example.org"},
		broker + ".token":    {meaning: "bearer token", example: "token: ${BROKER_TOKEN}"},
		broker + ".user":     {meaning: "user, for basic authentication", example: "user: ci"},
		broker + ".password": {meaning: "password, for basic authentication", example: "password: ${BROKER_PASSWORD}"},
		broker + ".provider": {meaning: "what the broker calls the service; of a dependency's pact: the dependency", fallback: "its own name", example: "provider: shop"},
		broker + ".consumer": {meaning: "of a dependency's pact: what the broker calls the service", fallback: "service", example: "consumer: shop"},
		broker + ".branch":   {meaning: "branch of the service, for matchingBranch and pending", fallback: "publish.branch", example: "branch: main"},
		broker + ".consumer_version_selectors": {
			meaning: "which versions of consumers, as the broker understands it", fallback: "mainBranch, and deployedOrReleased",
			example: "consumer_version_selectors: [{mainBranch: true}]",
		},
		broker + ".pending":         {meaning: "ask which pacts were never verified before: they are told, and do not gate", fallback: "false", example: "pending: true"},
		broker + ".wip_since":       {meaning: "take in pacts in work since this day", kind: "YYYY-MM-DD", example: "wip_since: \"2026-01-01\""},
		broker + ".publish":         {meaning: "under which version contracts and results are published; results only with --publish-results", example: "publish: {version: 1.4.0, branch: main}"},
		broker + ".publish.version": {meaning: "version of the service", example: "version: ${GIT_SHA}"},
		broker + ".publish.branch":  {meaning: "its branch", example: "branch: main"},
		broker + ".publish.tags":    {meaning: "its tags", example: "tags: [prod]"},
		"messages":                  {meaning: "who makes the messages of message pacts, asynchronous and synchronous: one of url and command", example: "messages: {url: http://127.0.0.1:9100/messages}"},
		"messages.url":              {meaning: "is sent {description, providerStates, request} as JSON, and answers with the message", example: "url: http://127.0.0.1:9100/messages"},
		"messages.command":          {meaning: "a program that reads the same from standard input and writes the message", example: "command: [./messages]"},
	}
}

func aboutRest() map[string]description {
	return map[string]description{
		"hooks":             {meaning: "what a run may do to the deployment by shell commands, whatever orchestrates it. Scenarios name them. One that is called as a fault is does that to the target: restart, scale (to $PLUMBLINE_INSTANCES), kill and stop (so many of its instances; 0 is all), pause, disconnect, squeeze (to $PLUMBLINE_CPUS and $PLUMBLINE_MEMORY)", fallback: "nothing is done", example: "hooks: {restart: {run: kubectl rollout restart deployment/shop, done: kubectl rollout status deployment/shop}}"},
		"hooks.NAME.run":    {meaning: "does it", example: "run: ./lose-a-zone.sh"},
		"hooks.NAME.undo":   {meaning: "undoes it, also after the run was killed (plumbline clean RUN)", fallback: "nothing is to be undone", example: "undo: ./bring-it-back.sh"},
		"hooks.NAME.done":   {meaning: "ends with 0 once run has taken effect; it is asked again and again", fallback: "as soon as run has ended", example: "done: ./is-it-gone.sh"},
		"hooks.NAME.undone": {meaning: "ends with 0 once all is as before", fallback: "as soon as undo has ended", example: "undone: ./is-it-back.sh"},
		"hooks.NAME.within": {meaning: "what each of them may take", kind: "duration", fallback: "60s", example: "within: 3m"},

		"generated":        {meaning: "folder of generated files; edited scenarios and profiles in it beat the generated ones", fallback: "plumbline/ beside the file", example: "generated: plumbline"},
		"severity":         {meaning: "what happens when a claim is broken, by group, function, claim, or a pattern of functions; the longest that meets a claim holds. gate fails the run; warn and info tell it as broken, and do not", kind: "mapping of function to text", fallback: "gate", example: "severity: {load/regression: warn, resilience/retry-*: info}"},
		"waivers":          {meaning: "claims that are excused", example: "waivers: [{claim: resilience/breaker-opens/payment, reason: ADR 12, until: \"2027-01-31\"}]"},
		"waivers[].claim":  {meaning: "ID of the claim", example: "claim: resilience/breaker-opens/payment"},
		"waivers[].owner":  {meaning: "who answers for it", example: "owner: team-payments"},
		"waivers[].reason": {meaning: "why", example: "reason: ADR 12"},
		"waivers[].until":  {meaning: "the last day on which it holds", kind: "YYYY-MM-DD", example: "until: \"2027-01-31\""},
	}
}
