package declaration

// pactsFile is pacts: of plumbline.yaml, and pact: of a dependency: a file or
// folder, a list of them, or a mapping with files and a broker.
type pactsFile struct {
	Files  []string `yaml:"files"`
	Broker *Broker  `yaml:"broker"`
}

// UnmarshalYAML reads either form.
func (p *pactsFile) UnmarshalYAML(read func(any) error) error {
	if err := read(&p.Files); err == nil {
		return nil
	}
	var one string
	if err := read(&one); err == nil {
		p.Files = []string{one}
		return nil
	}
	p.Files = nil
	type whole pactsFile
	return read((*whole)(p))
}

// A Broker is a Pact Broker, or PactFlow, and what is asked of it.
type Broker struct {
	URL       string           `yaml:"url"`
	Token     string           `yaml:"token"`
	User      string           `yaml:"user"`
	Password  string           `yaml:"password"`
	Provider  string           `yaml:"provider"` // as the broker calls the service, or the dependency; empty: by its own name
	Consumer  string           `yaml:"consumer"` // of a dependency: as the broker calls the service; empty: service
	Branch    string           `yaml:"branch"`   // of the provider
	Selectors []map[string]any `yaml:"consumer_version_selectors"`
	Pending   bool             `yaml:"pending"`
	WIPSince  string           `yaml:"wip_since"` // YYYY-MM-DD
	Publish   Publish          `yaml:"publish"`
}

// Publish says under which version the provider's own contracts and results
// are published.
type Publish struct {
	Version string   `yaml:"version"`
	Branch  string   `yaml:"branch"`
	Tags    []string `yaml:"tags"`
}

// Messages is the hook that makes the messages of message pacts: exactly one
// of an HTTP address and a command.
type Messages struct {
	URL     string   `yaml:"url"`     // is sent what the verifier asks for, answers with the message
	Command []string `yaml:"command"` // reads the same from standard input, writes the message
}
