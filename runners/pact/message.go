package pact

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
)

// A MessageRequest is what the core asks for when it verifies a message: the
// interaction's description and states and, for a synchronous message, the
// request.
type MessageRequest struct {
	Description    string          `json:"description"`
	ProviderStates json.RawMessage `json:"providerStates,omitempty"`
	Request        json.RawMessage `json:"request,omitempty"`
}

// A Message is what the provider would send.
type Message struct {
	Contents    []byte
	ContentType string
	Metadata    json.RawMessage // a JSON object; nil for none
}

// metadataHeader carries the metadata of a message, as JSON in base64
// (pact-reference, pact_verifier).
const metadataHeader = "Pact-Message-Metadata"

// isMessage tells a message from an HTTP interaction.
func isMessage(x map[string]any) bool {
	kind, _ := x["type"].(string)
	return kind == "Asynchronous/Messages" || kind == "Synchronous/Messages"
}

// readMessages takes the messages of a file of version 3 in as interactions of
// version 4, the only form in which the core names its results.
func (d *document) readMessages() error {
	if d.rest["messages"] == nil {
		return nil
	}
	var list []map[string]any
	if err := json.Unmarshal(d.rest["messages"], &list); err != nil {
		return err
	}
	delete(d.rest, "messages")
	for _, m := range list {
		meta, _ := m["metadata"].(map[string]any)
		if meta == nil {
			meta, _ = m["metaData"].(map[string]any)
		}
		kind, _ := meta["contentType"].(string)
		if kind == "" {
			kind = "application/json"
		}
		x := map[string]any{
			"type": "Asynchronous/Messages", "description": m["description"],
			"contents": map[string]any{"content": m["contents"], "contentType": kind, "encoded": false}, "metadata": meta,
		}
		for _, k := range []string{"providerStates", "matchingRules"} {
			if m[k] != nil {
				x[k] = m[k]
			}
		}
		d.interactions = append(d.interactions, x)
	}
	var about map[string]any
	if json.Unmarshal(d.rest["metadata"], &about) != nil || about == nil {
		about = map[string]any{}
	}
	about["pactSpecification"] = map[string]string{"version": "4.0"}
	data, err := json.Marshal(about)
	d.rest["metadata"] = data
	return err
}

// makes tells the front which messages the shard will ask for.
func (s shard) makes(f *front) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.makers = s.described
}

// messages is the path at which they are made; empty when there are none.
func (s shard) messages(f *front) string {
	if len(s.described) == 0 {
		return ""
	}
	return f.messages
}

// message answers the core's question for a message. Like state it never
// answers 5xx, which the core would repeat.
func (f *front) message(w http.ResponseWriter, r *http.Request) {
	var q MessageRequest
	err := json.NewDecoder(io.LimitReader(r.Body, largestBody)).Decode(&q)
	var m Message
	if err == nil && f.job.Messages == nil {
		err = errors.New("nobody makes messages")
	}
	if err == nil {
		m, err = f.job.Messages(r.Context(), q)
	}
	if err == nil && len(m.Contents) > largestBody {
		err = fmt.Errorf("the message is larger than %d bytes", largestBody)
	}
	if err != nil {
		f.mu.Lock()
		for _, key := range f.makers[q.Description] {
			f.failed[key] = "the message could not be made: " + err.Error()
		}
		f.mu.Unlock()
		w.WriteHeader(http.StatusFailedDependency)
		return
	}
	if m.ContentType == "" {
		m.ContentType = "application/json"
	}
	w.Header().Set("Content-Type", m.ContentType)
	if len(m.Metadata) > 0 {
		w.Header().Set(metadataHeader, base64.StdEncoding.EncodeToString(m.Metadata))
	}
	_, _ = w.Write(m.Contents)
}

// AskURL makes messages by asking an HTTP address: it is sent the
// MessageRequest and answers with the message, its Content-Type, and its
// metadata as JSON in base64 in the header Pact-Message-Metadata.
func AskURL(address string, client *http.Client) func(context.Context, MessageRequest) (Message, error) {
	return func(ctx context.Context, q MessageRequest) (Message, error) {
		data, err := json.Marshal(q)
		if err != nil {
			return Message{}, err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(data))
		if err != nil {
			return Message{}, err
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(req)
		if err != nil {
			return Message{}, err
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(io.LimitReader(resp.Body, largestBody+1))
		if err == nil && resp.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s answered %s", address, resp.Status)
		}
		meta, _ := base64.StdEncoding.DecodeString(resp.Header.Get(metadataHeader))
		return Message{Contents: body, ContentType: resp.Header.Get("Content-Type"), Metadata: meta}, err
	}
}

// AskCommand makes messages by running a command: it reads the MessageRequest
// from standard input and writes the message.
func AskCommand(argv []string) func(context.Context, MessageRequest) (Message, error) {
	return func(ctx context.Context, q MessageRequest) (Message, error) {
		data, err := json.Marshal(q)
		if err != nil {
			return Message{}, err
		}
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // the user's own hook
		var out, said bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(data), &out, &said
		if err := cmd.Run(); err != nil {
			return Message{}, fmt.Errorf("%s: %w %s", argv[0], err, bytes.TrimSpace(said.Bytes()))
		}
		m := Message{Contents: bytes.TrimRight(out.Bytes(), "\n")}
		if !json.Valid(m.Contents) {
			m.ContentType = "text/plain"
		}
		return m, nil
	}
}
