// Package declaration reads plumbline.yaml: what the architecture claims and
// how its deployment is reached. Every mistake is a Problem with a stable
// code, a position and a way out; as many as can be found are reported at once.
package declaration

import (
	"maps"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/slo"
)

// A Declaration is the content of plumbline.yaml, with its environment
// variables filled in and its paths made relative to the working directory.
type Declaration struct {
	File       string
	Service    string
	OpenAPI    string // path
	Target     string // base URL; may come from the command line instead
	Start      Start
	Hooks      map[string]Hook
	Liveness   string
	Public     []string
	Unsafe     []string               // operations that change data although their method is safe
	Identities []plumbline.Credential // the first is the default
	Mode       plumbline.Mode
	Load       plumbline.Load
	Control    string // address of a wire process that already runs; empty starts one
	Token      string
	Generated  string // folder of generated and edited files; empty when not declared
	Pacts      []string
	Broker     *Broker            // nil when none is declared
	Brokers    map[string]*Broker // of pacts with dependencies, by their names
	Messages   *Messages          // nil when none is declared
	Intake     Intake
	Flows      []FlowFile
	Redact     []string         // names of headers, parameters and properties whose values are never written down
	Gates      []string         // functions and groups whose failures gate whatever their level
	Packs      []string         // of hostile values, as sample.Packs names them
	Unlearnt   bool             // values of answers are not used for requests
	Tokens     plumbline.Tokens // what tokens for a test are made with
	Dictionary map[string][]any // values by the name of a field, or by operation and place: "createOrder/body/quantity"

	propagation  plumbline.Propagation
	recovery     time.Duration
	readiness    *plumbline.Readiness
	coverage     plumbline.Minimum
	metrics      *plumbline.Metrics
	origins      *plumbline.Origins
	deadline     *plumbline.Deadline
	jwt          plumbline.JWT
	limits       []plumbline.RateLimit
	dependencies []plumbline.Dependency
	finite       []plumbline.Finite
	waivers      []plumbline.Waiver
	severities   []plumbline.Weighting
	slos         []native
	openSLO      []string
	bindings     map[string]slo.Binding
	applies      []string // operations that want credentials, though the document does not say so
	roles        []restriction
	notices      []string
	accessLog    string  // file that the mix of the load is taken from; empty for none
	text         *source // nil when there is no file
}

// A Start says how a run starts the deployment. The zero value starts nothing:
// it runs already.
type Start struct {
	Compose    []string          // compose files
	Entry      string            // the service of them that is put to the test
	Image      string            // of one container
	Dockerfile string            // that the image of one container is built from, in its folder
	Command    []string          // in the container, or, without one, a process on this machine
	Env        map[string]string // of the container or the process
	Port       int               // of the service or the container; zero is its only one
	Instances  int               // behind the address of the target; zero when it is not said
	Scales     int               // instances that can run side by side; zero when it is not said
	Kubernetes *Kubernetes       // nil when it is not there that the deployment runs
}

// Kubernetes says where in a cluster the deployment runs.
type Kubernetes struct {
	Deployment string // that is put to the test
	Namespace  string // empty: that of the context
	Kubeconfig string // file; empty: $KUBECONFIG, ~/.kube/config, or the account of the pod
	Context    string // of the kubeconfig; empty: its current one
	WireImage  string // that wires are started from; empty puts none in
}

// A Hook is what a run may do to the deployment by shell commands.
type Hook struct {
	Run, Undo, Done, Undone string
	Within                  time.Duration // for each of them; zero when not declared
}

// Wired tells whether wires are put in where the deployment runs, so that nobody
// has to say where they listen.
func (s Start) Wired() bool {
	return s.Contained() || s.Kubernetes != nil && s.Kubernetes.WireImage != ""
}

// Contained tells whether the deployment is started in containers.
func (s Start) Contained() bool { return len(s.Compose) > 0 || s.Image != "" || s.Dockerfile != "" }

type native struct {
	entry slo.Native
	at    plumbline.Source
	path  string // of YAML
}

// Fill completes a design with what was declared: it resolves the operations
// that objectives, dependencies and load name. Mistakes are Problems, all of
// them at once.
func (d *Declaration) Fill(design *plumbline.Design) (notices []string, err error) {
	r := &resolver{ops: design.Operations, text: d.text}
	design.Service = d.Service
	design.Mode = d.Mode
	if d.Target != "" {
		design.Target = d.Target
	}
	design.Liveness, design.Propagation, design.Recovery = d.Liveness, d.propagation, d.recovery
	design.Deadline = d.deadline
	design.Readiness, design.Coverage, design.Metrics, design.Origins = d.readiness, d.coverage, d.metrics, d.origins
	design.JWT = d.tokens()
	design.Health = health(*design)
	design.Waivers, design.Severities, design.Pacts = d.waivers, d.severities, d.Pacts
	for _, i := range d.Identities {
		design.Identities = append(design.Identities, i.Identity)
	}
	for _, dep := range d.dependencies {
		dep.Operations = r.operations(dep.Operations, "$.dependencies."+key(dep.Name)+".operations")
		design.Dependencies = append(design.Dependencies, dep)
	}
	d.limit(r, design)
	d.throttled(r, design)
	design.Environment.Hooks = slices.Sorted(maps.Keys(d.Hooks))
	design.Public = r.operations(d.Public, "$.target.public")
	for _, id := range r.operations(d.Unsafe, "$.unsafe") {
		for i := range design.Operations {
			if design.Operations[i].ID == id {
				design.Operations[i].Changes = true
			}
		}
	}
	d.restrict(r, design)
	design.Load = d.Load
	if design.Load.Mix = r.mix(d.Load); d.accessLog != "" {
		design.Load.Mix = r.logged(d.accessLog)
	}
	design.Load.Feeders = r.feeders(d.Load.Feeders)
	design.Objectives = append(design.Objectives, r.objectives(d)...)
	r.faults(*design)
	design.Unjudged = r.aside
	r.errs = append(r.errs, slo.Contradictions(design.Objectives)...)
	return append(slices.Clone(d.notices), r.notices...), r.err()
}
