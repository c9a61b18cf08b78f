package plumbline

// A Function is an architecture fitness function: an objective test of one
// architectural characteristic (Ford, Parsons, Kua, Building Evolutionary
// Architectures). Both funcs are pure: same arguments, same results, arguments
// unchanged.
type Function struct {
	ID       string   // of the catalogue: "resilience/breaker-opens"
	Title    string   // one sentence, what holds when it passes
	Doc      string   // method, criterion and false-alarm guard, for `plumbline explain`
	Standard string   // what it rests on
	Mutants  []string // defects of the sample system that it must catch
	// Informs marks a self-check of the harness: it never gates, but its
	// failure takes the proof from the claims that depend on it.
	Informs bool
	// Repeats asks that failures are repeated from a clean state before they are
	// told: Judge then also judges the repetition alone.
	Repeats bool
	// Level is that of the function's failures, unless a verdict says otherwise.
	// What is likely or advisory by its function never gates, whatever comes out.
	Level Level
	// Order places the function's findings among those of the same outcome:
	// the lower, the closer to the cause.
	Order int
	// Plan says which claims the function makes about the design, which
	// experiments would decide them, and what it has to skip.
	Plan func(Design) Proposal
	// Judge decides one claim. The evidence is that of the whole run.
	Judge func(Design, Claim, *Evidence) Verdict
}

// A Proposal is what one function wants a plan to hold.
type Proposal struct {
	Claims      []Claim
	Experiments []Experiment // Draw fills their Claims; equal IDs must mean equal phases
	Skips       []Skip
}
