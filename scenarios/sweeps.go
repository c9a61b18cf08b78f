package scenarios

import (
	"slices"

	"github.com/plumbline-dev/plumbline"
)

// A sweep is one probe: what it breaks and how many requests it needs. Counts
// are those at which a function can judge; a fraction is a margin for the
// request that falls on the edge of the phase.
type sweep struct {
	name     string
	faults   []plumbline.Fault // without dependency and streams
	requests float64
	retried  bool // only where retries are declared
	once     bool // only the first attempt of a request is hit
	safe     bool // only of safe operations, and only told by traces
}

// covers says whether the probe is made on the dependency.
func (s sweep) covers(dep plumbline.Dependency) bool { return !s.retried || retries(dep) }

// users are the operations whose requests the probe breaks.
func (s sweep) users(dep probed) []plumbline.Operation {
	switch {
	case !s.covers(dep.dep):
		return nil
	case s.safe:
		return safeOnly(dep.uses)
	}
	return dep.uses
}

// times is how often the faulted requests come, in terms of the usual rate.
func (s sweep) times() float64 {
	if s.once {
		return onceTimes
	}
	return 1
}

// on are the faults of the probe on one dependency, for the named streams.
func (s sweep) on(dep plumbline.Dependency, streams []string) []plumbline.Fault {
	var out []plumbline.Fault
	for _, f := range s.faults {
		f.Dependency, f.Streams = dep.Name, streams
		if s.once && f.Status != 0 {
			f.Status = retriedStatus(dep)
		}
		out = append(out, f)
	}
	return out
}

// retries says whether a dependency is declared to be tried more than once.
func retries(dep plumbline.Dependency) bool { return dep.Retry != nil && attemptsOf(dep) > 1 }

// sweeps lists the probes in the order in which they run: the hang last, as a
// target without a timeout carries its requests into what follows.
func sweeps() []sweep {
	one := func(name string, f plumbline.Fault, requests float64) sweep {
		return sweep{name: name, faults: []plumbline.Fault{f}, requests: requests}
	}
	retried := func(s sweep) sweep {
		s.retried = true
		return s
	}
	first := func(name string, f plumbline.Fault) sweep {
		f.First = 1
		return sweep{name: name, faults: []plumbline.Fault{f}, requests: 33.2, retried: true, once: true}
	}
	const few, some, many = 3.2, 11.2, 33.2
	return []sweep{
		one(probeUnavailable, plumbline.Fault{Kind: plumbline.FaultStatus, Status: 503}, many),
		one(probeReset, plumbline.Fault{Kind: plumbline.FaultResetBefore}, some),
		one(probeRefuse, plumbline.Fault{Kind: plumbline.FaultRefuse}, some),
		{name: probeLost, requests: few + 2, faults: []plumbline.Fault{
			{Kind: plumbline.FaultLostResponse, Method: "POST"}, {Kind: plumbline.FaultLostResponse, Method: "PATCH"},
		}},
		one(probeError, plumbline.Fault{Kind: plumbline.FaultStatus, Status: 500}, few),
		one(probeThrottled, plumbline.Fault{Kind: plumbline.FaultStatus, Status: 429, RetryAfter: throttledFor}, few),
		one(probeResetBody, plumbline.Fault{Kind: plumbline.FaultResetBody}, few),
		one(probeTruncate, plumbline.Fault{Kind: plumbline.FaultTruncate}, few),
		one(probeGarbage, plumbline.Fault{Kind: plumbline.FaultGarbage}, few),
		one(probeDrip, plumbline.Fault{Kind: plumbline.FaultDrip, Latency: dripEvery}, few),
		retried(one(probeFourHundred, plumbline.Fault{Kind: plumbline.FaultStatus, Status: 400}, few)),
		retried(one(probeMissing, plumbline.Fault{Kind: plumbline.FaultStatus, Status: 404}, few)),
		retried(one(probeLater, plumbline.Fault{Kind: plumbline.FaultStatus, Status: 503, RetryAfter: laterBy}, few)),
		one(probeOther, plumbline.Fault{Kind: plumbline.FaultStatus, Status: 200}, few),
		first(probeOnce, plumbline.Fault{Kind: plumbline.FaultStatus, Status: 503}),
		first(probeResetOnce, plumbline.Fault{Kind: plumbline.FaultResetBefore}),
		{name: probeStale, faults: []plumbline.Fault{{Kind: plumbline.FaultStale, First: 1}}, requests: some + 7, once: true, safe: true},
		one(probeHang, plumbline.Fault{Kind: plumbline.FaultHang}, some),
	}
}

// retriedStatus is one that the dependency is declared to be tried again after.
func retriedStatus(dep plumbline.Dependency) int {
	const usual = 503
	if dep.Retry == nil || len(dep.Retry.On) == 0 || slices.Contains(dep.Retry.On, usual) {
		return usual
	}
	return dep.Retry.On[0]
}
