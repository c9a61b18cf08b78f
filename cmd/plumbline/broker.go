package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/declaration"
	"github.com/plumbline-dev/plumbline/runners/broker"
)

// brokerTime bounds one conversation with a broker.
const brokerTime = 2 * time.Minute

// pactsFolder is where fetched pacts are put, so that they can be read and
// verified again.
const pactsFolder = ".plumbline/pacts"

// A brokerage is what a session has from its broker.
type brokerage struct {
	fetched []broker.Pact
	files   []string // parallel to fetched
}

func (s *session) broker() *broker.Client { return clientOf(s.declared.Broker) }

func clientOf(b *declaration.Broker) *broker.Client {
	return &broker.Client{URL: b.URL, Token: b.Token, User: b.User, Password: b.Password}
}

func (s *session) provider() string { return cmp.Or(s.declared.Broker.Provider, s.design.Service) }

// brokered fetches the pacts that the broker wants verified and adds them to
// the design's. It tells which of them are pending.
func (s *session) brokered() (pending map[string]bool, err error) {
	pending = map[string]bool{}
	b := s.declared.Broker
	if b == nil || b.URL == "" {
		return pending, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), brokerTime)
	defer cancel()
	s.fetched, err = s.broker().Pacts(ctx, broker.Query{
		Provider: s.provider(), Branch: cmp.Or(b.Branch, b.Publish.Branch), Tags: b.Publish.Tags, Selectors: b.Selectors, Pending: b.Pending, WIPSince: b.WIPSince,
	})
	if err != nil {
		return pending, err
	}
	for i, p := range s.fetched {
		file, err := kept(pactsFolder, i, p)
		if err != nil {
			return pending, err
		}
		s.files = append(s.files, file)
		s.design.Pacts = append(s.design.Pacts, file)
		pending[file] = p.Pending
		for _, n := range p.Notices {
			s.notes = append(s.notes, file+": "+n)
		}
	}
	return pending, nil
}

// kept writes a fetched pact into a folder.
func kept(dir string, i int, p broker.Pact) (file string, err error) {
	file = filepath.Join(dir, fmt.Sprintf("%02d-%s-%.8s.json", i+1, fileName(consumerOf(p.Data)), digest(p.Data)))
	return file, writeFile(file, p.Data)
}

// partners fetches the pacts of the service with its dependencies from their
// brokers.
func (s *session) partners() error {
	ctx, cancel := context.WithTimeout(context.Background(), brokerTime)
	defer cancel()
	for i := range s.design.Dependencies {
		d := &s.design.Dependencies[i]
		b := s.declared.Brokers[d.Name]
		if b == nil {
			continue
		}
		found, err := clientOf(b).Latest(ctx, cmp.Or(b.Consumer, s.design.Service), cmp.Or(b.Provider, d.Name))
		if err != nil {
			return fmt.Errorf("dependencies.%s.pact: %w", d.Name, err)
		}
		for n, p := range found {
			file, err := kept(filepath.Join(pactsFolder, "dependencies", fileName(d.Name)), n, p)
			if err != nil {
				return err
			}
			d.Pacts = append(d.Pacts, file)
		}
	}
	return nil
}

func consumerOf(pact []byte) string {
	var p struct{ Consumer struct{ Name string } }
	if json.Unmarshal(pact, &p) != nil || p.Consumer.Name == "" {
		return "consumer"
	}
	return p.Consumer.Name
}

// publishResults tells the broker what became of each of its pacts, when that
// was asked for. Interactions that could not be judged are no success.
func (a *app) publishResults(ctx context.Context, s *session, e *plumbline.Evidence) error {
	if !s.publish {
		return nil
	}
	if s.declared.Broker == nil {
		return usage(unnamed("--publish-results: plumbline.yaml declares no broker", "pacts: {broker: {url: …}} names one"))
	}
	to := s.declared.Broker.Publish
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), brokerTime)
	defer cancel()
	var errs []error
	for i, p := range s.fetched {
		r := broker.Result{Provider: s.provider(), Version: to.Version, Branch: to.Branch, Tags: to.Tags, Success: true}
		for _, x := range e.Pacts {
			if x.Result != plumbline.PactEmpty && filepath.Base(x.File) == filepath.Base(s.files[i]) {
				r.Success = r.Success && x.Result == plumbline.PactOK
				r.Details = append(r.Details, map[string]any{"interactionDescription": x.Description, "success": x.Result == plumbline.PactOK, "detail": x.Detail})
			}
		}
		if len(r.Details) == 0 {
			a.note("the pact of %s was not verified: no result is published\n", p.Name)
			continue
		}
		if err := s.broker().PublishResult(ctx, p, r); err != nil {
			errs = append(errs, err)
			continue
		}
		a.note("published: %s, success %v, version %s\n", p.Name, r.Success, to.Version)
	}
	return errors.Join(errs...)
}

func (a *app) brokerCommand() *cobra.Command {
	var o options
	var to declaration.Publish
	c := &cobra.Command{
		Use: "broker", Short: "Fetch pacts from a Pact Broker, or publish contracts to it", Args: cobra.NoArgs,
		Long: `Broker speaks to the Pact Broker, or PactFlow, of pacts.broker in plumbline.yaml.
A run fetches the pacts that it has to verify by itself, and publishes results
only with --publish-results.`,
	}
	asJSON := false
	fetch := &cobra.Command{
		Use: "fetch", Short: "Fetch the pacts that this provider has to verify", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			s, err := a.prepare(o)
			if err != nil {
				return err
			}
			return a.listFetched(s, asJSON)
		},
	}
	fetch.Flags().BoolVar(&asJSON, "json", false, "print them as JSON")
	publish := &cobra.Command{
		Use: "publish [FILE...]", Short: "Publish pact files; without one, the generated provider-surface pact",
		RunE: func(c *cobra.Command, files []string) error { return a.publish(c.Context(), o, to, files) },
	}
	o.bind(fetch.Flags())
	o.bind(publish.Flags())
	publish.Flags().StringVar(&to.Version, "version", "", "of the consumer (default: pacts.broker.publish.version)")
	publish.Flags().StringVar(&to.Branch, "branch", "", "of the consumer (default: pacts.broker.publish.branch)")
	publish.Flags().StringSliceVar(&to.Tags, "tag", nil, "of the consumer's version (default: pacts.broker.publish.tags)")
	c.AddCommand(fetch, publish)
	return c
}

func (a *app) publish(ctx context.Context, o options, to declaration.Publish, files []string) error {
	s := &session{options: o}
	if err := s.declaration(a.env); err != nil {
		return usage(err)
	}
	if s.declared.Broker == nil {
		return usage(unnamed("plumbline.yaml declares no broker", "pacts: {broker: {url: …}} names one"))
	}
	contracts := map[string]artefact{}
	if len(files) == 0 {
		var err error
		if s, err = a.prepare(o); err != nil { //nolint:contextcheck // what it asks a broker has a deadline of its own
			return err
		}
		if _, err := s.pact(contracts); err != nil {
			return harness(err)
		}
		files = []string{"contracts/" + s.design.Service + ".surface.pact.json"}
	}
	for _, name := range files {
		if err := s.publishFile(ctx, name, contracts[name], to); err != nil {
			return err
		}
		a.printf("published %s\n", name)
	}
	return nil
}

// publishFile publishes one pact; what is not given is read.
func (s *session) publishFile(ctx context.Context, name string, made artefact, to declaration.Publish) error {
	data, err := content(name, made)
	if err != nil {
		return err
	}
	var p struct{ Consumer, Provider struct{ Name string } }
	if err := json.Unmarshal(data, &p); err != nil {
		return usage(fmt.Errorf("%s is not a pact: %w", name, err))
	}
	declared := s.declared.Broker.Publish
	b := broker.Publication{
		Consumer: p.Consumer.Name, Provider: p.Provider.Name, Data: data,
		Version: cmp.Or(to.Version, declared.Version), Branch: cmp.Or(to.Branch, declared.Branch), Tags: declared.Tags,
	}
	if len(to.Tags) > 0 {
		b.Tags = to.Tags
	}
	return harness(s.broker().Publish(ctx, b))
}

// content is what an artefact makes, or what the file of the name holds.
func content(name string, made artefact) ([]byte, error) {
	if made == nil {
		data, err := os.ReadFile(name)
		return data, usage(err)
	}
	var b bytes.Buffer
	err := made(&b)
	return b.Bytes(), harness(err)
}

// listFetched lists the pacts that were fetched, and where they lie.
func (a *app) listFetched(s *session, asJSON bool) error {
	type line struct {
		File    string `json:"file"`
		Name    string `json:"name"`
		Pending bool   `json:"pending"`
	}
	out := []line{}
	for i, p := range s.fetched {
		out = append(out, line{s.files[i], p.Name, p.Pending})
		if !asJSON {
			a.printf("%s  %s  pending %v\n", s.files[i], p.Name, p.Pending)
		}
	}
	if asJSON {
		return a.list(out)
	}
	return nil
}
