package scenarios

import (
	"fmt"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const proxyTransparent = "harness/proxy-transparent"

// notAvailable is what the runner notes for a self-check that it does not have.
const notAvailable = "not available in this run"

func init() {
	register(plumbline.Function{
		ID:    proxyTransparent,
		Title: "The recording proxy changes nothing while it is idle",
		Doc: `Method: before anything else the proxy is tested against an upstream of plumbline's own: redirects, compression, trailers, keep-alive, chunked and empty bodies, interim responses, HEAD, an early cancel, large headers, and the time it adds.
Criterion: every self-check holds.
Guard: it never accuses the target. If one fails, nothing that was seen or done on a wire counts, and the run says that the harness is broken.`,
		Standard: "RFC 9110 §7.6; RFC 9112",
		Informs:  true,
		Order:    14,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			if len(d.Dependencies) == 0 {
				return plumbline.Proposal{Skips: []plumbline.Skip{needsWire(proxyTransparent)}}
			}
			return plumbline.Proposal{
				Claims: []plumbline.Claim{{
					ID: proxyTransparent + "/self-test", Function: proxyTransparent, Basis: plumbline.BasisDefault,
					Statement:   "what passes through the recording proxy arrives as it was sent",
					Experiments: []string{wiresLive},
				}},
				Experiments: []plumbline.Experiment{wireSelfCheck(d)},
			}
		},
		Judge: func(_ plumbline.Design, _ plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
			return judgeProxy(e)
		},
	})
}

func judgeProxy(e *plumbline.Evidence) plumbline.Verdict {
	n := 0
	var failed []string
	slowest := 0.0
	for _, c := range e.Checks {
		if c.Name != checkProxy || c.Detail == notAvailable {
			continue
		}
		n++
		if c.Unit == "ms" {
			slowest = max(slowest, c.Value)
		}
		if !c.OK {
			failed = append(failed, strings.TrimSpace(c.Subject+" "+c.Detail))
		}
	}
	switch {
	case len(failed) > 0:
		return broken("the recording proxy is not transparent: %s", strings.Join(failed, "; "))
	case n == 0:
		return inconclusive(plumbline.ReasonIncomplete, "the recording proxy was not tested in this run")
	}
	overhead := ""
	if slowest > 0 {
		overhead = fmt.Sprintf("; it adds at most %.2g ms", slowest)
	}
	return pass(figure{0, 0, "failed checks", n}, "%s of the recording proxy held%s", plural(n, "self-check"), overhead)
}
