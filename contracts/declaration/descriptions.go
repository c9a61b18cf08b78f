package declaration

import "maps"

// A description is what the reference tells of one key beside its type.
type description struct {
	meaning  string
	fallback string // what holds without it
	example  string
	kind     string // in the place of the type of the wire form
	closed   bool   // what is inside is described elsewhere, or by inside
	inside   []inner
}

// An inner key is one that the wire form reads by itself.
type inner struct{ path, kind, fallback, meaning, example string }

// descriptions are by path, as in Key.
func descriptions() map[string]description {
	out := map[string]description{}
	for _, group := range []map[string]description{aboutDocument(), aboutTarget(), aboutCallers(), aboutLogins(), aboutObjectives(), aboutWires(), aboutPacts(), aboutFinite(), aboutLimits(), aboutRest()} {
		maps.Copy(out, group)
	}
	return out
}

func aboutDocument() map[string]description {
	return map[string]description{
		"service":                   {meaning: "name of the service, in files, pacts and reports", fallback: "from the document's title", example: "service: shop"},
		"openapi":                   {meaning: "the OpenAPI document, 2.0, 3.0 or 3.1: a file, or a URL", fallback: "--spec", example: "openapi: openapi.yaml"},
		"overlays":                  {meaning: "OpenAPI overlays 1.0 that are applied to the document before it is read, in order", example: "overlays: [corrections.yaml]"},
		"base":                      {meaning: "the released document that this one must not break: a file, a URL, or git:REV[:PATH]", example: "base: git:v1.4.0"},
		"allowed_breaking":          {meaning: "changes since then that are meant to be", example: "allowed_breaking: [{change: response-property-removed, reason: ADR 7}]"},
		"allowed_breaking[].change": {meaning: "ID of a rule, an operation, or part of the text of the change", example: "change: getOrder"},
		"allowed_breaking[].reason": {meaning: "why it may be", example: "reason: ADR 7"},
		"served":                    {meaning: "path at which the target serves its document", fallback: "the usual places are asked", example: "served: /openapi.json"},
		"dictionary": {
			meaning: "values by the name of a field or parameter, or by operation and place; one is used where the document allows it", kind: "mapping of name to list",
			example: "dictionary: {email: [a@example.com], createOrder/body/quantity: [3]}",
		},
		"flows":                {meaning: "flows that have to hold, in Arazzo 1.0: a file, or a mapping with the values of its inputs", kind: "list of text or mappings", fallback: "--arazzo", example: "flows: [checkout.arazzo.yaml]"},
		"flows[].file":         {meaning: "the Arazzo file", example: "file: checkout.arazzo.yaml"},
		"flows[].inputs":       {meaning: "values of its inputs, by their names", kind: "mapping", example: "inputs: {sku: p-1}"},
		"har":                  {meaning: "recorded traffic (HTTP Archive 1.2) of the API: its values make cases, its counts the mix of the load where none is declared, and what it used of the document a pact. Secrets are left behind", example: "har: [staging.har]"},
		"learn":                {meaning: "values that lists of the target show are used where an operation refuses what was made up: the sku of a product, for an order", fallback: "true", example: "learn: false"},
		"packs":                {meaning: "packs of hostile values that are sent as well, which a service must survive: unicode, injection", fallback: "--packs", example: "packs: [unicode]"},
		"redact":               {meaning: "names, or parts of names, of headers, parameters and properties whose values are never written down, beside those of credentials", example: "redact: [iban, birth_date]"},
		"coverage":             {meaning: "how much of the document a run has to prove to pass, as shares; with less it is not proven", fallback: "no minimum", example: "coverage: {operations: 90%, fields: 60%}"},
		"coverage.operations":  {meaning: "operations answered 2xx", kind: "share", fallback: "no minimum", example: "operations: 90%"},
		"coverage.statuses":    {meaning: "documented statuses seen, but for 5xx and default", kind: "share", fallback: "no minimum", example: "statuses: 50%"},
		"coverage.constraints": {meaning: "constraints of the input that a request was sent to break", kind: "share", fallback: "no minimum", example: "constraints: 80%"},
		"coverage.fields":      {meaning: "documented fields of answers seen", kind: "share", fallback: "no minimum", example: "fields: 60%"},
		"cors":                 {meaning: "whose pages may read answers in a browser", fallback: "not said: no origin may with credentials", example: "cors: {origins: [https://app.example]}"},
		"cors.origins":         {meaning: "the origins, without paths; an empty list means that no other than the target's own may", example: "origins: [https://app.example]"},
		"jwt":                  {meaning: "what is known to make other tokens of the JSON Web Token that an identity shows; without it they are forged all the same, as far as that needs no key", example: "jwt: {key: \"${TEST_SIGNING_KEY}\"}"},
		"jwt.identity":         {meaning: "the identity that shows a JWT", fallback: "the first whose declared token is one", example: "identity: alice"},
		"jwt.key":              {meaning: "a key for tests whose tokens the target takes: PEM, base64 of DER, or secret: and the secret of an HMAC. Tokens that have expired, or are for somebody else, are signed with it", example: "key: \"${TEST_SIGNING_KEY}\""},
		"jwt.public_key":       {meaning: "the key that the target checks tokens by: PEM, base64 of DER, or a certificate", fallback: "that of key", example: "public_key: \"${JWT_PUBLIC_KEY}\""},
		"jwt.tokens":           {meaning: "ready tokens that the target must refuse, in the place of key", example: "tokens: {expired: \"${EXPIRED_TOKEN}\"}"},
		"jwt.tokens.expired":   {meaning: "one that has expired, two minutes ago or longer", example: "expired: \"${EXPIRED_TOKEN}\""},
		"jwt.tokens.not_yet":   {meaning: "one that is not good for two more minutes or longer (nbf)", example: "not_yet: \"${FUTURE_TOKEN}\""},
		"jwt.tokens.audience":  {meaning: "one for another audience", example: "audience: \"${OTHERS_TOKEN}\""},
		"jwt.tokens.issuer":    {meaning: "one of another issuer", example: "issuer: \"${FOREIGN_TOKEN}\""},
		"jwt.tokens.type":      {meaning: "one that is no access token, where the identity's says that it is (typ at+jwt)", example: "type: \"${ID_TOKEN}\""},
		"gates":                {meaning: "functions, or groups of them, whose failures make the run unfit although they only warn or advise by themselves", fallback: "--gate", example: "gates: [contract/no-drift, security]"},
		"unsafe":               {meaning: "operations that change data although their method is safe", example: "unsafe: [GET /jobs/run]"},
	}
}

func aboutTarget() map[string]description {
	return map[string]description{
		"target":                       {meaning: "the deployment", example: "target: {url: http://127.0.0.1:8080}"},
		"target.url":                   {meaning: "base URL", fallback: "--target", example: "url: http://127.0.0.1:8080"},
		"target.compose":               {meaning: "compose files, as they are, that start the deployment with the wires in it", fallback: "it runs already", example: "compose: [compose.yaml]"},
		"target.service":               {meaning: "the service of the compose files that is put to the test", fallback: "needed with compose", example: "service: orders"},
		"target.image":                 {meaning: "the image of one container that is the deployment; a dependency is found there by its name, and its upstream is an address that containers reach", fallback: "it runs already", example: "image: shop:1"},
		"target.dockerfile":            {meaning: "as image, built from this file in its folder", fallback: "it runs already", example: "dockerfile: Dockerfile"},
		"target.command":               {meaning: "command and arguments: in the container of image or dockerfile; without one, a process on this machine that listens at url", fallback: "that of the image", example: "command: [./orders, -v]"},
		"target.env":                   {meaning: "environment of the container or the process", example: "env: {PAYMENT_URL: http://payment:8080}"},
		"target.port":                  {meaning: "the port of the service, or of the container", fallback: "the only one of the service", example: "port: 8080"},
		"target.instances":             {meaning: "so many instances of the target take its requests behind url", fallback: "not claimed", example: "instances: 3"},
		"target.scales":                {meaning: "so many instances of the process run side by side without harm: deploy/* starts them and passes requests on to each in turn. Where it listens has to be in command or env, as in url", fallback: "not claimed", example: "scales: 2"},
		"target.kubernetes":            {meaning: "the cluster in which the deployment runs; url says where it is reached from here", fallback: "it runs elsewhere", example: "kubernetes: {deployment: orders, namespace: shop}"},
		"target.kubernetes.deployment": {meaning: "the Deployment that is put to the test: its pods can be deleted, it can be scaled and restarted", example: "deployment: orders"},
		"target.kubernetes.namespace":  {meaning: "its namespace", fallback: "that of the context", example: "namespace: shop"},
		"target.kubernetes.kubeconfig": {meaning: "the kubeconfig file", fallback: "$KUBECONFIG, ~/.kube/config, or the account of the pod", example: "kubeconfig: staging.kubeconfig"},
		"target.kubernetes.context":    {meaning: "context of the kubeconfig", fallback: "its current one", example: "context: staging"},
		"target.kubernetes.wire_image": {meaning: "image of plumbline, by which the cluster knows it: the Services that upstreams of dependencies name lead to wires during a run, and back after it", fallback: "no wires are put in", example: "wire_image: registry.example.org/plumbline:1"},
		"target.liveness":              {meaning: "path that must answer whatever happens to dependencies", fallback: "found in the document", example: "liveness: /livez"},
		"target.public":                {meaning: "operations that anybody may call", example: "public: [getHealth]"},
		"mode":                         {meaning: "what may be changed on the target: observe (safe methods only), own (only what the run created) or full", fallback: "own", example: "mode: observe"},
		"propagation":                  {meaning: "trace context that the service hands to its dependencies: w3c, or none: exchanges are then told by time", fallback: "w3c is expected and not claimed", example: "propagation: w3c"},
		"deadline":                     {meaning: "how the time that is left for a request is handed down: the client says it in a header, and the service says what is left of it in the same header of its calls", fallback: "not claimed", example: "deadline: {header: X-Request-Timeout-Ms}"},
		"deadline.header":              {meaning: "the header: milliseconds, or that of gRPC with its unit", example: "header: Grpc-Timeout"},
		"deadline.dependencies":        {meaning: "dependencies to which it is handed", fallback: "all behind HTTP wires", example: "dependencies: [payment]"},
		"recovery":                     {meaning: "how long after an outage all is as before", kind: "duration", example: "recovery: 10s"},
		"metrics":                      {meaning: "where the target tells about itself, as Prometheus or OpenMetrics text: requests, processor, memory, descriptors. It is read once a second while a run lasts", fallback: "not asked", example: "metrics: {url: /metrics}"},
		"metrics.url":                  {meaning: "the endpoint: a URL, or a path of the target", example: "url: http://127.0.0.1:9100/metrics"},
		"metrics.urls":                 {meaning: "those of several instances, in the place of url", example: "urls: [\"http://10.0.0.1:9100/metrics\", \"http://10.0.0.2:9100/metrics\"]"},
		"metrics.requests":             {meaning: "counter of the requests that were answered", fallback: "found by the names that are usual", example: "requests: shop_requests_total"},
		"metrics.durations":            {meaning: "histogram, or summary, of how long requests took", fallback: "found by the names that are usual", example: "durations: shop_request_seconds"},
		"readiness":                    {meaning: "policy of the path by which an instance says whether it can be sent requests", fallback: "not claimed", example: "readiness: {path: /readyz, reflects: [store]}"},
		"readiness.path":               {meaning: "the path, an operation of the document", example: "path: /readyz"},
		"readiness.reflects":           {meaning: "dependencies without which it is not ready; without all others it stays ready", fallback: "none", example: "reflects: [store]"},
		"readiness.within":             {meaning: "how soon after a loss it says so, caches of probe results included", kind: "duration", fallback: "15s", example: "within: 3s"},
	}
}

func aboutCallers() map[string]description {
	return map[string]description{
		"identities":                     {meaning: "callers; the first is the default. One of bearer, basic, api_key and scheme says how an identity shows itself, one of command, oauth2 and login where the secret comes from", example: "identities: {alice: {bearer: t}}"},
		"identities.NAME.roles":          {meaning: "roles of the caller, for operations.NAME.roles", example: "roles: [admin]"},
		"identities.NAME.scopes":         {meaning: "scopes of its tokens; asked for by oauth2", example: "scopes: [orders.read]"},
		"identities.NAME.scheme":         {meaning: "security scheme of the document that says where the secret goes", example: "scheme: apiKeyAuth"},
		"identities.NAME.value":          {meaning: "the secret for scheme", example: "value: ${KEY}"},
		"identities.NAME.bearer":         {meaning: "bearer token", example: "bearer: ${TOKEN}"},
		"identities.NAME.basic":          {meaning: "HTTP basic authentication", example: "basic: {user: bob, password: p}"},
		"identities.NAME.basic.user":     {meaning: "name", example: "user: bob"},
		"identities.NAME.basic.password": {meaning: "password", example: "password: ${PASSWORD}"},
		"identities.NAME.api_key":        {meaning: "an API key", example: "api_key: {in: header, name: X-Key, value: v}"},
		"identities.NAME.api_key.in":     {meaning: "header, query or cookie", fallback: "header", example: "in: query"},
		"identities.NAME.api_key.name":   {meaning: "name of the header, parameter or cookie", example: "name: X-Key"},
		"identities.NAME.api_key.value":  {meaning: "the key", fallback: "what command, oauth2 or login yields", example: "value: ${KEY}"},
		"identities.NAME.headers":        {meaning: "further headers", kind: "mapping of name to text", example: "headers: {X-Tenant: one}"},
		"identities.NAME.command":        {meaning: "a program whose output is the secret", example: "command: [vault, read, -field=token, secret/ci]"},
		"identities.NAME.lifetime":       {meaning: "how long the output of command, or what a login gave, is good", kind: "duration", fallback: "until exp of a JWT, or a 401", example: "lifetime: 10m"},
		"identities.NAME.tls":            {meaning: "a client certificate, or another authority", example: "tls: {cert: c.pem, key: k.pem}"},
		"identities.NAME.tls.cert":       {meaning: "file with the certificate, PEM", example: "cert: c.pem"},
		"identities.NAME.tls.key":        {meaning: "file with its key, PEM", example: "key: k.pem"},
		"identities.NAME.tls.ca":         {meaning: "file with the authorities that the target is trusted by, PEM", fallback: "those of the system", example: "ca: ca.pem"},
		"auth":                           {meaning: "authentication that the document does not declare", example: "auth: {applies_to: [\"*\"]}"},
		"auth.applies_to":                {meaning: "operations that refuse anonymous callers", example: "applies_to: [createOrder]"},
		"wfc":                            {meaning: "an authentication file of Web Fuzzing Commons, read as it is; its identities come after the declared ones", fallback: "--auth", example: "wfc: auth.yaml"},
		"operations":                     {meaning: "what the document does not say of its operations", example: "operations: {refund: {roles: [admin]}}"},
		"operations.NAME.roles":          {meaning: "roles any of which a caller needs", example: "roles: [admin]"},
		"operations.NAME.shared":         {meaning: "one caller may reach what another has created", fallback: "false", example: "shared: true"},
		"operations.NAME.replay":         {meaning: "status by which a request whose idempotency key was used before is refused", fallback: "it is answered as the first was", example: "replay: 409"},
	}
}
