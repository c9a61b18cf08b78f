package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

func init() { register("junit", "junit.xml", JUnit) }

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Timestamp  string          `xml:"timestamp,attr,omitempty"`
	Time       string          `xml:"time,attr"`
	Properties []junitProperty `xml:"properties>property,omitempty"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	Classname string        `xml:"classname,attr"`
	Time      string        `xml:"time,attr"`
	Failure   *junitMessage `xml:"failure"`
	Error     *junitMessage `xml:"error"`
	Skipped   *junitMessage `xml:"skipped"`
	Out       string        `xml:"system-out,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// JUnit writes one suite a group of the catalogue and one case a claim. A
// claim that could not be judged is a skipped case whose message says why:
// JUnit has no third outcome.
func JUnit(w io.Writer, r plumbline.Report) error {
	all := junitSuites{Name: "plumbline " + r.Service, Time: fmt.Sprintf("%.3f", r.Seconds)}
	for _, f := range r.Findings {
		group, _, _ := strings.Cut(f.Function, "/")
		i := slices.IndexFunc(all.Suites, func(s junitSuite) bool { return s.Name == group })
		if i < 0 {
			i = len(all.Suites)
			all.Suites = append(all.Suites, junitSuite{Name: group, Time: "0", Timestamp: r.Run.Began.UTC().Format("2006-01-02T15:04:05"), Properties: junitProperties(r)})
		}
		all.Suites[i].add(f)
	}
	slices.SortFunc(all.Suites, func(a, b junitSuite) int { return strings.Compare(a.Name, b.Name) })
	for _, s := range all.Suites {
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func junitProperties(r plumbline.Report) []junitProperty {
	return []junitProperty{
		{"plumbline.outcome", string(r.Outcome)},
		{"plumbline.seed", fmt.Sprint(r.Seed)},
		{"plumbline.run", r.Run.ID},
		{"plumbline.target", r.Target},
	}
}

func (s *junitSuite) add(f plumbline.Finding) {
	c := junitCase{Name: f.Claim, Classname: f.Function, Time: "0", Out: f.Statement}
	m := &junitMessage{Message: f.Reason, Type: string(f.Code), Text: details(f)}
	s.Tests++
	switch f.Outcome {
	case plumbline.Fail:
		if mildly(f) {
			m.Type, m.Message = string(f.Severity), "severity "+string(f.Severity)+": "+m.Message
		}
		c.Failure = m
		s.Failures++
	case plumbline.Error:
		c.Error = m
		s.Errors++
	case plumbline.Inconclusive, plumbline.Skipped, plumbline.Waived:
		m.Message = string(f.Outcome) + ": " + m.Message
		c.Skipped = m
		s.Skipped++
	case plumbline.Pass:
		c.Out += "\n" + f.Reason
	}
	s.Cases = append(s.Cases, c)
}

// details are the lines below a finding that is not a pass.
func details(f plumbline.Finding) string {
	var b strings.Builder
	fmt.Fprintf(&b, "claimed: %s\nobserved: %s\n", f.Statement, f.Reason)
	if f.Source.File != "" {
		fmt.Fprintf(&b, "declared at: %s\n", place(f.Source))
	}
	if mildly(f) {
		fmt.Fprintf(&b, "severity: %s\n", mildness(f))
	}
	if f.Remedy != "" {
		fmt.Fprintf(&b, "remedy: %s\n", f.Remedy)
	}
	for _, x := range f.Evidence {
		fmt.Fprintf(&b, "evidence: %s\n", x.Summary)
		if x.Trace != "" {
			fmt.Fprintf(&b, "  trace %s\n", x.Trace)
		}
		if x.Request != nil && x.Request.Curl != "" {
			fmt.Fprintf(&b, "  %s\n", x.Request.Curl)
		}
	}
	if f.Replay != "" {
		fmt.Fprintf(&b, "again: %s\n", f.Replay)
	}
	return b.String()
}

func place(s plumbline.Source) string {
	out := s.File
	if s.Line > 0 {
		out += fmt.Sprintf(":%d", s.Line)
	}
	if s.Pointer != "" {
		out += " " + s.Pointer
	}
	return out
}
