package declaration

import (
	"github.com/plumbline-dev/plumbline/contracts/slo"
)

// file is the wire form of plumbline.yaml.
type file struct {
	Service      string                   `yaml:"service"`
	OpenAPI      string                   `yaml:"openapi"`
	Target       targetFile               `yaml:"target"`
	Identities   map[string]identityFile  `yaml:"identities"`
	Auth         authFile                 `yaml:"auth"`
	WFC          string                   `yaml:"wfc"`
	Operations   map[string]operationFile `yaml:"operations"`
	Mode         string                   `yaml:"mode"`
	Unsafe       []string                 `yaml:"unsafe"`
	Propagation  string                   `yaml:"propagation"`
	Recovery     string                   `yaml:"recovery"`
	Deadline     *deadlineFile            `yaml:"deadline"`
	Readiness    *readinessFile           `yaml:"readiness"`
	SLOs         []map[string]any         `yaml:"slos"`
	OpenSLO      []string                 `yaml:"openslo"`
	Bindings     map[string]slo.Binding   `yaml:"bindings"`
	Load         loadFile                 `yaml:"load"`
	Metrics      *metricsFile             `yaml:"metrics"`
	Wires        wiresFile                `yaml:"wires"`
	Dependencies map[string]dependency    `yaml:"dependencies"`
	Finite       map[string]finiteFile    `yaml:"finite"`
	Hooks        map[string]hookFile      `yaml:"hooks"`
	Pacts        pactsFile                `yaml:"pacts"`
	Messages     *Messages                `yaml:"messages"`
	Generated    string                   `yaml:"generated"`
	Waivers      []waiverFile             `yaml:"waivers"`
	Severity     map[string]string        `yaml:"severity"`
	Overlays     []string                 `yaml:"overlays"`
	Base         string                   `yaml:"base"`
	Allowed      []allowedFile            `yaml:"allowed_breaking"`
	Served       string                   `yaml:"served"`
	Dictionary   map[string][]any         `yaml:"dictionary"`
	Flows        []flowFile               `yaml:"flows"`
	Packs        []string                 `yaml:"packs"`
	HAR          []string                 `yaml:"har"`
	Learn        *bool                    `yaml:"learn"`
	Redact       []string                 `yaml:"redact"`
	Coverage     *coverageFile            `yaml:"coverage"`
	CORS         *corsFile                `yaml:"cors"`
	JWT          *jwtFile                 `yaml:"jwt"`
	RateLimits   map[string]limitFile     `yaml:"rate_limits"`
	Gates        []string                 `yaml:"gates"`
}

type targetFile struct {
	URL        string            `yaml:"url"`
	Compose    []string          `yaml:"compose"`
	Service    string            `yaml:"service"`
	Image      string            `yaml:"image"`
	Dockerfile string            `yaml:"dockerfile"`
	Command    []string          `yaml:"command"`
	Env        map[string]string `yaml:"env"`
	Port       int               `yaml:"port"`
	Instances  int               `yaml:"instances"`
	Scales     int               `yaml:"scales"`
	Kubernetes *kubernetesFile   `yaml:"kubernetes"`
	Liveness   string            `yaml:"liveness"`
	Public     []string          `yaml:"public"`
}

type kubernetesFile struct {
	Deployment string `yaml:"deployment"`
	Namespace  string `yaml:"namespace"`
	Kubeconfig string `yaml:"kubeconfig"`
	Context    string `yaml:"context"`
	WireImage  string `yaml:"wire_image"`
}

type readinessFile struct {
	Path     string   `yaml:"path"`
	Reflects []string `yaml:"reflects"`
	Within   string   `yaml:"within"`
}

type coverageFile struct {
	Operations  string `yaml:"operations"`
	Statuses    string `yaml:"statuses"`
	Constraints string `yaml:"constraints"`
	Fields      string `yaml:"fields"`
}

type wiresFile struct {
	Control string `yaml:"control"`
	Token   string `yaml:"token"`
}

type dependency struct {
	Wire        string       `yaml:"wire"`
	Listen      string       `yaml:"listen"`
	Upstream    string       `yaml:"upstream"`
	Names       []string     `yaml:"names"`
	Stub        bool         `yaml:"stub"`
	Class       string       `yaml:"class"`
	Operations  []string     `yaml:"operations"`
	Kind        string       `yaml:"kind"`
	Connect     string       `yaml:"connect_timeout"`
	Timeout     string       `yaml:"timeout"`
	Retry       *retryFile   `yaml:"retry"`
	RetryBudget float64      `yaml:"retry_budget"`
	Breaker     *breakerFile `yaml:"breaker"`
	Bulkhead    bool         `yaml:"bulkhead"`
	Accept      []int        `yaml:"accept"`
	Degraded    string       `yaml:"degraded_marker"`
	OpenAPI     string       `yaml:"openapi"`
	Pact        pactsFile    `yaml:"pact"`

	Calls       int      `yaml:"calls"`
	Connections int      `yaml:"connections"`
	Parallel    []string `yaml:"parallel"`
	Cancels     bool     `yaml:"cancels"`
}

type hookFile struct {
	Run    string `yaml:"run"`
	Undo   string `yaml:"undo"`
	Done   string `yaml:"done"`
	Undone string `yaml:"undone"`
	Within string `yaml:"within"`
}

type retryFile struct {
	MaxAttempts int    `yaml:"max_attempts"`
	Jitter      *bool  `yaml:"jitter"`
	On          []int  `yaml:"on"`
	Backoff     string `yaml:"backoff"`
	Key         string `yaml:"key"`
}

type breakerFile struct {
	MinCalls int     `yaml:"min_calls"`
	Ratio    float64 `yaml:"ratio"`
	Window   string  `yaml:"window"`
	OpenFor  string  `yaml:"open_for"`
	HalfOpen int     `yaml:"half_open_calls"`
}

type waiverFile struct {
	Claim  string `yaml:"claim"`
	Reason string `yaml:"reason"`
	Owner  string `yaml:"owner"`
	Until  string `yaml:"until"`
}
